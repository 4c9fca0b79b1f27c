use js_sys::Array;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlElement, ResizeObserver, ResizeObserverEntry};
use yew::{NodeRef, hook, use_effect_with};

use crate::layout::{Size, tile_size};

/// The gap between tiles, in CSS pixels; `call.css` has the same.
const GAP: f64 = 8.0;

/// Sets `--tile-width` and `--tile-height` of the element behind `node` to what lets `count` tiles
/// fill it best, whenever either changes.
#[hook]
pub fn use_tile_size(node: &NodeRef, count: usize) {
    let node = node.clone();
    use_effect_with(count, move |&count| {
        let sizes = node.cast::<HtmlElement>().and_then(|element| {
            let target = element.clone();
            Resizes::observe(&element, move |space| {
                apply(&target, tile_size(count, space, GAP))
            })
        });
        move || drop(sizes)
    });
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

/// Hears of an element's size, now and whenever it changes.
#[must_use = "nothing is heard after this is dropped"]
struct Resizes {
    observer: ResizeObserver,
    _heard: Closure<dyn FnMut(Array)>,
}

impl Resizes {
    /// Returns `None` where the browser can't observe.
    fn observe(element: &Element, resized: impl Fn(Size) + 'static) -> Option<Self> {
        let heard = Closure::<dyn FnMut(Array)>::new(move |entries: Array| {
            let space = entries
                .get(0)
                .unchecked_into::<ResizeObserverEntry>()
                .content_rect();
            resized(Size {
                width: space.width(),
                height: space.height(),
            });
        });
        let observer = ResizeObserver::new(heard.as_ref().unchecked_ref()).ok()?;
        observer.observe(element);
        Some(Self {
            observer,
            _heard: heard,
        })
    }
}

impl Drop for Resizes {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
