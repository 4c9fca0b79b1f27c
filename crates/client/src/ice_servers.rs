//! The ICE servers of a call: those in the `RTCConfiguration`, or those that a function of the page
//! returns because their credentials expire.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Function, Object, Promise};
use videocalls_session::Timestamp;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RtcConfiguration, RtcPeerConnection};

use crate::browser::{exception_text, object, within};
use crate::task::Task;
use crate::{CallError, ErrorCode};

/// For how long one answer of the page's function serves all links.
const FRESH: Duration = Duration::from_secs(10);
/// How long the page's function may take, in milliseconds. Connections wait for it.
const TIME_LIMIT: i32 = 5_000;

/// Makes the configuration of every connection of a call.
pub(crate) struct IceServers {
    configuration: RtcConfiguration,
    /// Returns an array of `RTCIceServer`, or a promise of one.
    function: Option<Function>,
    last_answer: RefCell<Option<(Timestamp, Promise)>>,
    reporting: Cell<Option<Task>>,
}

impl IceServers {
    pub(crate) fn new(configuration: RtcConfiguration, function: Option<Function>) -> Self {
        Self {
            configuration,
            function,
            last_answer: RefCell::default(),
            reporting: Cell::default(),
        }
    }

    /// The configuration to make a connection with.
    pub(crate) fn configuration(&self) -> &RtcConfiguration {
        &self.configuration
    }

    /// Calls the page's function, if there is one that has not just answered. `fail` gets the error
    /// of a function that throws, rejects or takes too long.
    pub(crate) fn request(&self, now: Timestamp, fail: &Rc<dyn Fn(CallError)>) -> Option<Promise> {
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

/// Waits for the answer of the page's function and gives it to a connection, which gathers its next
/// generation of candidates with it.
///
/// # Errors
///
/// The function has failed, or the browser does not take what it returned.
pub(crate) async fn renew(
    connection: &RtcPeerConnection,
    configuration: &Object,
    answer: Promise,
) -> Result<(), JsValue> {
    let servers = JsFuture::from(answer).await?;
    let renewed = Object::assign(&object(&[]), configuration);
    let renewed = Object::assign(&renewed, &object(&[("iceServers", servers)]));
    connection.set_configuration_with_configuration(renewed.unchecked_ref())
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
