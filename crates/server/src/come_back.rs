use std::fmt;

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};

/// In how many seconds a client may try again.
const RETRY_SECONDS: &str = "2";

/// Why a client has to come back later. As a response it is 503 or 429.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ComeBack {
    /// The server is about to stop.
    Draining,
    /// The clients of its address have opened too many sockets.
    TooMany,
}

impl ComeBack {
    /// The code in metrics.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Draining => "draining",
            Self::TooMany => "address-limit",
        }
    }
}

impl fmt::Display for ComeBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Draining => "the server is about to stop",
            Self::TooMany => "too many connections from one address",
        })
    }
}

impl std::error::Error for ComeBack {}

impl IntoResponse for ComeBack {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Draining => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
        };
        let retry = [(RETRY_AFTER, RETRY_SECONDS)];
        (status, retry, format!("{self}\n")).into_response()
    }
}
