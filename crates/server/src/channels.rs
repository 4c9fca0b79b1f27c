//! The conversation on a `/channels/{room…}` socket: each in a room has a *channel*, a name by which
//! the others can answer. A message to a channel goes to that one, any other to everyone, and each
//! says in `receiver_channel_name` where it came from.

use std::collections::BTreeMap;
use std::ops::ControlFlow::{Break, Continue};
use std::sync::Arc;

use axum::extract::ws::{Utf8Bytes, WebSocket, close_code};
use serde_json::value::{RawValue, to_raw_value};
use tracing::warn;
use videocalls_protocol::rooms::close;

use crate::broadcast_rooms::{Address, BroadcastGuard};
use crate::shared::Shared;
use crate::socket::{self, Connection, End};

/// The longest path that names a room, in bytes.
const MAX_ROOM_BYTES: usize = 512;

/// On the way up where to, on the way down where from.
const CHANNEL: &str = "receiver_channel_name";
/// How some copies of the system spell it.
const MISSPELT: &str = "reciver_channel_name";

/// The room of a path; a slash at its end makes no difference.
pub(crate) fn room(path: &str) -> Option<String> {
    let room = path.trim_end_matches('/');
    (room.len() <= MAX_ROOM_BYTES).then(|| room.to_owned())
}

/// Serves one socket from its upgrade to its end.
pub(crate) async fn serve(socket: WebSocket, room: String, shared: Arc<Shared>) {
    let (limits, timing) = (shared.limits, shared.timing);
    let (mut connection, writer) = socket::open(socket, limits, timing, &shared.life.shutdown);
    let mut writer = std::pin::pin!(writer.run());
    let end = socket::hold(talk(&mut connection, room, &shared), writer.as_mut()).await;
    connection.finish(end, writer).await;
}

async fn talk(connection: &mut Connection, room: String, shared: &Shared) -> End {
    let outbox = connection.outbox();
    let capacity = shared.room_capacity;
    let Some(guard) = shared.channels.enter(room, outbox, capacity, |_| None) else {
        warn!("channels full");
        return End::Close(close::ROOM_FULL);
    };
    let hear = |text: &Utf8Bytes| match pass_on(&guard, text) {
        Ok(()) => Continue(()),
        Err(Malformed) => {
            warn!(bytes = text.len(), "malformed message");
            Break(End::Close(close_code::ERROR))
        }
    };
    match connection.listen(hear).await {
        // The original says the same to all that it can't read.
        End::Close(close_code::UNSUPPORTED) => End::Close(close_code::ERROR),
        end => end,
    }
}

/// A message that the original would have stumbled over.
#[derive(Debug, Eq, PartialEq)]
struct Malformed;

impl From<serde_json::Error> for Malformed {
    fn from(_: serde_json::Error) -> Self {
        Self
    }
}

/// An object whose values are passed on as they came.
type Object<'a> = BTreeMap<String, &'a RawValue>;

fn pass_on(guard: &BroadcastGuard, text: &str) -> Result<(), Malformed> {
    let envelope: Object<'_> = serde_json::from_str(text)?;
    let action = envelope.get("action").ok_or(Malformed)?;
    let message = envelope.get("message").ok_or(Malformed)?;
    let message: Object<'_> = serde_json::from_str(message.get())?;
    let forwarded: Utf8Bytes = forward(&envelope, &message, guard.address())?.into();
    let action = serde_json::from_str::<String>(action.get());
    match action.as_deref() {
        Ok("new-offer" | "new-answer") => {
            if let Some(address) = addressee(&message)? {
                guard.tell_one(address, &forwarded);
            }
        }
        _ => guard.tell_all(&forwarded),
    }
    Ok(())
}

/// The same message, with its sender's channel in it.
fn forward(
    envelope: &Object<'_>,
    message: &Object<'_>,
    sender: Address,
) -> Result<String, Malformed> {
    let sender = to_raw_value(&channel(sender))?;
    let mut message = message.clone();
    message.insert(CHANNEL.to_owned(), &sender);
    if let Some(misspelt) = message.get_mut(MISSPELT) {
        *misspelt = &sender;
    }
    let message = to_raw_value(&message)?;
    let mut envelope = envelope.clone();
    envelope.insert("message".to_owned(), &message);
    Ok(serde_json::to_string(&envelope)?)
}

/// Whom a message names; nobody, if it is no name of ours.
fn addressee(message: &Object<'_>) -> Result<Option<Address>, Malformed> {
    let name = message.get(CHANNEL).or_else(|| message.get(MISSPELT));
    let name: String = serde_json::from_str(name.ok_or(Malformed)?.get())?;
    Ok(address(&name))
}

fn channel(Address(number): Address) -> String {
    let (high, low) = (number >> 64, number & u128::from(u64::MAX));
    format!("specific.{high:032x}!{low:032x}")
}

fn address(channel: &str) -> Option<Address> {
    let (high, low) = channel.strip_prefix("specific.")?.split_once('!')?;
    let half = |text| u64::from_str_radix(text, 16).ok().map(u128::from);
    let found = Address(half(high)? << 64 | half(low)?);
    (self::channel(found) == channel).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_read_back_and_nothing_else_is_one() {
        let some = Address(0x0123_4567_89ab_cdef_0000_0000_0000_00ff);
        assert_eq!(address(&channel(some)), Some(some));
        for other in ["", "specific.", "specific.1!2", "specific.+1!2", "x!y"] {
            assert_eq!(address(other), None, "{other}");
        }
    }

    #[test]
    fn a_slash_at_the_end_names_the_same_room() {
        assert_eq!(room("/channels/a/b/"), room("/channels/a/b"));
        assert_eq!(room("/"), Some(String::new()));
        assert_eq!(room(&"x".repeat(513)), None);
    }
}
