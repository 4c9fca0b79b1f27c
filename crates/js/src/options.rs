//! The options, as `ts/options.ts` has prepared them.

use std::time::Duration;

use js_sys::{Function, Object, Promise};
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

    #[wasm_bindgen(method, getter)]
    fn url(this: &StartOptions) -> String;
    #[wasm_bindgen(method, getter)]
    fn dialect(this: &StartOptions) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn room(this: &StartOptions) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn name(this: &StartOptions) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn token(this: &StartOptions) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn audio(this: &StartOptions) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn video(this: &StartOptions) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = openSocket)]
    fn open_socket(this: &StartOptions) -> Option<Function>;
    #[wasm_bindgen(method, getter)]
    fn rtc(this: &StartOptions) -> Option<Object>;
    #[wasm_bindgen(method, getter, js_name = fetchIceServers)]
    fn fetch_ice_servers(this: &StartOptions) -> Option<Function>;
    #[wasm_bindgen(method, getter, js_name = reconnectMs)]
    fn reconnect_ms(this: &StartOptions) -> Option<u32>;
}

/// Turns the options into the builder of a call.
pub(crate) fn builder(options: &StartOptions) -> Result<CallBuilder, CallError> {
    let mut builder = VideoCall::builder(&options.url())
        .audio(media_request(&options.audio()))
        .video(media_request(&options.video()));
    if let Some(name) = options.dialect() {
        builder = builder.dialect(dialect(&name)?);
    }
    if let Some(room) = options.room() {
        builder = builder.room(room);
    }
    if let Some(name) = options.name() {
        builder = builder.name(name);
    }
    if let Some(token) = options.token() {
        builder = builder.token(token);
    }
    if let Some(open) = options.open_socket() {
        builder = builder.socket(open);
    }
    if let Some(rtc) = options.rtc() {
        builder = builder.rtc_configuration(&rtc);
    }
    if let Some(ask) = options.fetch_ice_servers() {
        builder = builder.ice_servers(ask);
    }
    if let Some(millis) = options.reconnect_ms() {
        builder = builder.reconnect_for(Duration::from_millis(millis.into()));
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
    if let Some(promise) = constraints.dyn_ref::<Promise>() {
        return MediaRequest::Given(promise.clone());
    }
    match constraints.dyn_ref::<Object>() {
        Some(constraints) => MediaRequest::Like(constraints.clone()),
        None if constraints.is_falsy() => MediaRequest::Nothing,
        None => MediaRequest::Any,
    }
}
