//! Long-polling: what the client has to say comes in the bodies of POST requests, what the server
//! has to say goes out in the answers to GET requests, of which one is kept waiting.

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

use super::ask::Refusal;
use super::session::{self, Carrier};
use crate::Timing;
use crate::outbox::{Outgoing, Queue};
use crate::shared::Shared;
use crate::socket::End;
use crate::web;

/// Stands between two packets.
const SEPARATOR: char = '\x1e';
/// Says nothing, to let a waiting request go.
const NOOP: &str = "6";
const CLOSE: &str = "1";

/// How long a request waits that comes while a WebSocket is being tried out.
const PROBING: Duration = Duration::from_millis(100);

pub(super) fn open(shared: &Arc<Shared>) -> Result<Response, Refusal> {
    let sid = session::open(shared).ok_or(Refusal::Full)?;
    Ok(packets(open_packet(&sid, &["websocket"], shared.timing)))
}

/// The first packet of a session: how it is called and what it keeps to.
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

/// Waits for something to say.
pub(super) async fn poll(shared: &Shared, sid: &str) -> Result<Response, Refusal> {
    let session = shared.sessions.find(sid).ok_or(Refusal::UnknownSession)?;
    let Ok(mut queue) = session.queue.try_lock() else {
        // Two requests at once: nobody could say in which order their answers are to be read.
        session.end(End::Close(close::BAD_REQUEST));
        return Err(Refusal::BadRequest);
    };
    let queue = queue.as_mut().ok_or(Refusal::UnknownSession)?;
    let mut carrier = session.carrier();
    let first = tokio::select! {
        biased;
        next = queue.next() => next,
        () = released(&mut carrier) => None,
    };
    let mut said = first.into_iter().filter_map(text).collect::<Vec<_>>();
    said.extend(rest(queue));
    match *carrier.borrow() {
        Carrier::Nothing => said.push(CLOSE.to_owned()),
        _ if said.is_empty() => said.push(NOOP.to_owned()),
        _ => (),
    }
    Ok(packets(said.join(&SEPARATOR.to_string())))
}

/// Takes in what the client says.
pub(super) async fn post(shared: &Shared, sid: &str, body: Body) -> Result<Response, Refusal> {
    let session = shared.sessions.find(sid).ok_or(Refusal::UnknownSession)?;
    let body = match web::read(body, MAX_MESSAGE_BYTES, shared.timing.body).await {
        Ok(body) => body,
        Err(problem) => {
            session.end(End::Dead);
            return Ok(problem);
        }
    };
    let body = str::from_utf8(&body).map_err(|_| Refusal::BadRequest)?;
    if !body.split(SEPARATOR).all(|packet| session.hear(packet)) {
        return Err(Refusal::UnknownSession);
    }
    Ok((StatusCode::OK, [(CONTENT_TYPE, "text/html")], "ok").into_response())
}

/// Resolves when a request should not wait any longer.
async fn released(carrier: &mut watch::Receiver<Carrier>) {
    if *carrier.borrow() == Carrier::Probing {
        return sleep(PROBING).await;
    }
    let _over = carrier
        .wait_for(|carrier| *carrier != Carrier::Polling)
        .await;
}

fn rest(queue: &mut Queue) -> impl Iterator<Item = String> {
    std::iter::from_fn(|| queue.next_now()).filter_map(text)
}

/// Pings and closes are for WebSockets.
fn text(outgoing: Outgoing) -> Option<String> {
    match outgoing {
        Outgoing::Text(text) => Some(text.as_str().to_owned()),
        Outgoing::Ping | Outgoing::Close(_) => None,
    }
}

fn packets(body: String) -> Response {
    let content_type = [(CONTENT_TYPE, "text/plain; charset=UTF-8")];
    (StatusCode::OK, content_type, body).into_response()
}
