//! What a page leaves behind for its next life, when it is loaded anew.

use web_sys::Storage;

use crate::random::random_id;

thread_local! {
    /// Tells the next life of a page from another call in the same one.
    static LIFE: String = random_id();
}

/// The place where a call's seat is kept: the session storage, which belongs to one tab.
#[derive(Debug)]
pub(crate) struct Memory {
    key: String,
}

/// What was kept.
#[derive(Debug)]
pub(crate) struct Remembered {
    pub(crate) audio_muted: bool,
    pub(crate) video_muted: bool,
    pub(crate) seat: String,
}

const MUTED: char = 'm';
const LIVE: char = 'l';

impl Memory {
    /// The memory of calls in one room of one server.
    pub(crate) fn new(url: &str, room: Option<&str>) -> Self {
        Self {
            key: ["videocalls ", url, " ", room.unwrap_or_default()].concat(),
        }
    }

    /// Takes out what an earlier life of this page has left. A copy of the tab finds nothing of it,
    /// once it is taken.
    pub(crate) fn recall(&self) -> Option<Remembered> {
        let kept = storage()?.get_item(&self.key).ok()??;
        let (life, rest) = kept.split_once(' ')?;
        if LIFE.with(|mine| mine == life) {
            return None;
        }
        self.forget();
        let mut rest = rest.chars();
        Some(Remembered {
            audio_muted: rest.next()? == MUTED,
            video_muted: rest.next()? == MUTED,
            seat: rest.as_str().to_owned(),
        })
    }

    pub(crate) fn keep(&self, kept: &Remembered) {
        let letter = |muted| if muted { MUTED } else { LIVE };
        let mut text = LIFE.with(String::clone);
        text.push(' ');
        text.push(letter(kept.audio_muted));
        text.push(letter(kept.video_muted));
        text.push_str(&kept.seat);
        if let Some(storage) = storage() {
            // Without room to keep it, a reload is a leave and a join.
            let _ = storage.set_item(&self.key, &text);
        }
    }

    pub(crate) fn forget(&self) {
        if let Some(storage) = storage() {
            let _ = storage.remove_item(&self.key);
        }
    }
}

/// The browser gives none to some frames.
fn storage() -> Option<Storage> {
    web_sys::window()?.session_storage().ok()?
}
