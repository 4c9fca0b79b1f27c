//! The wasm half of the JavaScript package `videocalls`.
//!
//! The public API is written in TypeScript, in `ts`: option forms, elements, events and the error class.
//! This crate exports one function, [`start`], and one class, [`CallHandle`], each method of which
//! is a conversion around one of `videocalls-client`.

mod convert;
mod options;

use std::panic::{self, PanicHookInfo};

use js_sys::Function;
use videocalls_client::{CallEvent, Moderation, ParticipantId, TrackKind, VideoCall};
use wasm_bindgen::prelude::*;

use crate::options::StartOptions;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(text: &str);
}

/// The build that this module belongs to: a script of another build refuses it.
#[wasm_bindgen]
pub fn build() -> String {
    option_env!("VIDEOCALLS_BUILD")
        .unwrap_or("development")
        .to_owned()
}

/// Starts a call. `emit(type, detail)` is called with every event, in order.
///
/// # Errors
///
/// Throws a plain description of the error; nothing was started then.
#[wasm_bindgen]
pub fn start(options: &StartOptions, emit: Function) -> Result<CallHandle, JsValue> {
    panic::set_hook(Box::new(report_panic));
    let call = options::builder(options)
        .and_then(|builder| builder.start_with(move |event| emit_event(&emit, event)))
        .map_err(|error| convert::error(&error))?;
    Ok(CallHandle { call })
}

/// A call; `CallHandle` of `ts/engine.ts`.
#[wasm_bindgen]
pub struct CallHandle {
    call: VideoCall,
}

#[wasm_bindgen]
impl CallHandle {
    /// The state of the call, as a plain object.
    pub fn snapshot(&self) -> JsValue {
        convert::snapshot(&self.call.snapshot())
    }

    /// The local microphone and camera.
    #[wasm_bindgen(getter, js_name = localStream)]
    pub fn local_stream(&self) -> JsValue {
        self.call.local_stream().into()
    }

    /// The microphone and camera of a participant.
    #[wasm_bindgen(js_name = streamOf)]
    pub fn stream_of(&self, id: String) -> JsValue {
        self.call
            .remote_stream(&ParticipantId::new(id))
            .map_or(JsValue::NULL, JsValue::from)
    }

    /// Turns a track on or off, or toggles it; returns whether it is now wanted on.
    #[wasm_bindgen(js_name = toggleTrack)]
    pub fn toggle_track(&self, kind: &str, on: Option<bool>) -> Option<bool> {
        let kind = TrackKind::ALL
            .into_iter()
            .find(|known| known.as_str() == kind)?;
        self.call.toggle(kind, on)
    }

    /// Sends a chat text to a participant, or to everyone; returns the id of the line.
    ///
    /// # Errors
    ///
    /// Throws a plain description of the error.
    #[wasm_bindgen(js_name = sendText)]
    pub fn send_text(&self, text: String, to: Option<String>) -> Result<String, JsValue> {
        let sent = self.call.send_text(text, recipient(to).as_ref());
        sent.map(|id| id.to_string())
            .map_err(|error| convert::error(&error))
    }

    /// Moderates the room: `Act` of `ts/moderate.ts`.
    ///
    /// # Errors
    ///
    /// Throws a plain description of the error.
    pub fn moderate(&self, act: &str, to: Option<String>, on: bool) -> Result<(), JsValue> {
        let moderation = Moderation::named(act, to.map(ParticipantId::new), on);
        let moderated = moderation.map_or(Ok(()), |it| self.call.moderate(it));
        moderated.map_err(|error| convert::error(&error))
    }

    /// Sends a text, or the bytes of a `Uint8Array`, to a participant, or to everyone.
    ///
    /// # Errors
    ///
    /// Throws a plain description of the error.
    #[wasm_bindgen(js_name = sendData)]
    pub fn send_data(
        &self,
        data: &JsValue,
        to: Option<String>,
        reliable: bool,
    ) -> Result<(), JsValue> {
        let sent = self
            .call
            .send_data(convert::payload(data), recipient(to).as_ref(), reliable);
        sent.map_err(|error| convert::error(&error))
    }

    /// Shows everyone an emoji.
    ///
    /// # Errors
    ///
    /// Throws a plain description of the error.
    pub fn react(&self, emoji: String) -> Result<(), JsValue> {
        let sent = self.call.react(emoji);
        sent.map_err(|error| convert::error(&error))
    }

    /// Opens the data channel of a file.
    #[wasm_bindgen(js_name = openFileChannel)]
    pub fn open_file_channel(&self, to: String) -> JsValue {
        let channel = self.call.open_file_channel(&ParticipantId::new(to));
        channel.map_or(JsValue::UNDEFINED, JsValue::from)
    }

    /// Raises or lowers the hand, or toggles it; returns whether it is raised now.
    #[wasm_bindgen(js_name = raiseHand)]
    pub fn raise_hand(&self, on: Option<bool>) -> bool {
        self.call.raise_hand(on)
    }

    /// Ends the call.
    #[wasm_bindgen(js_name = endCall)]
    pub fn end_call(&self) {
        self.call.end();
    }
}

fn recipient(id: Option<String>) -> Option<ParticipantId> {
    id.map(ParticipantId::new)
}

/// Prints the message of a panic; the exception that follows has the stack.
fn report_panic(panicked: &PanicHookInfo<'_>) {
    console_error(&panicked.to_string());
}

/// Passes an event to JavaScript, which catches what the page's listeners throw.
fn emit_event(emit: &Function, event: &CallEvent) {
    if let Some((name, detail)) = convert::event(event) {
        let _ = emit.call2(&JsValue::UNDEFINED, &name.into(), &detail);
    }
}
