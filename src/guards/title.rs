use crate::browser;

const APP: &str = "videocalls";

/// A room's name as that of the document.
#[derive(Debug)]
#[must_use = "the document gets its own name back when this is dropped"]
pub(crate) struct Title;

impl Title {
    /// Names the document after a room.
    pub(crate) fn of(room: &str) -> Self {
        browser::set_title(&[room, " – ", APP].concat());
        Self
    }
}

impl Drop for Title {
    fn drop(&mut self) {
        browser::set_title(APP);
    }
}
