use gloo_timers::callback::Timeout;
use js_sys::Array;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{HtmlElement, ResizeObserver, ResizeObserverEntry};

use crate::layout::{Size, tile_size};

/// The gap between tiles, in CSS pixels; `call.css` has the same.
const GAP: f64 = 8.0;

/// Observes the size of an element and makes its tiles as large as fit.
#[derive(Debug)]
#[must_use = "observation ends when this is dropped"]
pub(crate) struct Resizes {
    observer: ResizeObserver,
    _callback: Closure<dyn FnMut(Array)>,
}

impl Resizes {
    /// Sets `--tile-width` and `--tile-height` of an element for `count` tiles, now and whenever
    /// its size changes. Returns `None` if the browser has no `ResizeObserver`.
    pub(crate) fn observe(element: HtmlElement, count: usize) -> Option<Self> {
        let target = element.clone();
        // In a later task: Firefox reports a size change inside the observer's callback as an error.
        let mut later = None;
        let callback = Closure::<dyn FnMut(Array)>::new(move |entries: Array| {
            let space = entries
                .get(0)
                .unchecked_into::<ResizeObserverEntry>()
                .content_rect();
            let space = Size {
                width: space.width(),
                height: space.height(),
            };
            let target = target.clone();
            let tile = tile_size(count, space, GAP);
            later.replace(Timeout::new(0, move || apply(&target, tile)));
        });
        let observer = ResizeObserver::new(callback.as_ref().unchecked_ref()).ok()?;
        observer.observe(&element);
        Some(Self {
            observer,
            _callback: callback,
        })
    }
}

/// Uses CSSOM, since the page's Content-Security-Policy forbids `style` attributes.
fn apply(element: &HtmlElement, tile: Size) {
    for (property, length) in [("--tile-width", tile.width), ("--tile-height", tile.height)] {
        // The lengths are whole; formatting an integer takes far less code than formatting a float.
        let value = [&(length as u32).to_string(), "px"].concat();
        // A failure leaves the tiles in one column.
        let _ = element.style().set_property(property, &value);
    }
}

impl Drop for Resizes {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
