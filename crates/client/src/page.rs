//! The page that a call runs in: whether it is shown, hidden or unloaded, and its network.

use std::cell::Cell;
use std::rc::Rc;

use videocalls_session::Input;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::EventTarget;

use crate::browser::{global, property};
use crate::event_listener::EventListener;
use crate::seat_storage::SeatStorage;

pub(crate) struct Page {
    seats: SeatStorage,
    listeners: Cell<Vec<EventListener>>,
}

impl Page {
    pub(crate) fn new(seats: SeatStorage) -> Self {
        Self {
            seats,
            listeners: Cell::default(),
        }
    }

    pub(crate) fn seats(&self) -> &SeatStorage {
        &self.seats
    }

    /// Reports when the page goes away, and each moment at which a lost connection may work again:
    /// the browser is online, has another network, or shows the page again.
    pub(crate) fn follow(&self, report: &Rc<dyn Fn(Input)>) {
        self.listeners.set(listen_to_page(report));
    }

    pub(crate) fn unfollow(&self) {
        self.listeners.take();
    }
}

fn listen_to_page(report: &Rc<dyn Fn(Input)>) -> Vec<EventListener> {
    let window: JsValue = js_sys::global().into();
    let document = global("document");
    let network = property(&global("navigator"), "connection");
    let network_changed = |_: &JsValue| Some(Input::NetworkChanged);
    [
        listen(&window, "beforeunload", report, |_| {
            Some(Input::PageMayUnload)
        }),
        listen(&window, "pagehide", report, |event| {
            Some(page_hidden(event))
        }),
        listen(&window, "pageshow", report, |event| {
            persists(event).then_some(Input::PageRestored)
        }),
        listen(&window, "online", report, network_changed),
        listen(&document, "visibilitychange", report, network_changed),
        listen(&document, "resume", report, network_changed),
        listen(&network, "change", report, network_changed),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Listens to a target, if the browser has it.
fn listen(
    target: &JsValue,
    kind: &'static str,
    report: &Rc<dyn Fn(Input)>,
    input_of: fn(&JsValue) -> Option<Input>,
) -> Option<EventListener> {
    let target = target
        .is_object()
        .then(|| target.unchecked_ref::<EventTarget>())?;
    let report = report.clone();
    Some(EventListener::new(target, kind, move |event| {
        if let Some(input) = input_of(event) {
            report(input);
        }
    }))
}

/// No browser distinguishes a page that is reloaded from one that is left.
fn page_hidden(event: &JsValue) -> Input {
    if persists(event) {
        Input::PageSuspended
    } else {
        Input::PageUnloading
    }
}

/// Whether the browser keeps, or has kept, the page in its back-forward cache.
fn persists(event: &JsValue) -> bool {
    property(event, "persisted").is_truthy()
}
