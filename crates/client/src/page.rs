//! What becomes of the page, and of the network that it has.

use gloo_events::EventListener;
use videocalls_session::Input;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, EventTarget};

use crate::browser::property;

/// Says goodbye when the page goes away, since nobody else can; no browser tells whether it is only
/// loaded anew. Tells of moments at which what was lost may be back: the browser is online, has
/// another network, or is looked at again.
pub(crate) fn follow(feed: &(impl Fn(Input) + Clone + 'static)) -> Vec<EventListener> {
    let Some(window) = web_sys::window() else {
        return Vec::new();
    };
    let navigator = property(&window, "navigator");
    let document = property(&window, "document");
    let [warn, leave, wake, network_changed] =
        [feed.clone(), feed.clone(), feed.clone(), feed.clone()];
    let network_changed = move |_: &Event| network_changed(Input::NetworkChanged);
    let listeners = [
        listen(window.clone().into(), "beforeunload", move |_| {
            warn(Input::PageMayUnload)
        }),
        listen(window.clone().into(), "pagehide", move |event| {
            leave(match persists(event) {
                true => Input::PageSuspended,
                false => Input::PageUnloading,
            });
        }),
        listen(window.clone().into(), "pageshow", move |event| {
            if persists(event) {
                wake(Input::PageRestored);
            }
        }),
        listen(window.into(), "online", network_changed.clone()),
        listen(
            document.clone(),
            "visibilitychange",
            network_changed.clone(),
        ),
        listen(document, "resume", network_changed.clone()),
        listen(
            property(&navigator, "connection"),
            "change",
            network_changed,
        ),
    ];
    listeners.into_iter().flatten().collect()
}

/// Listens, where the browser has such a thing.
fn listen(
    source: JsValue,
    kind: &'static str,
    mut hear: impl FnMut(&Event) + 'static,
) -> Option<EventListener> {
    let source = source
        .is_object()
        .then(|| source.unchecked_into::<EventTarget>())?;
    Some(EventListener::new(&source, kind, move |event| hear(event)))
}

/// Whether the browser keeps the page as it is, or has kept it.
fn persists(event: &Event) -> bool {
    property(event, "persisted").is_truthy()
}
