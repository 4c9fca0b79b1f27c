//! The parts of WebRTC that web-sys 0.3.107 lacks, and helpers for JavaScript values and promises.

use js_sys::{Array, Function, Object, Promise, Reflect, Set};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::RtcPeerConnection;

#[wasm_bindgen]
extern "C" {
    /// `RTCPeerConnection` with the method that perfect negotiation needs
    /// (<https://www.w3.org/TR/webrtc/#dom-rtcpeerconnection-setlocaldescription>).
    #[wasm_bindgen(extends = RtcPeerConnection)]
    pub(crate) type PeerConnectionExt;

    /// Creates the offer or answer that fits the signaling state, and sets it.
    #[wasm_bindgen(method, js_name = setLocalDescription)]
    pub(crate) fn set_implicit_local_description(this: &PeerConnectionExt) -> Promise;

    /// Calls a function later with an argument.
    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout(call: &Function, milliseconds: i32, argument: &JsValue) -> i32;

    /// Forgets a call that is not due yet.
    #[wasm_bindgen(js_name = clearTimeout)]
    pub(crate) fn clear_timeout(id: i32);

    /// What must be released if the WebAssembly panics, for the script that has loaded it.
    #[wasm_bindgen(js_name = videocallsHoldings, thread_local_v2)]
    static HOLDINGS: Option<Set>;
}

/// Ignores the outcome of a promise, and keeps a rejection from being reported as unhandled.
pub(crate) fn ignore(promise: &Promise) {
    drop(JsFuture::from(promise.clone()));
}

/// Registers a connection, a track, a socket, or a promise of tracks to be released if the
/// WebAssembly panics.
pub(crate) fn track(thing: &JsValue) {
    HOLDINGS.with(|holdings| holdings.as_ref().map(|holdings| holdings.add(thing)));
}

/// Unregisters what has been released.
pub(crate) fn untrack(thing: &JsValue) {
    HOLDINGS.with(|holdings| holdings.as_ref().map(|holdings| holdings.delete(thing)));
}

/// Reads a property; anything unreadable is `undefined`.
pub(crate) fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// Reads a global of the page, such as `navigator`.
pub(crate) fn global(name: &str) -> JsValue {
    property(&js_sys::global(), name)
}

/// Reads a text; anything else is empty.
pub(crate) fn text(object: &JsValue, name: &str) -> String {
    property(object, name).as_string().unwrap_or_default()
}

/// Waits.
pub(crate) async fn delay(milliseconds: i32) {
    let _ = JsFuture::from(time_limit(milliseconds, &JsValue::UNDEFINED)).await;
}

/// A promise that settles like the given one, or is rejected if that takes too long. Any other value
/// fulfils it.
pub(crate) fn within(milliseconds: i32, answer: &JsValue, late: &str) -> Promise {
    let limit = time_limit(milliseconds, &js_sys::Error::new(late));
    Promise::race(&[answer, &limit].into_iter().collect::<Array>())
}

/// A promise that is rejected after some time.
fn time_limit(milliseconds: i32, reason: &JsValue) -> Promise {
    Promise::new(&mut |_, reject| {
        set_timeout(&reject, milliseconds, reason);
    })
}

/// Calls a method with one argument; `None` if there is none of this name, or it throws.
pub(crate) fn call_method(object: &JsValue, name: &str, argument: &JsValue) -> Option<JsValue> {
    let method = property(object, name).dyn_into::<Function>().ok()?;
    method.call1(object, argument).ok()
}

/// A number that the browser keeps small, such as an index or an HTTP status.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number out of bounds becomes the nearest one within"
)]
pub(crate) fn small(number: f64) -> u16 {
    number as u16
}

/// Writes a property of a plain object, or one that the browser's object has.
pub(crate) fn set_property(object: &JsValue, name: &str, value: &JsValue) {
    let _ = Reflect::set(object, &JsValue::from_str(name), value);
}

/// Makes a plain object, such as a dictionary of WebIDL.
pub(crate) fn object(fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in fields {
        set_property(&object, name, value);
    }
    object
}

/// The name of an exception, such as `NotAllowedError`.
pub(crate) fn exception_name(error: &JsValue) -> String {
    text(error, "name")
}

/// The text of an exception.
pub(crate) fn exception_text(error: &JsValue) -> String {
    let message = text(error, "message");
    let name = exception_name(error);
    if name.is_empty() {
        message
    } else {
        [name.as_str(), &message].join(": ")
    }
}
