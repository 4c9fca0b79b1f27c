//! What the endpoints without a socket have in common.

use std::borrow::Cow;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

pub(crate) fn reply(value: &Value) -> Response {
    with_status(StatusCode::OK, value)
}

/// An answer to a request that can't be granted, for a page that reads JSON whatever the status.
pub(crate) fn problem(status: StatusCode, error: &str) -> Response {
    with_status(status, &json!({ "error": error }))
}

pub(crate) fn with_status(status: StatusCode, value: &Value) -> Response {
    let content_type = [(CONTENT_TYPE, "application/json")];
    (status, content_type, value.to_string()).into_response()
}

pub(crate) async fn other_method() -> Response {
    problem(StatusCode::METHOD_NOT_ALLOWED, "not by this method")
}

/// The first value of a key in a query, as forms encode it.
pub(crate) fn parameter<'a>(query: Option<&'a str>, key: &str) -> Option<Cow<'a, str>> {
    let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs.find_map(|(name, value)| (name == key).then_some(value))
}

/// Reads a body of so many bytes at most, in so much time at most.
pub(crate) async fn read(body: Body, limit: usize, patience: Duration) -> Result<Bytes, Response> {
    match timeout(patience, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(problem(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is too long",
        )),
        Err(_) => Err(problem(
            StatusCode::REQUEST_TIMEOUT,
            "the body took too long",
        )),
    }
}
