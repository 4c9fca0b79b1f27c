use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::ws::Utf8Bytes;
use tracing::info;

use crate::outbox::Outbox;
use crate::room_map::RoomMap;

/// Rooms whose dialect knows no more of a member than where to write to.
pub(crate) struct BroadcastRooms {
    rooms: RoomMap<String, Member>,
    /// What the log calls these rooms.
    kind: &'static str,
    next: AtomicU64,
}

struct Member {
    number: u64,
    address: Address,
    outbox: Outbox,
}

/// How the others can name a member: at random, so that nobody can guess it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Address(pub(crate) u128);

/// A guard in a room, given back when it is dropped.
#[must_use]
pub(crate) struct BroadcastGuard {
    broadcast_rooms: Arc<BroadcastRooms>,
    room: String,
    number: u64,
    address: Address,
    /// What the others hear of a guard that is given back.
    leave_message: Option<Utf8Bytes>,
}

impl BroadcastRooms {
    pub(crate) fn new(kind: &'static str) -> Arc<Self> {
        Arc::new(Self {
            rooms: RoomMap::new(),
            kind,
            next: AtomicU64::new(0),
        })
    }

    /// Takes a guard, if one is free. Before anything that the others say, the newcomer hears what
    /// `greet` makes of the number of those present, the newcomer included.
    pub(crate) fn enter(
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
            });
            true
        });
        entered.then(|| {
            info!(number, kind = self.kind, "entered");
            BroadcastGuard {
                broadcast_rooms: Arc::clone(self),
                room,
                number,
                address,
                leave_message: None,
            }
        })
    }
}

impl BroadcastGuard {
    pub(crate) fn room(&self) -> &str {
        &self.room
    }

    pub(crate) fn address(&self) -> Address {
        self.address
    }

    /// How many are in the room.
    pub(crate) fn present(&self) -> usize {
        self.members(|members| members.len())
    }

    /// Puts a text into the queue of everyone in the room, its sender included.
    pub(crate) fn tell_all(&self, text: &Utf8Bytes) {
        self.members(|members| tell(members.iter(), Some(text)));
    }

    pub(crate) fn tell_others(&self, text: &Utf8Bytes) {
        self.members(|members| tell(self.others(members), Some(text)));
    }

    /// Puts a text into the queue of one in the room, if there is such a one.
    pub(crate) fn tell_one(&self, address: Address, text: &Utf8Bytes) {
        self.members(|members| {
            let addressee = members.iter().filter(|member| member.address == address);
            tell(addressee, Some(text));
        });
    }

    /// Sets what the others hear when the guard is given back.
    pub(crate) fn set_leave_message(&mut self, leave_message: Option<Utf8Bytes>) {
        self.leave_message = leave_message;
    }

    fn members<R>(&self, work: impl FnOnce(&mut Vec<Member>) -> R) -> R {
        self.broadcast_rooms.rooms.with(&self.room, work)
    }

    fn others<'a>(&self, members: &'a [Member]) -> impl Iterator<Item = &'a Member> {
        let number = self.number;
        members.iter().filter(move |member| member.number != number)
    }
}

impl Drop for BroadcastGuard {
    fn drop(&mut self) {
        self.members(|members| {
            members.retain(|member| member.number != self.number);
            tell(members.iter(), self.leave_message.as_ref());
        });
        info!(
            number = self.number,
            kind = self.broadcast_rooms.kind,
            "left"
        );
    }
}

fn tell<'a>(members: impl Iterator<Item = &'a Member>, text: Option<&Utf8Bytes>) {
    if let Some(text) = text {
        members.for_each(|member| member.outbox.push(text.clone()));
    }
}
