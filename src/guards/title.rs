use crate::browser;

const APP: &str = "videocalls";

/// Shows a room's name in the title of the document.
#[derive(Debug)]
#[must_use = "the title is reset when this is dropped"]
pub(crate) struct Title;

impl Title {
    /// Sets the title to a room's name.
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
