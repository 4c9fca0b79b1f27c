use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::ws::Utf8Bytes;
use tracing::info;

use crate::context::Context;
use crate::metrics::{Metrics, Present};
use crate::outbox::Outbox;
use crate::room_map::RoomMap;

/// Rooms for dialects in which a member is only a queue to write to.
pub struct BroadcastRooms {
    rooms: RoomMap<String, Vec<Member>>,
    /// The name of these rooms in the log and in metrics.
    kind: &'static str,
    metrics: Metrics,
    next: AtomicU64,
}

struct Member {
    number: u64,
    address: Address,
    outbox: Outbox,
    _present: Present,
}

/// The address of a member, random so that nobody can guess it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Address(pub u128);

/// Membership of one room. Dropping it leaves the room.
#[must_use]
pub struct BroadcastGuard {
    rooms: Arc<BroadcastRooms>,
    room: String,
    number: u64,
    address: Address,
    leave_message: Option<Utf8Bytes>,
}

impl BroadcastRooms {
    /// Creates an empty set of rooms, which the log and metrics call `kind`.
    pub fn new(kind: &'static str, context: &Context) -> Arc<Self> {
        Arc::new(Self {
            rooms: RoomMap::new(),
            kind,
            metrics: context.metrics().clone(),
            next: AtomicU64::new(0),
        })
    }

    /// Enters a room, or returns nothing if it has `capacity` members already. The first message to
    /// the new member is what `greet` makes of the number of members, the new one included.
    pub fn enter(
        self: &Arc<Self>,
        room: String,
        outbox: &Outbox,
        capacity: usize,
        greet: impl FnOnce(usize) -> Option<Utf8Bytes>,
    ) -> Option<BroadcastGuard> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let address = Address(rand::random());
        let entered = self.rooms.with(&room, |members| {
            if members.len() >= capacity {
                return false;
            }
            if let Some(text) = greet(members.len() + 1) {
                outbox.push(text);
            }
            let outbox = outbox.clone();
            members.push(Member {
                number,
                address,
                outbox,
                _present: self.metrics.seat(self.kind),
            });
            true
        });
        entered.then(|| {
            info!(number, kind = self.kind, "entered");
            BroadcastGuard {
                rooms: Arc::clone(self),
                room,
                number,
                address,
                leave_message: None,
            }
        })
    }
}

impl BroadcastGuard {
    /// The name of the room.
    pub fn room(&self) -> &str {
        &self.room
    }

    /// The address of this member.
    pub fn address(&self) -> Address {
        self.address
    }

    /// The number of members in the room, this one included.
    pub fn member_count(&self) -> usize {
        self.with_members(|members| members.len())
    }

    /// Sends a text to all members, this one included.
    pub fn send_to_all(&self, text: &Utf8Bytes) {
        self.with_members(|members| send(members.iter(), text));
    }

    /// Sends a text to the other members.
    pub fn send_to_others(&self, text: &Utf8Bytes) {
        self.with_members(|members| {
            let others = members.iter().filter(|member| member.number != self.number);
            send(others, text);
        });
    }

    /// Sends a text to the member with this address, if the room has one.
    pub fn send_to(&self, address: Address, text: &Utf8Bytes) {
        self.with_members(|members| {
            let addressee = members.iter().filter(|member| member.address == address);
            send(addressee, text);
        });
    }

    /// Sets the text that the others receive when this member leaves.
    pub fn set_leave_message(&mut self, leave_message: Option<Utf8Bytes>) {
        self.leave_message = leave_message;
    }

    fn with_members<R>(&self, work: impl FnOnce(&mut Vec<Member>) -> R) -> R {
        self.rooms.rooms.with(&self.room, work)
    }
}

impl Drop for BroadcastGuard {
    fn drop(&mut self) {
        self.with_members(|members| {
            members.retain(|member| member.number != self.number);
            if let Some(text) = &self.leave_message {
                send(members.iter(), text);
            }
        });
        info!(number = self.number, kind = self.rooms.kind, "left");
    }
}

fn send<'a>(members: impl Iterator<Item = &'a Member>, text: &Utf8Bytes) {
    members.for_each(|member| member.outbox.push(text.clone()));
}
