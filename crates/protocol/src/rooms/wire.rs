//! What both halves of the dialect read and write alike.

use crate::json::{Record, Text};
use crate::{
    Candidate, DecodeError, Description, DescriptionKind, DisplayName, LeaveReason, MediaState,
    ParticipantId, Peer, Refusal, Signal, TrackState,
};

/// How many participants one may report as not receiving from.
const MAX_SICK: usize = 64;

/// Starts a message of a kind.
pub(super) fn message(kind: &str) -> Text {
    Text::default().text("type", kind)
}

pub(super) fn with_media(message: Text, media: MediaState) -> Text {
    message
        .text("audio", media.audio.as_str())
        .text("video", media.video.as_str())
}

/// Reads two track states; a server that carries none is taken to carry live tracks.
pub(super) fn media(message: &mut Record<'_>) -> MediaState {
    let mut state = |field| {
        message
            .text(field)
            .map_or(TrackState::Live, |word| TrackState::from_wire(&word))
    };
    MediaState {
        audio: state("audio"),
        video: state("video"),
    }
}

pub(super) fn with_signal(message: Text, signal: &Signal) -> Text {
    let (kind, id, sdp) = match signal {
        Signal::Offer { id, sdp } => (DescriptionKind::Offer, id, sdp),
        Signal::Answer { id, sdp } => (DescriptionKind::Answer, id, sdp),
        Signal::Candidate(candidate) => return message.object("candidate", candidate.write()),
    };
    message
        .number("offer", *id)
        .object("description", Description::write(kind, sdp))
}

pub(super) fn signal(message: &mut Record<'_>) -> Result<Signal, DecodeError> {
    if let Some(candidate) = message.record("candidate") {
        let wrong = DecodeError::Field {
            kind: "signal",
            field: "candidate",
        };
        return Candidate::read(candidate)
            .map(Signal::Candidate)
            .ok_or(wrong);
    }
    let id = message.number("offer");
    match message.record("description").and_then(Description::read) {
        Some(Description {
            kind: DescriptionKind::Offer,
            sdp,
        }) => Ok(Signal::Offer { id, sdp }),
        Some(Description {
            kind: DescriptionKind::Answer,
            sdp,
        }) => Ok(Signal::Answer { id, sdp }),
        None => Err(DecodeError::Field {
            kind: "signal",
            field: "description",
        }),
    }
}

pub(super) fn with_peer(message: Text, peer: &Peer) -> Text {
    let message = message
        .text("id", peer.id.as_str())
        .text_if("name", peer.name.as_ref().map(DisplayName::as_str));
    let message = with_media(message, peer.media).flag("away", peer.away);
    match peer.not_receiving.is_empty() {
        true => message,
        false => with_not_receiving(message, &peer.not_receiving),
    }
}

pub(super) fn with_not_receiving(message: Text, not_receiving: &[ParticipantId]) -> Text {
    message.texts(
        "notReceiving",
        not_receiving.iter().map(ParticipantId::as_str),
    )
}

/// Reads whom somebody can't hear; the room holds fewer than what is left out.
pub(super) fn not_receiving(message: &mut Record<'_>) -> Vec<ParticipantId> {
    let ids = message.texts("notReceiving").into_iter();
    ids.take(MAX_SICK).map(ParticipantId::new).collect()
}

pub(super) fn peer(message: &mut Record<'_>, kind: &'static str) -> Result<Peer, DecodeError> {
    Ok(Peer {
        id: participant(message, kind, "id")?,
        // A name that another server lets through but ours would not is not worth a lost peer.
        name: message
            .text("name")
            .and_then(|name| DisplayName::new(&name).ok()),
        media: media(message),
        away: message.flag("away"),
        not_receiving: not_receiving(message),
    })
}

/// Reads a participant's id, which every message about one must carry.
pub(super) fn participant(
    message: &mut Record<'_>,
    kind: &'static str,
    field: &'static str,
) -> Result<ParticipantId, DecodeError> {
    let id = message.text(field).filter(|id| !id.is_empty());
    id.map(ParticipantId::new)
        .ok_or(DecodeError::Field { kind, field })
}

const LEAVE_REASONS: [(LeaveReason, &str); 3] = [
    (LeaveReason::Bye, "bye"),
    (LeaveReason::Lost, "lost"),
    (LeaveReason::Kicked, "kicked"),
];

const REFUSALS: [(Refusal, &str); 9] = [
    (Refusal::RoomFull, "room-full"),
    (Refusal::InvalidRoom, "invalid-room"),
    (Refusal::InvalidName, "invalid-name"),
    (Refusal::Forbidden, "forbidden"),
    (Refusal::TokenExpired, "token-expired"),
    (Refusal::Kicked, "kicked"),
    (Refusal::Replaced, "replaced"),
    (Refusal::VersionNotSupported, "version-not-supported"),
    (Refusal::BadRequest, "bad-request"),
];

/// The wire's word for one of the reasons in a table.
fn word<T: Copy + PartialEq>(table: &[(T, &'static str)], value: T) -> &'static str {
    table
        .iter()
        .find(|(known, _)| *known == value)
        .map_or("", |(_, word)| word)
}

fn value<T: Copy>(table: &[(T, &'static str)], word: Option<&str>) -> Option<T> {
    table
        .iter()
        .find(|(_, known)| Some(*known) == word)
        .map(|(value, _)| *value)
}

pub(super) fn leave_word(reason: LeaveReason) -> &'static str {
    word(&LEAVE_REASONS, reason)
}

/// An unknown reason to leave is still a leave; a lost connection claims the least.
pub(super) fn leave_reason(word: Option<&str>) -> LeaveReason {
    value(&LEAVE_REASONS, word).unwrap_or(LeaveReason::Lost)
}

pub(super) fn refusal_word(refusal: Refusal) -> &'static str {
    word(&REFUSALS, refusal)
}

/// An unknown refusal is still one; that the server found fault with us claims the least.
pub(super) fn refusal(word: Option<&str>) -> Refusal {
    value(&REFUSALS, word).unwrap_or(Refusal::BadRequest)
}
