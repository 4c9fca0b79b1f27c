use std::borrow::Cow;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

/// Answers 200 with a JSON value.
pub fn reply(value: &Value) -> Response {
    with_status(StatusCode::OK, value)
}

/// Answers with an error as JSON: `{"error": …}`. Pages read JSON whatever the status.
pub fn error(status: StatusCode, error: &str) -> Response {
    with_status(status, &json!({ "error": error }))
}

/// Answers with a JSON value.
pub fn with_status(status: StatusCode, value: &Value) -> Response {
    let content_type = [(CONTENT_TYPE, "application/json")];
    (status, content_type, value.to_string()).into_response()
}

/// Answers 405 as JSON.
pub async fn method_not_allowed() -> Response {
    error(StatusCode::METHOD_NOT_ALLOWED, "method not allowed")
}

/// The first value of a key in a form-encoded query.
pub fn query_value<'a>(query: Option<&'a str>, key: &str) -> Option<Cow<'a, str>> {
    let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs.find_map(|(name, value)| (name == key).then_some(value))
}

/// Reads a body of at most `limit` bytes within `patience`.
///
/// # Errors
///
/// The response to send instead: 413 if the body is too long, 408 if it takes too long.
pub async fn read_body(body: Body, limit: usize, patience: Duration) -> Result<Bytes, Response> {
    match timeout(patience, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(error(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long")),
        Err(_) => Err(error(StatusCode::REQUEST_TIMEOUT, "the body took too long")),
    }
}
