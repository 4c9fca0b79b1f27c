//! The options, as `ts/options.ts` has prepared them.

use std::time::Duration;

use js_sys::{Function, Object, Promise, Reflect};
use videocalls_client::dialects::{self, DialectFactory};
use videocalls_client::{CallBuilder, CallError, ErrorCode, MediaRequest, VideoCall};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

const DIALECTS: [(&str, DialectFactory); 5] = [
    ("rooms", dialects::rooms),
    ("relay", dialects::relay),
    ("socketio-rooms", dialects::socketio_rooms),
    ("channels-mesh", dialects::channels_mesh),
    ("appointments", dialects::appointments),
];

#[wasm_bindgen]
extern "C" {
    /// `CoreOptions` of `ts/engine.ts`.
    pub type StartOptions;
}

/// Turns the options into the builder of a call.
pub(crate) fn builder(options: &StartOptions) -> Result<CallBuilder, CallError> {
    let option = |name: &str| Reflect::get(options, &name.into()).unwrap_or_default();
    let text = |name| option(name).as_string();
    let function = |name| option(name).dyn_into::<Function>().ok();
    let mut builder = VideoCall::builder(&text("url").unwrap_or_default())
        .audio(media_request(&option("audio")))
        .video(media_request(&option("video")));
    if let Some(name) = text("dialect") {
        builder = builder.dialect(dialect(&name)?);
    }
    if let Some(room) = text("room") {
        builder = builder.room(room);
    }
    if let Some(name) = text("name") {
        builder = builder.name(name);
    }
    if let Some(token) = text("token") {
        builder = builder.token(token);
    }
    if let Some(fetch) = function("fetchToken") {
        builder = builder.token_function(fetch);
    }
    if let Some(open) = function("openSocket") {
        builder = builder.socket(open);
    }
    let rtc = option("rtc");
    if rtc.is_object() {
        builder = builder.rtc_configuration(rtc.unchecked_ref());
    }
    if let Some(ask) = function("fetchIceServers") {
        builder = builder.ice_servers(ask);
    }
    if let Some(millis) = option("reconnectMs").as_f64() {
        builder = builder.reconnect_for(Duration::from_millis(millis as u64));
    }
    Ok(builder)
}

fn dialect(name: &str) -> Result<DialectFactory, CallError> {
    let named = DIALECTS.iter().find(|(known, _)| *known == name);
    named.map(|(_, make)| *make).ok_or_else(|| {
        let known: Vec<_> = DIALECTS.iter().map(|(known, _)| *known).collect();
        let known = known.join(", ");
        let message = ["there is no dialect '", name, "'; known are: ", &known].concat();
        CallError::new(ErrorCode::InvalidOptions, message)
    })
}

/// From `false`, `true`, the browser's constraints, or a promise of a track.
fn media_request(constraints: &JsValue) -> MediaRequest {
    let then = Reflect::get(constraints, &"then".into());
    if then.is_ok_and(|then| then.is_function()) {
        return MediaRequest::Given(constraints.unchecked_ref::<Promise>().clone());
    }
    if constraints.is_object() {
        return MediaRequest::Like(constraints.unchecked_ref::<Object>().clone());
    }
    match constraints.is_falsy() {
        true => MediaRequest::Nothing,
        false => MediaRequest::Any,
    }
}
