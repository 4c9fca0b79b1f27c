//! The ICE servers of a call: those of the page, in its `RTCConfiguration` or returned by a function
//! because their credentials expire, and those that the signaling server offers.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Function, Object, Promise};
use videocalls_protocol::IceServer;
use videocalls_session::Timestamp;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::RtcConfiguration;

use crate::browser::{exception_text, object, property, set_property, within};
use crate::task::Task;
use crate::{CallError, ErrorCode};

/// For how long one answer of the page's function serves all links.
const FRESH: Duration = Duration::from_secs(10);
/// How long the page's function may take, in milliseconds. Connections wait for it.
const TIME_LIMIT: i32 = 5_000;

/// The STUN server of pages that name no ICE servers: for calls between networks, it tells a browser
/// the address that its router has.
const PUBLIC_STUN: &str = "stun:stun.l.google.com:19302";

/// Makes the configuration of every connection of a call.
pub(crate) struct IceServers {
    /// The page's, with the servers in it.
    configuration: RtcConfiguration,
    /// Returns an array of `RTCIceServer`, or a promise of one.
    function: Option<Function>,
    /// Those that the signaling server offers, an array of `RTCIceServer`.
    offered: RefCell<Array>,
    last_answer: RefCell<Option<(Timestamp, Promise)>>,
    reporting: Cell<Option<Task>>,
}

/// Servers that the page has been asked for.
pub(crate) struct Renewal {
    answer: Promise,
    offered: Array,
}

impl IceServers {
    /// Takes the page's configuration, and its function. Without a function and without `iceServers`,
    /// a public STUN server is used.
    pub(crate) fn new(configuration: RtcConfiguration, function: Option<Function>) -> Self {
        let own = property(&configuration, "iceServers");
        if own.is_undefined() && function.is_none() {
            let stun = object(&[("urls", PUBLIC_STUN.into())]);
            set_property(&configuration, "iceServers", &Array::of1(&stun));
        }
        Self {
            configuration,
            function,
            offered: RefCell::default(),
            last_answer: RefCell::default(),
            reporting: Cell::default(),
        }
    }

    /// The configuration to make a connection with.
    pub(crate) fn configuration(&self) -> RtcConfiguration {
        let configuration = Object::assign(&object(&[]), &self.configuration);
        set_property(&configuration, "iceServers", &self.servers());
        configuration.unchecked_into()
    }

    /// The servers that are known now: the page's, then the signaling server's.
    pub(crate) fn servers(&self) -> Array {
        let own = property(&self.configuration, "iceServers");
        joined(&own, &self.offered.borrow())
    }

    /// Takes the servers that the signaling server offers, in place of those that it offered before.
    pub(crate) fn offer(&self, servers: &[IceServer]) {
        self.offered
            .replace(servers.iter().map(dictionary).collect());
    }

    /// Whether the page's servers are those in its configuration.
    pub(crate) fn are_constant(&self) -> bool {
        self.function.is_none()
    }

    /// Asks the page's function, if there is one, and returns a promise of all servers. `fail` gets
    /// the error of a function that throws, rejects or takes too long.
    pub(crate) fn request(&self, now: Timestamp, fail: &Rc<dyn Fn(CallError)>) -> Option<Renewal> {
        let answer = self.ask(now, fail)?;
        let offered = self.offered.borrow().clone();
        Some(Renewal { answer, offered })
    }

    /// Calls the page's function, unless it has just answered.
    fn ask(&self, now: Timestamp, fail: &Rc<dyn Fn(CallError)>) -> Option<Promise> {
        let function = self.function.as_ref()?;
        if let Some(answer) = self.fresh_answer(now) {
            return Some(answer);
        }
        let answer = within(TIME_LIMIT, &call(function), "no answer within 5 s");
        self.last_answer.replace(Some((now, answer.clone())));
        let reporting = Task::spawn(report_failure(answer.clone(), fail.clone()));
        self.reporting.set(Some(reporting));
        Some(answer)
    }

    fn fresh_answer(&self, now: Timestamp) -> Option<Promise> {
        let last = self.last_answer.borrow();
        let (at, answer) = last.as_ref()?;
        (now.since(*at) < FRESH).then(|| answer.clone())
    }
}

impl Renewal {
    /// Waits for the answer of the page's function; returns all servers.
    ///
    /// # Errors
    ///
    /// The function has failed.
    pub(crate) async fn servers(self) -> Result<Array, JsValue> {
        let own = JsFuture::from(self.answer).await?;
        Ok(joined(&own, &self.offered))
    }
}

/// The servers of the page, if they are a list, and those of the signaling server.
fn joined(own: &JsValue, offered: &Array) -> Array {
    own.dyn_ref::<Array>()
        .map_or_else(|| offered.clone(), |own| own.concat(offered))
}

/// An `RTCIceServer` (<https://www.w3.org/TR/webrtc/#rtciceserver-dictionary>).
fn dictionary(server: &IceServer) -> Object {
    let urls: Array = server
        .urls
        .iter()
        .map(|url| JsValue::from(url.as_str()))
        .collect();
    let text = |text: &Option<String>| text.as_deref().map_or(JsValue::UNDEFINED, JsValue::from);
    object(&[
        ("urls", urls.into()),
        ("username", text(&server.username)),
        ("credential", text(&server.credential)),
    ])
}

fn call(function: &Function) -> JsValue {
    let answer = function.call0(&JsValue::UNDEFINED);
    answer.unwrap_or_else(|error| Promise::reject(&error).into())
}

async fn report_failure(answer: Promise, fail: Rc<dyn Fn(CallError)>) {
    if let Err(cause) = JsFuture::from(answer).await {
        let message = ["'iceServers' gave none: ", &exception_text(&cause)].concat();
        fail(CallError {
            cause: Some(cause),
            ..CallError::new(ErrorCode::IceServersFailed, message)
        });
    }
}
