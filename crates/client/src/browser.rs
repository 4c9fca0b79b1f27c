//! What web-sys 0.3.107 lacks of WebRTC, and small helpers around promises.

use js_sys::{Function, Object, Promise, Reflect, Set};
use wasm_bindgen::prelude::*;
use web_sys::{MediaStream, RtcPeerConnection, RtcRtpSender};

#[wasm_bindgen]
extern "C" {
    /// `RTCPeerConnection` with the methods that perfect negotiation needs
    /// (<https://www.w3.org/TR/webrtc/#dom-rtcpeerconnection-setlocaldescription>).
    #[wasm_bindgen(extends = RtcPeerConnection)]
    pub(crate) type PeerConnectionExt;

    /// Makes the offer or answer that fits the signaling state, and sets it.
    #[wasm_bindgen(method, js_name = setLocalDescription)]
    pub(crate) fn set_implicit_local_description(this: &PeerConnectionExt) -> Promise;

    /// Has the next offer start ICE anew
    /// (<https://www.w3.org/TR/webrtc/#dom-rtcpeerconnection-restartice>).
    #[wasm_bindgen(method, js_name = restartIce)]
    pub(crate) fn restart_ice(this: &PeerConnectionExt);

    /// Says that no more candidates will come.
    #[wasm_bindgen(method, js_name = addIceCandidate)]
    pub(crate) fn end_ice_candidates(this: &PeerConnectionExt) -> Promise;

    #[wasm_bindgen(extends = RtcRtpSender)]
    pub(crate) type SenderExt;

    /// Says which stream the track belongs to, for the other end
    /// (<https://www.w3.org/TR/webrtc/#dom-rtcrtpsender-setstreams>).
    #[wasm_bindgen(method, js_name = setStreams)]
    pub(crate) fn set_streams(this: &SenderExt, stream: &MediaStream);

    /// Calls a function later.
    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout(call: &Function, milliseconds: i32);

    #[wasm_bindgen(js_name = isSecureContext, thread_local_v2)]
    pub(crate) static IS_SECURE_CONTEXT: Option<bool>;

    /// What is to be given back if the WebAssembly breaks; there if who has loaded it does that.
    #[wasm_bindgen(js_name = videocallsHoldings, thread_local_v2)]
    static HOLDINGS: Option<Set>;

    /// `navigator.permissions`, where a browser has it.
    pub(crate) type Permissions;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn query(this: &Permissions, descriptor: &JsValue) -> Result<Promise, JsValue>;
}

thread_local! {
    static NOTHING: Closure<dyn FnMut(JsValue)> = Closure::new(|_| {});
}

/// Lets a promise go its way, whatever becomes of it.
pub(crate) fn ignore(promise: &Promise) {
    NOTHING.with(|nothing| {
        let _ = promise.catch(nothing);
    });
}

/// Has a connection, a track, a socket, or a promise of tracks given back if the WebAssembly breaks.
pub(crate) fn track(thing: &JsValue) {
    HOLDINGS.with(|holdings| holdings.as_ref().map(|holdings| holdings.add(thing)));
}

/// Says that it has been given back.
pub(crate) fn untrack(thing: &JsValue) {
    HOLDINGS.with(|holdings| holdings.as_ref().map(|holdings| holdings.delete(thing)));
}

/// Reads a property; anything unreadable is `undefined`.
pub(crate) fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// Reads a text; anything else is empty.
pub(crate) fn text(object: &JsValue, name: &str) -> String {
    property(object, name).as_string().unwrap_or_default()
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

/// Writes a property of an object that takes it: a plain one of our own, or one of the browser's that
/// has it.
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
