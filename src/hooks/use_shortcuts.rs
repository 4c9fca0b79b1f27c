use gloo_events::EventListener;
use videocalls_client::TrackKind;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};
use yew::{hook, use_effect_with};

use super::CallHandle;
use crate::browser;

/// Where a letter belongs to what has the focus.
const TAKES_KEYS: &str = "input, textarea, select, button, [contenteditable]";

/// Turns the microphone on and off by M and the camera by V.
#[hook]
pub fn use_shortcuts(call: &CallHandle) {
    let call = call.clone();
    use_effect_with((), move |()| {
        let listener = browser::document().map(|document| {
            EventListener::new(&document, "keydown", move |event| {
                if let Some(kind) = event.dyn_ref().and_then(shortcut) {
                    call.toggle(kind);
                }
            })
        });
        move || drop(listener)
    });
}

fn shortcut(event: &KeyboardEvent) -> Option<TrackKind> {
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    let taken = target.is_some_and(|target| matches!(target.closest(TAKES_KEYS), Ok(Some(_))));
    if taken || event.repeat() || event.ctrl_key() || event.meta_key() || event.alt_key() {
        return None;
    }
    match event.key().as_str() {
        "m" | "M" => Some(TrackKind::Audio),
        "v" | "V" => Some(TrackKind::Video),
        _ => None,
    }
}
