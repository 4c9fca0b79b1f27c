//! The options, as `js/videocalls.js` has prepared them.

use js_sys::Object;
use videocalls_client::{CallBuilder, CallError, DialectName, ErrorCode, VideoCall, Wish};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// What `initializeVideoCall` was given, in one shape.
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
    #[wasm_bindgen(method, getter)]
    fn rtc(this: &StartOptions) -> Option<Object>;
}

/// Turns the options into a call in the making.
pub(crate) fn builder(options: &StartOptions) -> Result<CallBuilder, CallError> {
    let mut builder = VideoCall::builder(&options.url())
        .audio(wish(&options.audio()))
        .video(wish(&options.video()));
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
    if let Some(rtc) = options.rtc() {
        builder = builder.rtc_configuration(&rtc);
    }
    Ok(builder)
}

fn dialect(name: &str) -> Result<DialectName, CallError> {
    DialectName::from_name(name).ok_or_else(|| {
        let message = ["there is no dialect '", name, "'; known are: rooms, relay"].concat();
        CallError {
            code: ErrorCode::InvalidOptions,
            message,
            device: None,
            cause: None,
        }
    })
}

/// Constraints are `false`, `true`, or an object of the browser's own kind.
fn wish(constraints: &JsValue) -> Wish {
    match constraints.dyn_ref::<Object>() {
        Some(constraints) => Wish::Like(constraints.clone()),
        None if constraints.is_falsy() => Wish::Nothing,
        None => Wish::Any,
    }
}
