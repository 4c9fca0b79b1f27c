//! Reports TURN servers that fail, each once per call.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsValue;
use web_sys::RtcPeerConnection;

use crate::browser::{property, small, text};
use crate::event_listener::EventListener;
use crate::{CallError, ErrorCode};

/// The code of `icecandidateerror` for a server that can't be reached
/// (<https://www.w3.org/TR/webrtc/#rtcpeerconnectioniceerrorevent>). All other codes are the server's
/// answers (RFC 8489 section 14.8).
const UNREACHABLE: u16 = 701;

/// The TURN servers of a call that have been reported.
#[derive(Default)]
pub(crate) struct TurnFailures {
    reported: RefCell<Vec<String>>,
}

/// Follows the TURN servers of one connection.
struct TurnWatch {
    failures: Rc<TurnFailures>,
    fail: Rc<dyn Fn(CallError)>,
    /// `icecandidateerror` events of servers that were not reached.
    unreachable: RefCell<Vec<JsValue>>,
    has_relay: Cell<bool>,
}

impl TurnFailures {
    /// Follows a connection until the listeners are dropped.
    ///
    /// An answer of a server, such as 401 for wrong credentials, is reported at once. That a server
    /// is not reached is so for one network interface or transport, and another may reach it: it is
    /// reported if the connection ends gathering without a relay candidate.
    pub(crate) fn watch(
        self: &Rc<Self>,
        connection: &RtcPeerConnection,
        fail: &Rc<dyn Fn(CallError)>,
    ) -> [EventListener; 2] {
        let watch = Rc::new(TurnWatch {
            failures: self.clone(),
            fail: fail.clone(),
            unreachable: RefCell::default(),
            has_relay: Cell::new(false),
        });
        let gathering = watch.clone();
        [
            EventListener::new(connection, "icecandidateerror", move |event| {
                watch.failed(event);
            }),
            EventListener::new(connection, "icecandidate", move |event| {
                gathering.gathered(&property(event, "candidate"));
            }),
        ]
    }

    /// Notes a failure of a server; returns whether it is the first.
    fn is_first_of(&self, url: &str) -> bool {
        let mut reported = self.reported.borrow_mut();
        let is_first = !reported.iter().any(|known| known == url);
        if is_first {
            reported.push(url.to_owned());
        }
        is_first
    }
}

impl TurnWatch {
    fn failed(&self, event: &JsValue) {
        if !text(event, "url").starts_with("turn") {
            return;
        }
        if code_of(event) == UNREACHABLE {
            self.unreachable.borrow_mut().push(event.clone());
        } else {
            self.report(event);
        }
    }

    /// Takes a local candidate; null marks the end of gathering.
    fn gathered(&self, candidate: &JsValue) {
        if candidate.is_object() {
            let is_relay = property(candidate, "type") == *"relay";
            return self.has_relay.set(self.has_relay.get() || is_relay);
        }
        let unreachable = self.unreachable.take();
        if !self.has_relay.get() {
            unreachable.iter().for_each(|event| self.report(event));
        }
    }

    fn report(&self, event: &JsValue) {
        let url = text(event, "url");
        if self.failures.is_first_of(&url) {
            (self.fail)(turn_failed(&url, event));
        }
    }
}

fn turn_failed(url: &str, event: &JsValue) -> CallError {
    let code = code_of(event).to_string();
    let reason = text(event, "errorText");
    let message = ["the TURN server", url, "failed with", &code, &reason].join(" ");
    CallError {
        cause: Some(event.clone()),
        ..CallError::new(ErrorCode::TurnFailed, message.trim_end_matches(' '))
    }
}

fn code_of(event: &JsValue) -> u16 {
    property(event, "errorCode")
        .as_f64()
        .map_or(UNREACHABLE, small)
}
