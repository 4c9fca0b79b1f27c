//! Waits for the first frame of a video track.

use crate::browser::{call_method, global, set_property};
use crate::event_listener::EventListener;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MediaStream, MediaStreamTrack};

/// A `<video>` outside of the page, which loads the track until its first frame has arrived. No event of
/// the track itself tells of it in all browsers.
#[must_use = "the wait ends when this is dropped"]
pub(crate) struct FirstFrame {
    element: JsValue,
    _loaded: EventListener,
}

impl FirstFrame {
    /// Calls `arrived` at the first frame. `None` if the page has no document.
    pub(crate) fn of(track: &MediaStreamTrack, arrived: impl Fn() + 'static) -> Option<Self> {
        let element = call_method(&global("document"), "createElement", &"video".into())?;
        set_property(&element, "muted", &true.into());
        let stream = MediaStream::new().ok()?;
        stream.add_track(track);
        let loaded = EventListener::new(element.unchecked_ref(), "loadeddata", move |_| arrived());
        set_property(&element, "srcObject", &stream);
        Some(Self {
            element,
            _loaded: loaded,
        })
    }
}

impl Drop for FirstFrame {
    fn drop(&mut self) {
        set_property(&self.element, "srcObject", &JsValue::NULL);
    }
}
