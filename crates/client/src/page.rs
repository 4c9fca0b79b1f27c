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

/// Reads an event.
type Reading = fn(&JsValue) -> Option<Input>;

fn listen_to_page(report: &Rc<dyn Fn(Input)>) -> Vec<EventListener> {
    let window: JsValue = js_sys::global().into();
    let document = global("document");
    let network = property(&global("navigator"), "connection");
    let network_changed: Reading = |_| Some(Input::NetworkChanged);
    let of_window: [(_, Reading); 4] = [
        ("beforeunload", |_| Some(Input::PageMayUnload)),
        ("pagehide", |event| Some(page_hidden(event))),
        ("pageshow", |event| {
            persists(event).then_some(Input::PageRestored)
        }),
        ("online", network_changed),
    ];
    let mut listeners = Vec::new();
    for (kind, reading) in of_window {
        listeners.extend(listen(&window, kind, report, reading));
    }
    for kind in ["visibilitychange", "resume"] {
        listeners.extend(listen(&document, kind, report, network_changed));
    }
    listeners.extend(listen(&network, "change", report, network_changed));
    listeners
}

/// Listens to a target, if the browser has it.
fn listen(
    target: &JsValue,
    kind: &'static str,
    report: &Rc<dyn Fn(Input)>,
    input_of: Reading,
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
