//! The `/channels/{room…}` endpoint: a mesh over one WebSocket. Each member of a room has a
//! *channel*, a name by which the others can answer. A message to a channel goes to that member, any
//! other message to everyone, and each carries its sender's channel in `receiver_channel_name`.

use std::collections::BTreeMap;
use std::ops::ControlFlow::{Break, Continue};
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Utf8Bytes, WebSocket, close_code};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::value::{RawValue, to_raw_value};
use tracing::warn;
use videocalls_protocol::rooms::close;
use videocalls_server::extend::{
    Address, BroadcastGuard, BroadcastRooms, Connection, Context, End, Upgrade, run_both,
};

use crate::Config;

/// The longest path that names a room, in bytes.
const MAX_ROOM_BYTES: usize = 512;

/// The addressee of a message to the server, the sender of a message to a client.
const CHANNEL: &str = "receiver_channel_name";
/// The spelling of some copies of the system.
const MISSPELT_CHANNEL: &str = "reciver_channel_name";

#[derive(Clone)]
pub(crate) struct Channels {
    context: Context,
    rooms: Arc<BroadcastRooms>,
    capacity: usize,
}

impl Channels {
    pub(crate) fn new(context: &Context, config: &Config) -> Self {
        Self {
            context: context.clone(),
            rooms: BroadcastRooms::new("channels", context),
            capacity: config.server.room_capacity.get(),
        }
    }

    pub(crate) fn routes(self) -> Router {
        let mut router = Router::new();
        for path in ["/channels", "/channels/", "/channels/{*room}"] {
            router = router.route(path, get(upgrade));
        }
        router.with_state(self)
    }

    /// Upgrades a request; its path names the room.
    pub(crate) fn accept(&self, uri: &Uri, headers: &HeaderMap, upgrade: Upgrade) -> Response {
        let Some(room) = room_name(uri.path()) else {
            return (StatusCode::BAD_REQUEST, "the room name is too long\n").into_response();
        };
        let channels = self.clone();
        let serve = |socket| channels.serve(socket, room);
        self.context.accept(headers, upgrade, serve)
    }

    async fn serve(self, socket: WebSocket, room: String) {
        let (mut connection, writer) = self.context.open(socket);
        let mut writing = std::pin::pin!(writer.run());
        let end = {
            let reading = std::pin::pin!(self.read(&mut connection, room));
            run_both(reading, writing.as_mut()).await
        };
        connection.finish(end, writing).await;
    }

    async fn read(&self, connection: &mut Connection, room: String) -> End {
        let outbox = connection.outbox();
        let Some(guard) = self.rooms.enter(room, outbox, self.capacity, |_| None) else {
            warn!("channels full");
            return End::Close(close::ROOM_FULL);
        };
        let handle = |text: &Utf8Bytes| match forward(&guard, text) {
            Ok(()) => Continue(()),
            Err(Malformed) => {
                warn!(bytes = text.len(), "malformed message");
                Break(End::Close(close_code::ERROR))
            }
        };
        match connection.listen(handle).await {
            // The original closes with this code after a binary message too.
            End::Close(close_code::UNSUPPORTED) => End::Close(close_code::ERROR),
            end => end,
        }
    }
}

async fn upgrade(
    State(channels): State<Channels>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Response {
    channels.accept(&uri, &headers, upgrade)
}

/// The room that a path names. A slash at its end makes no difference.
fn room_name(path: &str) -> Option<String> {
    let room = path.trim_end_matches('/');
    (room.len() <= MAX_ROOM_BYTES).then(|| room.to_owned())
}

/// A message that the original fails on.
#[derive(Debug, Eq, PartialEq)]
struct Malformed;

impl From<serde_json::Error> for Malformed {
    fn from(_: serde_json::Error) -> Self {
        Self
    }
}

/// An object whose values are forwarded as they came.
type Object<'a> = BTreeMap<String, &'a RawValue>;

fn forward(guard: &BroadcastGuard, text: &str) -> Result<(), Malformed> {
    let envelope: Object<'_> = serde_json::from_str(text)?;
    let action = envelope.get("action").ok_or(Malformed)?;
    let message = envelope.get("message").ok_or(Malformed)?;
    let message: Object<'_> = serde_json::from_str(message.get())?;
    let forwarded: Utf8Bytes = with_sender(&envelope, &message, guard.address())?.into();
    let action = serde_json::from_str::<String>(action.get());
    match action.as_deref() {
        Ok("new-offer" | "new-answer") => {
            if let Some(address) = addressee(&message)? {
                guard.send_to(address, &forwarded);
            }
        }
        _ => guard.send_to_all(&forwarded),
    }
    Ok(())
}

/// The message with its sender's channel in it.
fn with_sender(
    envelope: &Object<'_>,
    message: &Object<'_>,
    sender: Address,
) -> Result<String, Malformed> {
    let sender = to_raw_value(&channel_of(sender))?;
    let mut message = message.clone();
    message.insert(CHANNEL.to_owned(), &sender);
    if let Some(misspelt) = message.get_mut(MISSPELT_CHANNEL) {
        *misspelt = &sender;
    }
    let message = to_raw_value(&message)?;
    let mut envelope = envelope.clone();
    envelope.insert("message".to_owned(), &message);
    Ok(serde_json::to_string(&envelope)?)
}

/// The member that a message is for, or nobody if its channel is not one of this server.
fn addressee(message: &Object<'_>) -> Result<Option<Address>, Malformed> {
    let channel = message
        .get(CHANNEL)
        .or_else(|| message.get(MISSPELT_CHANNEL));
    let channel: String = serde_json::from_str(channel.ok_or(Malformed)?.get())?;
    Ok(address_of(&channel))
}

fn channel_of(Address(number): Address) -> String {
    let (high, low) = (number >> 64, number & u128::from(u64::MAX));
    format!("specific.{high:032x}!{low:032x}")
}

fn address_of(channel: &str) -> Option<Address> {
    let (high, low) = channel.strip_prefix("specific.")?.split_once('!')?;
    let half = |text| u64::from_str_radix(text, 16).ok().map(u128::from);
    let address = Address(half(high)? << 64 | half(low)?);
    (channel_of(address) == channel).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_only_channels_that_it_writes() {
        let some = Address(0x0123_4567_89ab_cdef_0000_0000_0000_00ff);
        assert_eq!(address_of(&channel_of(some)), Some(some));
        for other in ["", "specific.", "specific.1!2", "specific.+1!2", "x!y"] {
            assert_eq!(address_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_slash_at_the_end_names_the_same_room() {
        assert_eq!(room_name("/channels/a/b/"), room_name("/channels/a/b"));
        assert_eq!(room_name("/"), Some(String::new()));
        assert_eq!(room_name(&"x".repeat(513)), None);
    }
}
