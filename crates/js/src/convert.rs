//! Our types as plain JavaScript objects.

use js_sys::{Array, Object, Reflect, Uint8Array};
use videocalls_client::{
    CallError, CallEvent, ChatLine, DisplayName, ErrorCode, Grants, Knock, LeaveReason, LineOrigin,
    MEDIA_PENDING_HELP, ParticipantId, ParticipantView, Payload, Snapshot, TrackKind,
};
use wasm_bindgen::JsValue;

/// The type of an event and its detail.
pub(crate) fn event(event: &CallEvent) -> Option<(&'static str, JsValue)> {
    let detail = Fields::default();
    let (name, detail) = match event {
        CallEvent::StateChanged(state) => {
            ("state-changed", detail.with("state", state.as_str().into()))
        }
        CallEvent::ParticipantJoined(view) => (
            "participant-joined",
            detail.with("participant", participant(view)),
        ),
        CallEvent::ParticipantChanged(view) => (
            "participant-changed",
            detail.with("participant", participant(view)),
        ),
        CallEvent::ParticipantLeft {
            participant: view,
            reason,
        } => (
            "participant-left",
            detail
                .with("participant", participant(view))
                .with("reason", leave_reason(*reason).into()),
        ),
        CallEvent::LocalChanged => ("local-changed", detail),
        CallEvent::LocalStream(stream) => (
            "local-stream",
            detail.with("stream", Clone::clone(stream).into()),
        ),
        CallEvent::RoomChanged => ("room-changed", detail),
        CallEvent::Knock(one) => return Some(("knock", knock(one))),
        CallEvent::KnockEnded(id) => ("knock-ended", detail.with("id", id.as_str().into())),
        CallEvent::Asked { from, ask } => (
            "asked",
            detail
                .with("from", from.as_str().into())
                .with("act", ask.as_str().into()),
        ),
        CallEvent::MediaPending => (
            "media-pending",
            detail.with("help", MEDIA_PENDING_HELP.into()),
        ),
        CallEvent::Text(line) => ("text", chat_line(line)),
        CallEvent::Data { from, payload } => (
            "data",
            detail
                .with("from", from.as_str().into())
                .with("data", data(payload)),
        ),
        CallEvent::Reaction { from, reaction } => (
            "reaction",
            detail
                .with("from", from.as_str().into())
                .with("emoji", reaction.into()),
        ),
        CallEvent::FileChannel { from, channel } => (
            "file-channel",
            detail
                .with("from", from.as_str().into())
                .with("channel", channel.into()),
        ),
        CallEvent::Error(failure) => return Some(("error", error(failure))),
        CallEvent::Ended(reason) => {
            let failure = (!reason.is_wanted()).then(|| error(&CallError::from(*reason)));
            (
                "ended",
                detail
                    .with("reason", reason.code().into())
                    .with("error", failure.into()),
            )
        }
        _ => return None,
    };
    Some((name, detail.into()))
}

/// `ChatLine` of `ts/events.ts`, with its age instead of its time.
fn chat_line(line: &ChatLine) -> Fields {
    let id = line.id.map_or(JsValue::NULL, |id| id.to_string().into());
    Fields::default()
        .with("from", line.from.as_str().into())
        .with("name", optional_name(line.name.as_ref()))
        .with("text", line.text.as_str().into())
        .with("id", id)
        .with("age", (line.age_ms as f64).into())
        .with("direct", (line.origin == LineOrigin::Direct).into())
        .with("history", (line.origin == LineOrigin::History).into())
}

/// A text, or an `ArrayBuffer`.
fn data(payload: &Payload) -> JsValue {
    match payload {
        Payload::Text(text) => text.into(),
        Payload::Bytes(bytes) => Uint8Array::from(bytes.as_slice()).buffer().into(),
    }
}

/// The reverse of `data`, from a text or a `Uint8Array`.
pub(crate) fn payload(data: &JsValue) -> Payload {
    match data.as_string() {
        Some(text) => Payload::Text(text),
        None => Payload::Bytes(Uint8Array::new(data).to_vec()),
    }
}

fn optional_name(name: Option<&DisplayName>) -> JsValue {
    name.map_or(JsValue::NULL, |name| name.as_str().into())
}

/// `Snapshot` of `ts/engine.ts`.
pub(crate) fn snapshot(call: &Snapshot) -> JsValue {
    let participants: Array = call.participants.iter().map(participant).collect();
    let knocks: Array = call.knocks.iter().map(knock).collect();
    Fields::default()
        .with("state", call.state.as_str().into())
        .with("id", text(call.me.as_ref().map(ParticipantId::as_str)))
        .with("microphone", call.microphone.as_str().into())
        .with("camera", call.camera.as_str().into())
        .with("handRaised", call.is_hand_raised.into())
        .with("participants", participants.into())
        .with("grants", call.grants.map_or(JsValue::UNDEFINED, grants))
        .with("locked", call.room.locked.into())
        .with("lobby", call.room.lobby.into())
        .with("knocks", knocks.into())
        .into()
}

fn grants(grants: Grants) -> JsValue {
    let names = grants.iter().map(|grant| JsValue::from(grant.as_str()));
    names.collect::<Array>().into()
}

/// `Knock` of `ts/events.ts`.
fn knock(knock: &Knock) -> JsValue {
    Fields::default()
        .with("id", knock.id.as_str().into())
        .with("name", name(knock.name.as_ref()))
        .into()
}

fn name(name: Option<&DisplayName>) -> JsValue {
    name.map_or(JsValue::NULL, |name| name.as_str().into())
}

/// `Participant` of `ts/events.ts`, without its stream.
fn participant(view: &ParticipantView) -> JsValue {
    let not_receiving = view
        .not_receiving
        .iter()
        .map(|id| JsValue::from(id.as_str()));
    let not_receiving: Array = not_receiving.collect();
    Fields::default()
        .with("id", view.id.as_str().into())
        .with("name", optional_name(view.name.as_ref()))
        .with("connection", view.connection.as_str().into())
        .with("audio", view.media.audio.as_str().into())
        .with("video", view.media.video.as_str().into())
        .with("away", view.away.into())
        .with("notReceiving", not_receiving.into())
        .with("handRaised", view.is_hand_raised.into())
        .into()
}

/// `ErrorDetails` of `ts/errors.ts`.
pub(crate) fn error(error: &CallError) -> JsValue {
    let participant = error.participant.as_ref().map(ParticipantId::as_str);
    Fields::default()
        .with("code", error.code.as_str().into())
        .with("category", category(error.code).into())
        .with("message", error.message.as_str().into())
        .with("help", error.help().into())
        .with("device", text(error.device.map(TrackKind::as_str)))
        .with("participant", text(participant))
        .with("cause", error.cause.clone().into())
        .into()
}

fn category(code: ErrorCode) -> &'static str {
    code.category().as_str()
}

fn leave_reason(reason: LeaveReason) -> &'static str {
    match reason {
        LeaveReason::Bye => "bye",
        LeaveReason::Removed => "removed",
        _ => "lost",
    }
}

/// A text, or `undefined`.
fn text(text: Option<&str>) -> JsValue {
    text.into()
}

/// A plain object that is being made.
#[derive(Default)]
struct Fields(Object);

impl Fields {
    fn with(self, name: &str, value: JsValue) -> Self {
        // Setting a property of a new plain object can't fail.
        let _ = Reflect::set(&self.0, &name.into(), &value);
        self
    }
}

impl From<Fields> for JsValue {
    fn from(fields: Fields) -> Self {
        fields.0.into()
    }
}
