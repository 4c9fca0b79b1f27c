//! Long-polling: the client sends packets in POST requests and receives them in the responses to GET
//! requests, of which the server keeps one waiting.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::sleep;
use videocalls_protocol::MAX_MESSAGE_BYTES;
use videocalls_protocol::rooms::close;
use videocalls_server::extend::{AddressPermit, End, Outgoing, Queue, json};

use super::SocketIo;
use super::polling_session::{self, Transport};
use super::request::EngineError;
use super::version::Version;
use crate::Timing;

const CLOSE: &str = "1";
/// Ends a waiting request without a message.
const NOOP: &str = "6";

/// How long a request waits that arrives while a WebSocket is being probed.
const PROBING_WAIT: Duration = Duration::from_millis(100);

/// Starts a session. The response has its first packets.
pub(super) fn open(
    state: &Arc<SocketIo>,
    version: Version,
    permit: AddressPermit,
) -> Result<Response, EngineError> {
    let session = polling_session::start(state, version, permit, |sid, outbox| {
        outbox.push(open_packet(sid, &["websocket"], state.timing));
    });
    let session = session.ok_or(EngineError::TooManySessions)?;
    let mut queue = session.try_lock_queue();
    let queue = queue.as_mut().and_then(|queue| queue.as_mut());
    let first = queue.map(|queue| queued(queue).collect::<Vec<_>>());
    Ok(body(version, &first.unwrap_or_default()))
}

/// The first packet of a session: its id and its settings.
pub(super) fn open_packet(sid: &str, upgrades: &[&str], timing: Timing) -> String {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let open = json!({
        "sid": sid,
        "upgrades": upgrades,
        "pingInterval": millis(timing.engine_ping),
        "pingTimeout": millis(timing.engine_pong),
        "maxPayload": MAX_MESSAGE_BYTES,
    });
    format!("0{open}")
}

/// Waits for packets to the client.
pub(super) async fn poll(state: &SocketIo, sid: &str) -> Result<Response, EngineError> {
    let session = state
        .sessions
        .find(sid)
        .ok_or(EngineError::UnknownSession)?;
    let Some(mut queue) = session.try_lock_queue() else {
        // Two requests at once: the order of their responses would be undefined.
        session.end(End::Close(close::BAD_REQUEST));
        return Err(EngineError::BadRequest);
    };
    let queue = queue.as_mut().ok_or(EngineError::UnknownSession)?;
    let mut transport = session.transport();
    let first = tokio::select! {
        biased;
        next = queue.next() => Some(next),
        () = until_released(&mut transport) => None,
    };
    let mut packets = first.into_iter().filter_map(text).collect::<Vec<_>>();
    packets.extend(queued(queue));
    match *transport.borrow() {
        Transport::None => packets.push(CLOSE.to_owned()),
        _ if packets.is_empty() => packets.push(NOOP.to_owned()),
        _ => (),
    }
    Ok(body(session.version(), &packets))
}

/// Handles packets of the client.
pub(super) async fn post(state: &SocketIo, sid: &str, body: Body) -> Result<Response, EngineError> {
    let session = state
        .sessions
        .find(sid)
        .ok_or(EngineError::UnknownSession)?;
    let patience = state.context.timing().body;
    let body = match json::read_body(body, MAX_MESSAGE_BYTES, patience).await {
        Ok(body) => body,
        Err(response) => {
            session.end(End::Dead);
            return Ok(response);
        }
    };
    let body = str::from_utf8(&body).map_err(|_| EngineError::BadRequest)?;
    let packets = session.version().split(body);
    let packets = packets.map_err(|_| EngineError::BadRequest)?;
    if !packets.into_iter().all(|packet| session.handle(packet)) {
        return Err(EngineError::UnknownSession);
    }
    Ok((StatusCode::OK, [(CONTENT_TYPE, "text/html")], "ok").into_response())
}

/// Resolves when a waiting request must be answered.
async fn until_released(transport: &mut watch::Receiver<Transport>) {
    if *transport.borrow() == Transport::Probing {
        return sleep(PROBING_WAIT).await;
    }
    let _over = transport
        .wait_for(|transport| *transport != Transport::Polling)
        .await;
}

/// The packets that can be sent now.
fn queued(queue: &mut Queue) -> impl Iterator<Item = String> {
    std::iter::from_fn(|| queue.next_now()).filter_map(text)
}

/// WebSocket pings and close codes have no form here.
fn text(outgoing: Outgoing) -> Option<String> {
    match outgoing {
        Outgoing::Text(text) => Some(text.as_str().to_owned()),
        Outgoing::Ping | Outgoing::Close(_) => None,
    }
}

fn body(version: Version, packets: &[String]) -> Response {
    let content_type = [(CONTENT_TYPE, "text/plain; charset=UTF-8")];
    (StatusCode::OK, content_type, version.join(packets)).into_response()
}
