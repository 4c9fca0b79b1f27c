//! The conversation on a `/relay/{room}` socket: a text from one goes to both, unread.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::ws::{Utf8Bytes, WebSocket};
use tokio::time::Instant;
use tracing::{info, warn};
use videocalls_protocol::RoomName;
use videocalls_protocol::relay::ROOM_FULL;
use videocalls_protocol::rooms::close;

use crate::heartbeat::{Beat, Heartbeat};
use crate::outbox::Outbox;
use crate::registry::Registry;
use crate::router::Shared;
use crate::socket::{self, Connection, End, Happening};

/// A third would disturb the one connection that both others have.
const CAPACITY: usize = 2;

/// All rooms of the relay.
pub(crate) struct Relays {
    rooms: Registry<Party>,
    next: AtomicU64,
}

struct Party {
    number: u64,
    outbox: Outbox,
}

/// One of the two places in a room, given back when it is dropped.
#[must_use]
struct Place<'a> {
    relays: &'a Relays,
    room: &'a RoomName,
    number: u64,
}

/// Serves one socket from its upgrade to its end.
pub(crate) async fn serve(socket: WebSocket, room: RoomName, shared: Arc<Shared>) {
    let (limits, timing) = (shared.limits, shared.timing);
    let (mut connection, writer) = socket::open(socket, limits, timing, &shared.life.shutdown);
    let mut writer = std::pin::pin!(writer.run());
    let end = socket::hold(talk(&mut connection, &room, &shared), writer.as_mut()).await;
    connection.finish(end, writer).await;
}

async fn talk(connection: &mut Connection, room: &RoomName, shared: &Shared) -> End {
    let outbox = connection.outbox().clone();
    let Some(place) = shared.relays.enter(room, outbox.clone()) else {
        warn!("relay full");
        return End::Close(ROOM_FULL);
    };
    let (interval, silence) = (shared.timing.relay_ping, shared.timing.relay_silence);
    let mut heartbeat = Heartbeat::new(interval, silence, Instant::now());
    loop {
        let happening = connection.next(heartbeat.next()).await;
        if matches!(happening, Happening::Text(_) | Happening::Alive) {
            heartbeat.alive(Instant::now());
        }
        match happening {
            Happening::Text(text) => place.pass_on(&text),
            Happening::Alive => (),
            Happening::Deadline => match heartbeat.beat(Instant::now()) {
                Beat::Rest => (),
                Beat::Ask => outbox.ping(),
                Beat::Dead => return End::Close(close::PING_TIMEOUT),
            },
            Happening::End(end) => return end,
        }
    }
}

impl Relays {
    pub(crate) fn new() -> Self {
        Self {
            rooms: Registry::new(),
            next: AtomicU64::new(0),
        }
    }

    fn enter<'a>(&'a self, room: &'a RoomName, outbox: Outbox) -> Option<Place<'a>> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let entered = self.rooms.with(room, |parties| {
            let free = parties.len() < CAPACITY;
            if free {
                parties.push(Party { number, outbox });
            }
            free
        });
        entered.then(|| {
            info!(number, "relay entered");
            Place {
                relays: self,
                room,
                number,
            }
        })
    }
}

impl Place<'_> {
    /// Puts the same text into the queue of everyone in the room, its sender included.
    fn pass_on(&self, text: &Utf8Bytes) {
        let relays = &self.relays.rooms;
        relays.with(self.room, |parties| {
            parties
                .iter()
                .for_each(|party| party.outbox.push(text.clone()));
        });
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let relays = &self.relays.rooms;
        relays.with(self.room, |parties| {
            parties.retain(|party| party.number != self.number);
        });
        info!(number = self.number, "relay left");
    }
}
