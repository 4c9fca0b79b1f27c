use gloo_timers::callback::Timeout;
use js_sys::Array;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{HtmlElement, ResizeObserver, ResizeObserverEntry};

use crate::layout::{Size, tile_size};

/// The gap between tiles, in CSS pixels; `call.css` has the same.
const GAP: f64 = 8.0;

/// Hears of an element's size, and makes the tiles in it as large as fit.
#[derive(Debug)]
#[must_use = "nothing is heard after this is dropped"]
pub(crate) struct Resizes {
    observer: ResizeObserver,
    _heard: Closure<dyn FnMut(Array)>,
}

impl Resizes {
    /// Keeps `--tile-width` and `--tile-height` of an element fit for so many tiles, now and
    /// whenever its size changes. Returns `None` where the browser can't observe.
    pub(crate) fn observe(element: HtmlElement, count: usize) -> Option<Self> {
        let target = element.clone();
        // Outside of the observer's own round: what changes sizes within it is an error in Firefox.
        let mut later = None;
        let heard = Closure::<dyn FnMut(Array)>::new(move |entries: Array| {
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
        let observer = ResizeObserver::new(heard.as_ref().unchecked_ref()).ok()?;
        observer.observe(&element);
        Some(Self {
            observer,
            _heard: heard,
        })
    }
}

/// By the object model, since the page's policy forbids `style` attributes.
fn apply(element: &HtmlElement, tile: Size) {
    for (property, length) in [("--tile-width", tile.width), ("--tile-height", tile.height)] {
        // Whole numbers already, and the text of those takes far fewer bytes of program.
        let value = [&(length as u32).to_string(), "px"].concat();
        // A browser without custom properties shows the tiles one above the other.
        let _ = element.style().set_property(property, &value);
    }
}

impl Drop for Resizes {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
