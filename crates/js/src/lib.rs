//! The wasm half of the JavaScript package `videocalls`.
//!
//! The public face is `js/videocalls.js`: option forms, elements, events and the error class.
//! This crate gives it one function, [`start`], and one class, [`CallHandle`], each method of which
//! is a conversion around one of `videocalls-client`.

mod convert;
mod options;

use js_sys::Function;
use videocalls_client::{CallEvent, ParticipantId, TrackKind, VideoCall};
use wasm_bindgen::prelude::*;

use crate::options::StartOptions;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Starts a call. `emit(type, detail)` is called with every event, in order.
///
/// # Errors
///
/// Throws a plain description of the error; nothing was started then.
#[wasm_bindgen]
pub fn start(options: &StartOptions, emit: Function) -> Result<CallHandle, JsValue> {
    console_error_panic_hook::set_once();
    let call = options::builder(options)
        .and_then(|builder| builder.start_with(move |event| tell(&emit, event)))
        .map_err(|error| convert::error(&error))?;
    Ok(CallHandle { call })
}

/// A call, as `js/videocalls.js` holds it.
#[wasm_bindgen]
pub struct CallHandle {
    call: VideoCall,
}

#[wasm_bindgen]
impl CallHandle {
    /// Where the call stands, as a plain object.
    pub fn snapshot(&self) -> JsValue {
        convert::snapshot(&self.call.snapshot())
    }

    /// The own sound and picture.
    #[wasm_bindgen(getter, js_name = localStream)]
    pub fn local_stream(&self) -> JsValue {
        self.call.local_stream().into()
    }

    /// A participant's sound and picture.
    #[wasm_bindgen(js_name = streamOf)]
    pub fn stream_of(&self, id: String) -> JsValue {
        self.call
            .remote_stream(&ParticipantId::new(id))
            .map_or(JsValue::NULL, JsValue::from)
    }

    /// Turns a track on, off, or the other way round; returns whether it is wanted on now.
    #[wasm_bindgen(js_name = toggleTrack)]
    pub fn toggle_track(&self, kind: &str, on: Option<bool>) -> Option<bool> {
        let kind = TrackKind::ALL
            .into_iter()
            .find(|known| known.as_str() == kind)?;
        self.call.toggle(kind, on)
    }

    /// Says something to everyone, in writing.
    ///
    /// # Errors
    ///
    /// Throws a plain description of the error.
    #[wasm_bindgen(js_name = sendText)]
    pub fn send_text(&self, text: String) -> Result<(), JsValue> {
        self.call
            .send_text(text)
            .map_err(|error| convert::error(&error))
    }

    /// Ends the call.
    #[wasm_bindgen(js_name = endCall)]
    pub fn end_call(&self) {
        self.call.end();
    }
}

/// Hands an event to the page. What the page's function throws is the wrapper's to report.
fn tell(emit: &Function, event: &CallEvent) {
    if let Some((name, detail)) = convert::event(event) {
        let _ = emit.call2(&JsValue::UNDEFINED, &name.into(), &detail);
    }
}
