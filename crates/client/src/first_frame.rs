//! Waits for the first frame of a video track.

use gloo_events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::{HtmlMediaElement, MediaStream, MediaStreamTrack};

/// A `<video>` outside of the page, which loads the track until its first frame has arrived. No event of
/// the track itself tells of it in all browsers.
#[must_use = "the wait ends when this is dropped"]
pub(crate) struct FirstFrame {
    element: HtmlMediaElement,
    _loaded: EventListener,
}

impl FirstFrame {
    /// Calls `arrived` at the first frame. `None` if the page has no document.
    pub(crate) fn of(track: &MediaStreamTrack, arrived: impl FnOnce() + 'static) -> Option<Self> {
        let document = web_sys::window()?.document()?;
        let element: HtmlMediaElement = document.create_element("video").ok()?.unchecked_into();
        element.set_muted(true);
        let stream = MediaStream::new().ok()?;
        stream.add_track(track);
        let loaded = EventListener::once(&element, "loadeddata", move |_| arrived());
        element.set_src_object(Some(&stream));
        Some(Self {
            element,
            _loaded: loaded,
        })
    }
}

impl Drop for FirstFrame {
    fn drop(&mut self) {
        self.element.set_src_object(None);
    }
}
