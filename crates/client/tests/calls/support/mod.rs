//! What the tests of whole calls share: a socket without a network, and a record of events.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Object};
use videocalls_client::{CallBuilder, CallEvent, MediaRequest, VideoCall};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/tests/calls/support/fake_socket.js")]
extern "C" {
    #[derive(Clone)]
    pub type FakeSocket;

    #[wasm_bindgen(constructor)]
    pub fn new() -> FakeSocket;

    #[wasm_bindgen(method, getter)]
    pub fn sent(this: &FakeSocket) -> Array;

    #[wasm_bindgen(method, setter, js_name = onSend)]
    pub fn set_on_send(this: &FakeSocket, on_send: &JsValue);

    #[wasm_bindgen(method)]
    pub fn open(this: &FakeSocket);

    #[wasm_bindgen(method)]
    pub fn receive(this: &FakeSocket, text: &str);

    #[wasm_bindgen(method, js_name = loseWith)]
    pub fn lose_with(this: &FakeSocket, code: u16);
}

/// The events of a call so far.
pub(crate) type Events = Rc<RefCell<Vec<CallEvent>>>;

/// What a `rooms` server sends to the first participant of a room.
pub(crate) const WELCOME: &str = r#"{"type":"welcome","v":1,"id":"p1","participants":[],"resume":"r1","epoch":"e1","seq":0,"ping":10000}"#;

/// What a `rooms` server sends to the second participant of a room.
pub(crate) const WELCOME_WITH_PEER: &str = r#"{"type":"welcome","v":1,"id":"p1","participants":[{"id":"p2","tracks": { "microphone": "live", "camera": "live" }}],"resume":"r1","epoch":"e1","seq":0,"ping":10000}"#;

/// A call without devices over a fake socket, not started.
pub(crate) fn call_over(socket: &FakeSocket) -> CallBuilder {
    let opened: JsValue = socket.clone().into();
    let opener = Closure::<dyn FnMut(JsValue) -> JsValue>::new(move |_| opened.clone());
    VideoCall::builder("wss://example.org/")
        .room("tea")
        .socket(opener.into_js_value().unchecked_into())
        .audio(MediaRequest::Nothing)
        .video(MediaRequest::Nothing)
        .rtc_configuration(&without_ice_servers())
}

/// No test depends on the Internet.
fn without_ice_servers() -> Object {
    let none: JsValue = Array::new().into();
    let configuration = Object::new();
    js_sys::Reflect::set(&configuration, &"iceServers".into(), &none).unwrap();
    configuration
}

/// Starts a call and records its events.
pub(crate) fn start_recording(builder: CallBuilder) -> (VideoCall, Events) {
    let events = Events::default();
    let record = events.clone();
    let call = builder
        .start_with(move |event| record.borrow_mut().push(event.clone()))
        .unwrap();
    (call, events)
}

/// A JavaScript function out of a Rust one.
pub(crate) fn function(call: impl FnMut(JsValue) + 'static) -> JsValue {
    Closure::<dyn FnMut(JsValue)>::new(call).into_js_value()
}

/// Lets all promises that are due settle.
pub(crate) async fn settle() {
    let next_turn = js_sys::Promise::new(&mut |resolve, _| {
        let window = web_sys::window().unwrap();
        window
            .set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, 0)
            .unwrap();
    });
    wasm_bindgen_futures::JsFuture::from(next_turn)
        .await
        .unwrap();
}
