//! Rooms of two over Socket.IO: the first member offers when the second is ready.

use std::sync::Arc;

use serde_json::value::RawValue;
use tracing::warn;
use videocalls_server::extend::{BroadcastGuard, BroadcastRooms, Outbox};

use crate::packet::{self, Event, Malformed};

const CAPACITY: usize = 2;

/// How many rooms a client may be in. A page joins one.
const MAX_ROOMS: usize = 8;

/// The longest name of a room, in bytes.
const MAX_ROOM_BYTES: usize = 512;

/// A client of the rooms of two, in no room at first.
pub(crate) struct PairsClient {
    rooms: Arc<BroadcastRooms>,
    outbox: Outbox,
    joined: Vec<BroadcastGuard>,
}

impl PairsClient {
    pub(crate) fn new(rooms: Arc<BroadcastRooms>, outbox: Outbox) -> Self {
        Self {
            rooms,
            outbox,
            joined: Vec::new(),
        }
    }

    /// Carries an event out. An event for a room that the client is not in is dropped.
    pub(crate) fn handle(&mut self, event: &Event<'_>) -> Result<(), Malformed> {
        let name = event.name.as_str();
        match (name, &event.arguments[..]) {
            ("join", [room, ..]) => self.join(read_room(room)?),
            ("leave", [room, ..]) => self.leave(&read_room(room)?),
            ("ready", [room, ..]) => self.forward(name, None, &read_room(room)?),
            ("offer" | "answer" | "candidate", [payload, room, ..]) => {
                self.forward(name, Some(payload), &read_room(room)?);
            }
            ("join" | "leave" | "ready" | "offer" | "answer" | "candidate", _) => {
                return Err(Malformed);
            }
            _ => warn!("unknown event"),
        }
        Ok(())
    }

    /// Leaves all rooms without notifying the others.
    pub(crate) fn leave_silently(mut self) {
        let joined = self.joined.iter_mut();
        joined.for_each(|guard| guard.set_leave_message(None));
    }

    fn join(&mut self, room: String) {
        let members = self.guard(&room).map(BroadcastGuard::member_count);
        let fits = self.joined.len() < MAX_ROOMS && room.len() <= MAX_ROOM_BYTES;
        let answer = match members {
            // The original answers this to a second join of a client that is alone.
            Some(1) => "joined",
            None if fits => return self.enter(room),
            _ => "full",
        };
        self.outbox.push(packet::event(answer, None));
    }

    fn enter(&mut self, room: String) {
        let greet = |members| {
            let answer = if members == 1 { "created" } else { "joined" };
            Some(packet::event(answer, None))
        };
        match self.rooms.enter(room, &self.outbox, CAPACITY, greet) {
            Some(mut guard) => {
                // The other page needs it, or else it would not offer to the next member.
                guard.set_leave_message(Some(packet::event("leave", None)));
                self.joined.push(guard);
            }
            None => self.outbox.push(packet::event("full", None)),
        }
    }

    fn leave(&mut self, room: &str) {
        self.joined.retain(|guard| guard.room() != room);
    }

    fn forward(&self, name: &str, payload: Option<&RawValue>, room: &str) {
        match self.guard(room) {
            Some(guard) => {
                guard.send_to_others(&packet::event(name, payload.map(RawValue::get)));
            }
            None => warn!("event for a room from outside"),
        }
    }

    fn guard(&self, room: &str) -> Option<&BroadcastGuard> {
        self.joined.iter().find(|guard| guard.room() == room)
    }
}

fn read_room(room: &RawValue) -> Result<String, Malformed> {
    Ok(serde_json::from_str(room.get())?)
}
