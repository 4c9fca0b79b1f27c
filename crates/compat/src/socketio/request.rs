use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use videocalls_server::extend::json;

use super::version::Version;

/// A request to `/socket.io/`.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum EngineRequest {
    OpenPolling(Version),
    OpenWebSocket(Version),
    /// These name a session.
    Poll(String),
    Post(String),
    Upgrade(String),
}

/// Why a request is refused. Codes and messages are those of the protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum EngineError {
    UnknownTransport,
    UnknownSession,
    HandshakeMethod,
    BadRequest,
    ProtocolVersion,
    /// Not of the protocol: the server has too many sessions.
    TooManySessions,
}

impl EngineRequest {
    pub(super) fn read(
        method: &Method,
        query: Option<&str>,
        upgrade: bool,
    ) -> Result<Self, EngineError> {
        let parameter = |key| json::query_value(query, key);
        let polling = match parameter("transport").as_deref() {
            Some("polling") => true,
            Some("websocket") => false,
            _ => return Err(EngineError::UnknownTransport),
        };
        if let Some(sid) = parameter("sid").map(String::from) {
            return match *method {
                Method::GET if polling && !upgrade => Ok(Self::Poll(sid)),
                Method::POST if polling => Ok(Self::Post(sid)),
                Method::GET if !polling && upgrade => Ok(Self::Upgrade(sid)),
                _ => Err(EngineError::BadRequest),
            };
        }
        if *method != Method::GET {
            return Err(EngineError::HandshakeMethod);
        }
        if polling == upgrade {
            return Err(EngineError::BadRequest);
        }
        let version = Version::read(parameter("EIO").as_deref());
        let version = version.ok_or(EngineError::ProtocolVersion)?;
        Ok(if polling {
            Self::OpenPolling(version)
        } else {
            Self::OpenWebSocket(version)
        })
    }
}

impl IntoResponse for EngineError {
    fn into_response(self) -> Response {
        let (code, message) = match self {
            Self::UnknownTransport => (0, "Transport unknown"),
            Self::UnknownSession => (1, "Session ID unknown"),
            Self::HandshakeMethod => (2, "Bad handshake method"),
            Self::BadRequest => (3, "Bad request"),
            Self::ProtocolVersion => (5, "Unsupported protocol version"),
            Self::TooManySessions => {
                return json::error(StatusCode::SERVICE_UNAVAILABLE, "too many sessions");
            }
        };
        let error = json!({ "code": code, "message": message });
        json::with_status(StatusCode::BAD_REQUEST, &error)
    }
}
