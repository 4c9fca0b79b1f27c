//! Socket.IO at `/socket.io/`, by long-polling and by WebSocket: Socket.IO 3 and 4 (protocol 5 over
//! Engine.IO 4), and Socket.IO 1 and 2 (protocol 4 over Engine.IO 3).
//!
//! `docs/decisions.md` says why this is not socketioxide. Binary events and namespaces other than
//! `/` are refused; no known page needs them.
//!
//! Sources: <https://github.com/socketio/engine.io-protocol>,
//! <https://github.com/socketio/socket.io-protocol>.

mod client;
mod engine;
mod polling;
mod polling_session;
mod request;
mod version;
mod websocket;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use videocalls_server::extend::{BroadcastRooms, Context, Outbox, Upgrade};

use crate::appointments::Appointments;
use crate::{Config, Timing};
use client::Backend;
use engine::EngineSession;
use polling_session::PollingSessions;
use request::{EngineError, EngineRequest};
use version::Version;

pub(crate) fn routes(context: &Context, config: &Config, appointments: Appointments) -> Router {
    let state = SocketIo {
        context: context.clone(),
        timing: config.timing,
        backend: Backend {
            pairs: BroadcastRooms::new("pairs", context),
            appointments,
        },
        sessions: PollingSessions::new(config.limits.polling_sessions),
    };
    Router::new()
        .route("/socket.io", any(serve))
        .route("/socket.io/", any(serve))
        .with_state(Arc::new(state))
}

/// What the sessions share.
struct SocketIo {
    context: Context,
    timing: Timing,
    backend: Backend,
    sessions: PollingSessions,
}

impl SocketIo {
    /// Creates the server's side of a session, whatever transport it uses.
    fn engine_session(&self, version: Version, outbox: Outbox) -> EngineSession {
        EngineSession::new(version, outbox, &self.context, self.timing, &self.backend)
    }
}

async fn serve(
    State(state): State<Arc<SocketIo>>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    upgrade: Upgrade,
    body: Body,
) -> Response {
    let request = EngineRequest::read(&method, query.as_deref(), upgrade.is_requested());
    let context = state.context.clone();
    let response = match request {
        Ok(EngineRequest::OpenPolling(version)) => match context.permit(&upgrade) {
            Ok(permit) => polling::open(&state, version, permit),
            Err(come_back) => return come_back.into_response(),
        },
        Ok(EngineRequest::OpenWebSocket(version)) => {
            let serve = move |socket| websocket::serve(socket, state, version);
            return context.accept(&headers, upgrade, serve);
        }
        Ok(EngineRequest::Poll(sid)) => polling::poll(&state, &sid).await,
        Ok(EngineRequest::Post(sid)) => polling::post(&state, &sid, body).await,
        Ok(EngineRequest::Upgrade(sid)) => match state.sessions.find(&sid) {
            Some(session) => {
                let serve = move |socket| websocket::upgrade(socket, session, state);
                return context.accept(&headers, upgrade, serve);
            }
            None => Err(EngineError::UnknownSession),
        },
        Err(error) => Err(error),
    };
    response.unwrap_or_else(IntoResponse::into_response)
}
