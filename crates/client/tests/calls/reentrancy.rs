//! Sockets, functions of the page and listeners that call back before they return.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::support::{
    Events, FakeSocket, WELCOME, WELCOME_WITH_PEER, call_over, function, settle, start_recording,
};
use videocalls_client::{
    CallEvent, CallState, EndReason, MediaRequest, Source, VideoCall, dialects,
};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn a_socket_that_closes_inside_send_ends_its_call_only() {
    let (failing, healthy) = (FakeSocket::new(), FakeSocket::new());
    let lost = failing.clone();
    failing.set_on_send(&function(move |_| lost.lose_with(1006)));
    let failing_call = call_over(&failing).dialect(dialects::socketio_rooms);
    let (_failing_call, failing_events) = start_recording(failing_call);
    let healthy_call = call_over(&healthy).start().unwrap();
    failing.open();
    failing.receive(r#"0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#);
    assert_eq!(failing.sent().length(), 1);
    assert!(matches!(
        failing_events.borrow().last(),
        Some(CallEvent::Ended(EndReason::Unreachable))
    ));
    healthy.open();
    healthy.receive(WELCOME);
    assert_eq!(healthy_call.snapshot().state, CallState::Connected);
}

#[wasm_bindgen_test]
fn a_socket_that_receives_inside_send_joins() {
    let socket = FakeSocket::new();
    let server = socket.clone();
    let mut answered = false;
    socket.set_on_send(&function(move |_| {
        if !std::mem::replace(&mut answered, true) {
            server.receive(WELCOME);
        }
    }));
    let (call, _events) = start_recording(call_over(&socket));
    socket.open();
    assert_eq!(call.snapshot().state, CallState::Connected);
}

#[wasm_bindgen_test]
fn a_socket_that_closes_inside_close_is_closed_once() {
    let socket = FakeSocket::new();
    let (call, events) = start_recording(call_over(&socket));
    socket.open();
    socket.receive(WELCOME);
    call.end();
    let ends = events
        .borrow()
        .iter()
        .filter(|event| matches!(event, CallEvent::Ended(_)))
        .count();
    assert_eq!(ends, 1);
}

#[wasm_bindgen_test]
fn a_lost_socket_that_closes_inside_close_is_retried_once() {
    let socket = FakeSocket::new();
    let (call, events) = start_recording(call_over(&socket));
    socket.open();
    socket.receive(WELCOME);
    socket.lose_with(1006);
    assert_eq!(call.snapshot().state, CallState::Reconnecting);
    let count = events.borrow().len();
    socket.lose_with(1006);
    assert_eq!(events.borrow().len(), count);
}

#[wasm_bindgen_test]
fn toggle_inside_a_listener_returns_the_new_intention() {
    let socket = FakeSocket::new();
    let returned = Rc::new(Cell::new(None));
    let call: Rc<RefCell<Option<VideoCall>>> = Rc::default();
    let (kept, inner) = (returned.clone(), call.clone());
    let listener = move |event: &CallEvent| {
        if let (CallEvent::StateChanged(CallState::Connected), Some(call)) =
            (event, &*inner.borrow())
        {
            kept.set(Some(call.toggle(Source::Microphone, None)));
        }
    };
    let never = js_sys::Promise::new(&mut |_, _| {});
    let started = call_over(&socket)
        .audio(MediaRequest::Given(never))
        .start_with(listener)
        .unwrap();
    assert_eq!(started.toggle(Source::Microphone, Some(true)), Some(true));
    *call.borrow_mut() = Some(started);
    socket.open();
    socket.receive(WELCOME);
    assert_eq!(returned.get(), Some(Some(false)));
}

#[wasm_bindgen_test]
fn a_call_ended_inside_a_listener_reports_its_end_last() {
    let socket = FakeSocket::new();
    let (call, events) = start_recording(call_over(&socket));
    let ending = call.clone();
    let subscription = call.subscribe(move |event| {
        if matches!(event, CallEvent::StateChanged(CallState::Connected)) {
            ending.end();
        }
    });
    socket.open();
    socket.receive(WELCOME);
    drop(subscription);
    let states: Vec<_> = events
        .borrow()
        .iter()
        .filter_map(|event| match event {
            CallEvent::StateChanged(state) => Some(*state),
            _ => None,
        })
        .collect();
    let ended = CallState::Ended(EndReason::Left);
    assert_eq!(states, [CallState::Connecting, CallState::Connected, ended]);
    assert!(matches!(
        events.borrow().last(),
        Some(CallEvent::Ended(EndReason::Left))
    ));
}

#[wasm_bindgen_test]
async fn errors_of_ice_servers_reach_their_own_call() {
    let (failing, healthy) = (FakeSocket::new(), FakeSocket::new());
    let refuse = js_sys::Function::new_no_args("throw new Error('no credentials')");
    let (_first, first_events) =
        start_recording(call_over(&failing).ice_servers(refuse.unchecked_into()));
    let (_second, second_events) = start_recording(call_over(&healthy));
    for socket in [&failing, &healthy] {
        socket.open();
        socket.receive(WELCOME_WITH_PEER);
    }
    settle().await;
    settle().await;
    let codes = |events: &Events| -> Vec<_> {
        events
            .borrow()
            .iter()
            .filter_map(|event| match event {
                CallEvent::Error(error) => Some(error.code.as_str()),
                _ => None,
            })
            .collect()
    };
    assert_eq!(codes(&first_events), ["ice-servers-failed"]);
    assert!(codes(&second_events).is_empty());
}
