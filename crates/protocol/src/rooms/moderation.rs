//! The messages of moderators.

use super::wire::{message, participant};
use crate::json::{Record, Text};
use crate::{Ask, DecodeError, DisplayName, Knock, Moderation, ParticipantId, RoomState};

pub(super) fn write(moderation: &Moderation) -> Text {
    let act = |act| message("moderate").text("act", act);
    let about = |name, to: &ParticipantId| act(name).text("to", to.as_str());
    match moderation {
        Moderation::Admit(id) => about("admit", id),
        Moderation::Deny(id) => about("deny", id),
        Moderation::Lock(on) => act("lock").flag("on", *on),
        Moderation::Lobby(on) => act("lobby").flag("on", *on),
        Moderation::Ask(id, ask) => about(ask.as_str(), id),
        Moderation::Remove(id) => about("remove", id),
        Moderation::End => act("end"),
    }
}

pub(super) fn read(message: &mut Record<'_>) -> Result<Moderation, DecodeError> {
    let act = message.text("act").unwrap_or_default();
    let to = message.text("to").filter(|to| !to.is_empty());
    let moderation = Moderation::named(&act, to.map(ParticipantId::new), message.flag("on"));
    moderation.ok_or(wrong_act("moderate"))
}

/// Reads what a client is asked to stop.
pub(super) fn ask(message: &mut Record<'_>) -> Result<Ask, DecodeError> {
    let act = message.text("act").unwrap_or_default();
    Ask::named(&act).ok_or(wrong_act("asked"))
}

fn wrong_act(kind: &'static str) -> DecodeError {
    DecodeError::Field { kind, field: "act" }
}

pub(super) fn with_state(message: Text, state: RoomState) -> Text {
    message
        .flag("locked", state.locked)
        .flag("lobby", state.lobby)
}

pub(super) fn state(message: &mut Record<'_>) -> RoomState {
    RoomState {
        locked: message.flag("locked"),
        lobby: message.flag("lobby"),
    }
}

pub(super) fn with_knock(message: Text, knock: &Knock) -> Text {
    message
        .text("id", knock.id.as_str())
        .text_if("name", knock.name.as_ref().map(DisplayName::as_str))
}

pub(super) fn knock(message: &mut Record<'_>, kind: &'static str) -> Result<Knock, DecodeError> {
    Ok(Knock {
        id: participant(message, kind, "id")?,
        name: message
            .text("name")
            .and_then(|name| DisplayName::new(&name).ok()),
    })
}
