//! Devices and browsers that refuse.

use js_sys::Array;
use videocalls_client::{
    CallEvent, ErrorCode, MediaRequest, Source, TrackState, UnavailableReason, dialects,
};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{Events, FakeSocket, call_over, settle, start_recording};

const DENIED: TrackState = TrackState::Unavailable(UnavailableReason::PermissionDenied);

#[wasm_bindgen(module = "/tests/calls/support/fake_browser.js")]
extern "C" {
    type FakeDevices;

    #[wasm_bindgen(constructor)]
    fn new(microphone: &str, camera: &str) -> FakeDevices;

    #[wasm_bindgen(method, getter)]
    fn requests(this: &FakeDevices) -> Array;

    #[wasm_bindgen(method, js_name = forbidInFrame)]
    fn forbid_in_frame(this: &FakeDevices);

    #[wasm_bindgen(method)]
    fn restore(this: &FakeDevices);

    type NoWebRtc;

    #[wasm_bindgen(constructor)]
    fn new() -> NoWebRtc;

    #[wasm_bindgen(method)]
    fn restore(this: &NoWebRtc);

    type Connections;

    #[wasm_bindgen(constructor)]
    fn new() -> Connections;

    #[wasm_bindgen(method, js_name = failServer)]
    fn fail_server(this: &Connections, url: &str, code: u16, reason: &str);

    #[wasm_bindgen(method, js_name = endGathering)]
    fn end_gathering(this: &Connections);

    #[wasm_bindgen(method)]
    fn restore(this: &Connections);
}

#[wasm_bindgen_test]
async fn a_blocked_camera_leaves_the_microphone_to_be_asked_for() {
    let outcome = ask("prompt", "denied").await;
    assert_eq!(outcome.requests, "microphone+camera,microphone");
    assert_eq!(outcome.states, [TrackState::Live, DENIED]);
}

#[wasm_bindgen_test]
async fn a_blocked_microphone_leaves_the_camera_to_be_asked_for() {
    let outcome = ask("denied", "prompt").await;
    assert_eq!(outcome.requests, "microphone+camera,camera");
    assert_eq!(outcome.states, [DENIED, TrackState::Live]);
}

#[wasm_bindgen_test]
async fn a_closed_question_for_both_devices_is_not_asked_again() {
    let outcome = ask("dismissed", "dismissed").await;
    assert_eq!(outcome.requests, "microphone+camera");
    assert_eq!(outcome.states, [DENIED; 2]);
}

#[wasm_bindgen_test]
async fn two_blocked_devices_are_not_asked_for_again() {
    let outcome = ask("denied", "denied").await;
    assert_eq!(outcome.requests, "microphone+camera");
}

#[wasm_bindgen_test]
async fn a_frame_that_is_not_allowed_devices_names_the_attribute() {
    let devices = FakeDevices::new("denied", "denied");
    devices.forbid_in_frame();
    let (_call, events) = start_recording(call_over(&FakeSocket::new()).audio(MediaRequest::Any));
    settle().await;
    devices.restore();
    let message = errors(&events)[0].1.clone();
    assert!(
        message.contains(r#"allow="camera; microphone""#),
        "{message}"
    );
}

#[wasm_bindgen_test]
fn without_webrtc_nothing_is_started() {
    let browser = NoWebRtc::new();
    let devices = FakeDevices::new("granted", "granted");
    let socket = FakeSocket::new();
    let started = call_over(&socket).audio(MediaRequest::Any).start();
    browser.restore();
    devices.restore();
    assert_eq!(started.unwrap_err().code, ErrorCode::UnsupportedBrowser);
    assert_eq!(devices.requests().length(), 0);
}

#[wasm_bindgen_test]
fn a_turn_server_that_refuses_is_reported_once() {
    let connections = Connections::new();
    let call = call_over(&FakeSocket::new()).dialect(dialects::relay);
    let (_call, events) = start_recording(call);
    for _ in 0..2 {
        connections.fail_server("turn:turn.example.org:3478", 401, "Unauthorized");
    }
    connections.fail_server("stun:stun.example.org", 701, "no answer");
    connections.restore();
    let [(code, message)] = &errors(&events)[..] else {
        panic!("{:?}", errors(&events));
    };
    assert_eq!(*code, "turn-failed");
    assert!(
        message.contains("turn.example.org") && message.contains("401"),
        "{message}"
    );
}

#[wasm_bindgen_test]
fn a_turn_server_that_is_not_reached_is_reported_when_gathering_ends() {
    let connections = Connections::new();
    let call = call_over(&FakeSocket::new()).dialect(dialects::relay);
    let (_call, events) = start_recording(call);
    connections.fail_server("turn:turn.example.org:3478", 701, "");
    assert!(errors(&events).is_empty());
    connections.end_gathering();
    connections.restore();
    assert_eq!(errors(&events).len(), 1);
}

struct Outcome {
    requests: String,
    /// Of the microphone and the camera.
    states: [TrackState; 2],
}

/// What becomes of a call with these permissions.
async fn ask(microphone: &str, camera: &str) -> Outcome {
    let devices = FakeDevices::new(microphone, camera);
    let socket = FakeSocket::new();
    let call = call_over(&socket)
        .audio(MediaRequest::Any)
        .video(MediaRequest::Any)
        .start()
        .unwrap();
    settle().await;
    devices.restore();
    let snapshot = call.snapshot();
    Outcome {
        requests: devices.requests().join(",").into(),
        states: [Source::Microphone, Source::Camera].map(|source| snapshot.local.of(source)),
    }
}

fn errors(events: &Events) -> Vec<(&'static str, String)> {
    let events = events.borrow();
    let errors = events.iter().filter_map(|event| match event {
        CallEvent::Error(error) => Some((error.code.as_str(), error.message.clone())),
        _ => None,
    });
    errors.collect()
}
