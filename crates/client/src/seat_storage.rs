//! Where a page keeps its seat in a call while it is reloaded.
//!
//! The seat is in the session storage only between a page's `pagehide` and the next page's first
//! call. It is not there during a call, because browsers copy the session storage when a tab is
//! duplicated or opened from another: the copy would take the seat of the page that still has it.

use videocalls_session::InitialState;
use wasm_bindgen::JsValue;

use crate::browser::{call_method, global, set_property};

/// The session storage's entry for calls in one room of one server.
#[derive(Debug)]
pub(crate) struct SeatStorage {
    key: String,
}

/// What a reloaded page needs to be the same participant.
#[derive(Debug)]
pub(crate) struct Seat {
    /// The dialect's name for the seat.
    pub(crate) id: String,
    /// How the tracks begin in the reloaded page.
    pub(crate) microphone: InitialState,
    pub(crate) camera: InitialState,
}

const LETTERS: [(InitialState, char); 3] = [
    (InitialState::On, 'l'),
    (InitialState::Muted, 'm'),
    (InitialState::Off, 'o'),
];

impl SeatStorage {
    pub(crate) fn new(url: &str, room: Option<&str>) -> Self {
        Self {
            key: ["videocalls ", url, " ", room.unwrap_or_default()].concat(),
        }
    }

    /// Takes out the seat that the page had before it was reloaded.
    pub(crate) fn take(&self) -> Option<Seat> {
        let (storage, key) = (storage(), JsValue::from(self.key.as_str()));
        let kept = call_method(&storage, "getItem", &key)?.as_string()?;
        call_method(&storage, "removeItem", &key);
        let mut rest = kept.chars();
        Some(Seat {
            microphone: read(rest.next()?)?,
            camera: read(rest.next()?)?,
            id: rest.as_str().to_owned(),
        })
    }

    pub(crate) fn keep(&self, seat: &Seat) {
        let mut text = String::from_iter([seat.microphone, seat.camera].map(letter));
        text.push_str(&seat.id);
        // If there is no room to keep it, a reload is a leave and a join.
        set_property(&storage(), &self.key, &text.into());
    }
}

fn read(letter: char) -> Option<InitialState> {
    let known = LETTERS.iter().find(|(_, known)| *known == letter);
    known.map(|(state, _)| *state)
}

fn letter(state: InitialState) -> char {
    let known = LETTERS.iter().find(|(known, _)| *known == state);
    known.map_or('l', |(_, letter)| *letter)
}

/// Some frames have no storage: then this is `undefined`.
fn storage() -> JsValue {
    global("sessionStorage")
}
