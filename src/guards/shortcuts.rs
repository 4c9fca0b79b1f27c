use gloo_events::EventListener;
use videocalls_client::Source;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};
use yew::Callback;

use crate::browser;

/// Elements that handle key presses themselves while they have the focus.
const TAKES_KEYS: &str = "input, textarea, select, button, [contenteditable]";

/// Keyboard shortcuts: M toggles the microphone, V the camera.
#[derive(Debug)]
#[must_use = "the shortcuts end when this is dropped"]
pub(crate) struct Shortcuts {
    _listener: Option<EventListener>,
}

impl Shortcuts {
    /// Listens to key presses on the whole page.
    pub(crate) fn listen(on_toggle: Callback<Source>) -> Self {
        let listener = browser::document().map(|document| {
            EventListener::new(&document, "keydown", move |event| {
                if let Some(kind) = event.dyn_ref().and_then(shortcut) {
                    on_toggle.emit(kind);
                }
            })
        });
        Self {
            _listener: listener,
        }
    }
}

fn shortcut(event: &KeyboardEvent) -> Option<Source> {
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    let taken = target.is_some_and(|target| matches!(target.closest(TAKES_KEYS), Ok(Some(_))));
    if taken || event.repeat() || event.ctrl_key() || event.meta_key() || event.alt_key() {
        return None;
    }
    match event.key().as_str() {
        "m" | "M" => Some(Source::Microphone),
        "v" | "V" => Some(Source::Camera),
        _ => None,
    }
}
