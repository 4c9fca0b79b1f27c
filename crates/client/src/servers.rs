//! Where the ICE servers come from: the configuration, or a function that the page gives because
//! their credentials run out.

use std::cell::RefCell;
use std::time::Duration;

use js_sys::{Function, Object, Promise};
use videocalls_session::Timestamp;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RtcConfiguration, RtcPeerConnection};

use crate::browser::object;

/// For how long an answer of the page serves all links.
const FRESH: Duration = Duration::from_secs(10);

/// What all connections of a call are made with.
#[derive(Debug)]
pub(crate) struct Servers {
    configuration: RtcConfiguration,
    /// Returns the `iceServers` that are valid now, or a promise of them.
    ask: Option<Function>,
    asked: RefCell<Option<(Timestamp, Promise)>>,
}

impl Servers {
    pub(crate) fn new(configuration: RtcConfiguration, ask: Option<Function>) -> Self {
        Self {
            configuration,
            ask,
            asked: RefCell::default(),
        }
    }

    /// What the configuration says of itself.
    pub(crate) fn configuration(&self) -> &RtcConfiguration {
        &self.configuration
    }

    /// Asks the page, if it wants to be asked and has not just been.
    pub(crate) fn ask(&self, now: Timestamp) -> Option<Promise> {
        let ask = self.ask.as_ref()?;
        let mut asked = self.asked.borrow_mut();
        if let Some((at, answer)) = &*asked
            && now.since(*at) < FRESH
        {
            return Some(answer.clone());
        }
        let answer = match ask.call0(&JsValue::UNDEFINED) {
            Ok(answer) => Promise::resolve(&answer),
            Err(error) => Promise::reject(&error),
        };
        *asked = Some((now, answer.clone()));
        Some(answer)
    }
}

/// Waits for the page's answer and gives it to a connection, whose next generation of candidates is
/// gathered by it.
///
/// # Errors
///
/// The page has none, or the browser does not take what it has.
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
