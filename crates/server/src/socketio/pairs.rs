//! Rooms of two: who is first offers when the second is ready.

use std::sync::Arc;

use serde_json::value::RawValue;
use tracing::warn;

use super::packet::{self, Event, Malformed};
use crate::broadcast_rooms::{BroadcastGuard, BroadcastRooms};
use crate::outbox::Outbox;

const CAPACITY: usize = 2;

/// In how many rooms one may be; a page is in one.
const MAX_ROOMS: usize = 8;

/// The longest name of a room, in bytes.
const MAX_ROOM_BYTES: usize = 512;

/// Someone who is in rooms of two, or in none yet.
pub(super) struct Guest {
    pairs: Arc<BroadcastRooms>,
    outbox: Outbox,
    guards: Vec<BroadcastGuard>,
}

impl Guest {
    pub(super) fn new(pairs: Arc<BroadcastRooms>, outbox: Outbox) -> Self {
        Self {
            pairs,
            outbox,
            guards: Vec::new(),
        }
    }

    /// Carries an event out. What is said to a room by someone outside of it is not passed on.
    pub(super) fn hear(&mut self, event: &Event<'_>) -> Result<(), Malformed> {
        let name = event.name.as_str();
        match (name, &event.arguments[..]) {
            ("join", [room, ..]) => self.join(read_room(room)?),
            ("leave", [room, ..]) => self.leave(&read_room(room)?),
            ("ready", [room, ..]) => self.pass_on(name, None, &read_room(room)?),
            ("offer" | "answer" | "candidate", [payload, room, ..]) => {
                self.pass_on(name, Some(payload), &read_room(room)?);
            }
            ("join" | "leave" | "ready" | "offer" | "answer" | "candidate", _) => {
                return Err(Malformed);
            }
            _ => warn!("unknown event"),
        }
        Ok(())
    }

    /// Leaves without a word to the others.
    pub(super) fn vanish(mut self) {
        let guards = self.guards.iter_mut();
        guards.for_each(|guard| guard.set_leave_message(None));
    }

    fn join(&mut self, room: String) {
        let own = self.guard(&room).map(BroadcastGuard::present);
        let guards = self.guards.len();
        let answer = match own {
            Some(1) => "joined",
            None if guards < MAX_ROOMS && room.len() <= MAX_ROOM_BYTES => return self.enter(room),
            _ => "full",
        };
        self.outbox.push(packet::event(answer, None));
    }

    fn enter(&mut self, room: String) {
        let greet = |present| {
            let word = if present == 1 { "created" } else { "joined" };
            Some(packet::event(word, None))
        };
        match self.pairs.enter(room, &self.outbox, CAPACITY, greet) {
            Some(mut guard) => {
                // The page of the one who stays waits for it: else nobody would call the next.
                guard.set_leave_message(Some(packet::event("leave", None)));
                self.guards.push(guard);
            }
            None => self.outbox.push(packet::event("full", None)),
        }
    }

    fn leave(&mut self, room: &str) {
        self.guards.retain(|guard| guard.room() != room);
    }

    fn pass_on(&self, name: &str, payload: Option<&RawValue>, room: &str) {
        match self.guard(room) {
            Some(guard) => guard.tell_others(&packet::event(name, payload.map(RawValue::get))),
            None => warn!("event for a room from outside"),
        }
    }

    fn guard(&self, room: &str) -> Option<&BroadcastGuard> {
        self.guards.iter().find(|guard| guard.room() == room)
    }
}

fn read_room(room: &RawValue) -> Result<String, Malformed> {
    Ok(serde_json::from_str(room.get())?)
}
