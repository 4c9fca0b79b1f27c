//! Rooms of two: who is first offers when the second is ready.

use std::sync::Arc;

use serde_json::value::RawValue;
use tracing::warn;

use super::packet::{self, Event, Malformed};
use crate::company::{Company, Place};
use crate::outbox::Outbox;

const CAPACITY: usize = 2;

/// In how many rooms one may be; a page is in one.
const MAX_PLACES: usize = 8;

/// The longest name of a room, in bytes.
const MAX_ROOM_BYTES: usize = 512;

/// Someone who is in rooms of two, or in none yet.
pub(super) struct Guest {
    pairs: Arc<Company>,
    outbox: Outbox,
    places: Vec<Place>,
}

impl Guest {
    pub(super) fn new(pairs: Arc<Company>, outbox: Outbox) -> Self {
        Self {
            pairs,
            outbox,
            places: Vec::new(),
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
        let places = self.places.iter_mut();
        places.for_each(|place| place.set_farewell(None));
    }

    fn join(&mut self, room: String) {
        let own = self.place(&room).map(Place::present);
        let places = self.places.len();
        let answer = match own {
            Some(1) => "joined",
            None if places < MAX_PLACES && room.len() <= MAX_ROOM_BYTES => return self.enter(room),
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
            Some(mut place) => {
                // The page of the one who stays waits for it: else nobody would call the next.
                place.set_farewell(Some(packet::event("leave", None)));
                self.places.push(place);
            }
            None => self.outbox.push(packet::event("full", None)),
        }
    }

    fn leave(&mut self, room: &str) {
        self.places.retain(|place| place.room() != room);
    }

    fn pass_on(&self, name: &str, payload: Option<&RawValue>, room: &str) {
        match self.place(room) {
            Some(place) => place.tell_others(&packet::event(name, payload.map(RawValue::get))),
            None => warn!("event for a room from outside"),
        }
    }

    fn place(&self, room: &str) -> Option<&Place> {
        self.places.iter().find(|place| place.room() == room)
    }
}

fn read_room(room: &RawValue) -> Result<String, Malformed> {
    Ok(serde_json::from_str(room.get())?)
}
