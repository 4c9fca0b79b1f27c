//! Our types as plain JavaScript objects.

use js_sys::{Array, Object, Reflect};
use videocalls_client::{
    CallError, CallEvent, ErrorCode, LeaveReason, MEDIA_PENDING_HELP, ParticipantView, Snapshot,
};
use wasm_bindgen::JsValue;

/// The type of an event and its detail.
pub(crate) fn event(event: &CallEvent) -> Option<(&'static str, JsValue)> {
    Some(match event {
        CallEvent::StateChanged(state) => {
            ("state-changed", object(&[("state", state.as_str().into())]))
        }
        CallEvent::ParticipantJoined(view) => (
            "participant-joined",
            object(&[("participant", participant(view))]),
        ),
        CallEvent::ParticipantChanged(view) => (
            "participant-changed",
            object(&[("participant", participant(view))]),
        ),
        CallEvent::ParticipantLeft {
            participant: view,
            reason,
        } => {
            let reason = leave_reason(*reason).into();
            (
                "participant-left",
                object(&[("participant", participant(view)), ("reason", reason)]),
            )
        }
        CallEvent::LocalChanged => ("local-changed", JsValue::UNDEFINED),
        CallEvent::LocalStream(stream) => (
            "local-stream",
            object(&[("stream", Clone::clone(stream).into())]),
        ),
        CallEvent::MediaPending => (
            "media-pending",
            object(&[("help", MEDIA_PENDING_HELP.into())]),
        ),
        CallEvent::Text { from, text } => (
            "text",
            object(&[("from", from.as_str().into()), ("text", text.into())]),
        ),
        CallEvent::Error(failure) => ("error", error(failure)),
        CallEvent::Ended(reason) => {
            let failure = (!reason.is_wanted()).then(|| error(&CallError::from(*reason)));
            let failure = failure.unwrap_or(JsValue::UNDEFINED);
            (
                "ended",
                object(&[("reason", reason.code().into()), ("error", failure)]),
            )
        }
        _ => return None,
    })
}

/// `Snapshot` of `ts/engine.ts`.
pub(crate) fn snapshot(call: &Snapshot) -> JsValue {
    let id = call
        .me
        .as_ref()
        .map_or(JsValue::UNDEFINED, |id| id.as_str().into());
    let participants: Array = call.participants.iter().map(participant).collect();
    object(&[
        ("state", call.state.as_str().into()),
        ("id", id),
        ("microphone", call.microphone.as_str().into()),
        ("camera", call.camera.as_str().into()),
        ("participants", participants.into()),
    ])
}

/// `Participant` of `ts/events.ts`, without its stream.
fn participant(view: &ParticipantView) -> JsValue {
    let name = view
        .name
        .as_ref()
        .map_or(JsValue::NULL, |name| name.as_str().into());
    let not_receiving = view
        .not_receiving
        .iter()
        .map(|id| JsValue::from(id.as_str()));
    let not_receiving: Array = not_receiving.collect();
    object(&[
        ("id", view.id.as_str().into()),
        ("name", name),
        ("connection", view.connection.as_str().into()),
        ("audio", view.media.audio.as_str().into()),
        ("video", view.media.video.as_str().into()),
        ("away", view.away.into()),
        ("notReceiving", not_receiving.into()),
    ])
}

/// `ErrorDetails` of `ts/errors.ts`.
pub(crate) fn error(error: &CallError) -> JsValue {
    let device = error
        .device
        .map_or(JsValue::UNDEFINED, |kind| kind.as_str().into());
    let participant = error
        .participant
        .as_ref()
        .map_or(JsValue::UNDEFINED, |id| id.as_str().into());
    object(&[
        ("code", error.code.as_str().into()),
        ("category", category(error.code).into()),
        ("message", error.message.as_str().into()),
        ("help", error.help().into()),
        ("device", device),
        ("participant", participant),
        ("cause", error.cause.clone().unwrap_or(JsValue::UNDEFINED)),
    ])
}

fn category(code: ErrorCode) -> &'static str {
    code.category().as_str()
}

fn leave_reason(reason: LeaveReason) -> &'static str {
    match reason {
        LeaveReason::Bye => "bye",
        LeaveReason::Kicked => "kicked",
        _ => "lost",
    }
}

fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        // Setting a property of a new plain object can't fail.
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object.into()
}
