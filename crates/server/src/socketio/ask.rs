use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::web;

/// What a request to `/socket.io/` wants.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Ask {
    OpenPolling,
    OpenWebSocket,
    Poll(String),
    Post(String),
    Upgrade(String),
}

/// Why it does not get it. The numbers and the words are the protocol's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    UnknownTransport,
    UnknownSession,
    HandshakeMethod,
    BadRequest,
    ProtocolVersion,
    /// Not of the protocol: there are more sessions than the server wants.
    Full,
}

impl Ask {
    pub(super) fn read(
        method: &Method,
        query: Option<&str>,
        upgrade: bool,
    ) -> Result<Self, Refusal> {
        let parameter = |key| web::parameter(query, key);
        let polling = match parameter("transport").as_deref() {
            Some("polling") => true,
            Some("websocket") => false,
            _ => return Err(Refusal::UnknownTransport),
        };
        if let Some(sid) = parameter("sid").map(String::from) {
            return match *method {
                Method::GET if polling && !upgrade => Ok(Self::Poll(sid)),
                Method::POST if polling => Ok(Self::Post(sid)),
                Method::GET if !polling && upgrade => Ok(Self::Upgrade(sid)),
                _ => Err(Refusal::BadRequest),
            };
        }
        match *method {
            Method::GET if polling == upgrade => Err(Refusal::BadRequest),
            Method::GET if parameter("EIO").as_deref() != Some("4") => {
                Err(Refusal::ProtocolVersion)
            }
            Method::GET if polling => Ok(Self::OpenPolling),
            Method::GET => Ok(Self::OpenWebSocket),
            _ => Err(Refusal::HandshakeMethod),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (code, message) = match self {
            Self::UnknownTransport => (0, "Transport unknown"),
            Self::UnknownSession => (1, "Session ID unknown"),
            Self::HandshakeMethod => (2, "Bad handshake method"),
            Self::BadRequest => (3, "Bad request"),
            Self::ProtocolVersion => (5, "Unsupported protocol version"),
            Self::Full => {
                return web::problem(StatusCode::SERVICE_UNAVAILABLE, "too many sessions");
            }
        };
        let refusal = json!({ "code": code, "message": message });
        web::with_status(StatusCode::BAD_REQUEST, &refusal)
    }
}
