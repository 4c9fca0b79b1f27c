use wasm_bindgen::prelude::*;
use web_sys::EventTarget;

/// A listener for one type of event, which is removed when this is dropped.
#[derive(Debug)]
#[must_use = "the listener is removed when this is dropped"]
pub(crate) struct EventListener {
    target: EventTarget,
    event: &'static str,
    callback: Closure<dyn FnMut(JsValue)>,
}

impl EventListener {
    pub(crate) fn new(
        target: &EventTarget,
        event: &'static str,
        callback: impl FnMut(&JsValue) + 'static,
    ) -> Self {
        Self::add(target, event, Box::new(callback))
    }

    fn add(
        target: &EventTarget,
        event: &'static str,
        mut callback: Box<dyn FnMut(&JsValue)>,
    ) -> Self {
        let callback = Closure::new(move |event| callback(&event));
        // Fails for no event target.
        let _ = target.add_event_listener_with_callback(event, callback.as_ref().unchecked_ref());
        Self {
            target: target.clone(),
            event,
            callback,
        }
    }
}

impl Drop for EventListener {
    fn drop(&mut self) {
        let callback = self.callback.as_ref().unchecked_ref();
        let _ = self
            .target
            .remove_event_listener_with_callback(self.event, callback);
    }
}
