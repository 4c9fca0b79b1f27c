//! Socket.IO (protocol 5 over Engine.IO 4) at `/socket.io/`, by long-polling and by WebSocket.
//!
//! It is small here because the rest of the server does the work: the queue of a session is an
//! outbox, its socket has the same limits as every other, and who drops out is dropped from their
//! rooms. Binary events, other namespaces than `/` and Engine.IO 3 are refused; no known page
//! needs them.
//!
//! Sources: <https://github.com/socketio/engine.io-protocol>,
//! <https://github.com/socketio/socket.io-protocol>.

mod ask;
mod client;
mod conversation;
pub(crate) mod packet;
mod pairs;
mod polling;
mod session;
mod websocket;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};

use crate::router::{Upgrade, accept};
use crate::shared::Shared;
use ask::{Ask, Refusal};

pub(crate) use session::Sessions;

/// Answers all that is asked at `/socket.io/`.
pub(crate) async fn serve(
    State(shared): State<Arc<Shared>>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    upgrade: Upgrade,
    body: Body,
) -> Response {
    let ask = Ask::read(&method, query.as_deref(), upgrade.is_ok());
    let answer = match ask {
        Ok(Ask::OpenPolling) => polling::open(&shared),
        Ok(Ask::OpenWebSocket) => {
            let shared = Arc::clone(&shared);
            return accept(&Arc::clone(&shared), &headers, upgrade, |socket| {
                websocket::serve(socket, shared)
            });
        }
        Ok(Ask::Poll(sid)) => polling::poll(&shared, &sid).await,
        Ok(Ask::Post(sid)) => polling::post(&shared, &sid, body).await,
        Ok(Ask::Upgrade(sid)) => match shared.sessions.find(&sid) {
            Some(session) => {
                return accept(&Arc::clone(&shared), &headers, upgrade, |socket| {
                    websocket::upgrade(socket, session, shared)
                });
            }
            None => Err(Refusal::UnknownSession),
        },
        Err(refusal) => Err(refusal),
    };
    answer.unwrap_or_else(IntoResponse::into_response)
}
