//! The parts of messages that client and server have in common.

use crate::json::{Record, Text};
use crate::{
    Candidate, DecodeError, Description, DescriptionKind, DisplayName, Grant, Grants, IceServer,
    IceServers, LeaveReason, MediaState, ParticipantId, Peer, Refusal, Signal, TrackState,
};

/// How many participants a receive report may name.
const MAX_REPORTED: usize = 64;

/// Starts a message of this kind.
pub(super) fn message(kind: &str) -> Text {
    Text::default().text("type", kind)
}

pub(super) fn with_media(message: Text, media: MediaState) -> Text {
    message
        .text("audio", media.audio.as_str())
        .text("video", media.video.as_str())
}

/// Reads the two track states. A missing state means a live track.
pub(super) fn media(message: &mut Record<'_>) -> MediaState {
    let mut state = |field| {
        message
            .text(field)
            .map_or(TrackState::Live, |name| TrackState::from_wire(&name))
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

/// Reads a description or a candidate. A candidate that is null, or names none, ends the candidates
/// of its generation, as an empty one does.
pub(super) fn signal(message: &mut Record<'_>) -> Result<Signal, DecodeError> {
    if message.holds("candidate") && !message.has("description") {
        let candidate = message.record("candidate").and_then(Candidate::read);
        return Ok(Signal::Candidate(candidate.unwrap_or_default()));
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

/// Reads the participants named by a receive report, up to the limit.
pub(super) fn not_receiving(message: &mut Record<'_>) -> Vec<ParticipantId> {
    let ids = message.texts("notReceiving").into_iter();
    ids.take(MAX_REPORTED).map(ParticipantId::new).collect()
}

/// Writes ICE servers, if there are any.
pub(super) fn with_ice_servers(message: Text, ice_servers: &IceServers) -> Text {
    if ice_servers.servers.is_empty() {
        return message;
    }
    let servers = ice_servers.servers.iter().map(|server| {
        Text::default()
            .texts("urls", server.urls.iter().map(String::as_str))
            .text_if("username", server.username.as_deref())
            .text_if("credential", server.credential.as_deref())
    });
    message
        .objects("iceServers", servers)
        .number("iceLifetime", ice_servers.lifetime)
}

/// Reads ICE servers. One without a URL is left out.
pub(super) fn ice_servers(message: &mut Record<'_>) -> IceServers {
    let servers = message.records("iceServers").into_iter().map(ice_server);
    IceServers {
        servers: servers.filter(|server| !server.urls.is_empty()).collect(),
        lifetime: message.number("iceLifetime"),
    }
}

fn ice_server(mut server: Record<'_>) -> IceServer {
    IceServer {
        urls: server.texts("urls"),
        username: server.text("username"),
        credential: server.text("credential"),
    }
}

pub(super) fn peer(message: &mut Record<'_>, kind: &'static str) -> Result<Peer, DecodeError> {
    Ok(Peer {
        id: participant(message, kind, "id")?,
        // Another server may allow names that ours refuses. Then the participant has no name.
        name: message
            .text("name")
            .and_then(|name| DisplayName::new(&name).ok()),
        media: media(message),
        away: message.flag("away"),
        not_receiving: not_receiving(message),
    })
}

/// Writes what a participant may do, if the server says so.
pub(super) fn with_grants(message: Text, grants: Option<Grants>) -> Text {
    match grants {
        Some(grants) => message.texts("grants", grants.iter().map(Grant::as_str)),
        None => message,
    }
}

pub(super) fn grants(message: &mut Record<'_>) -> Option<Grants> {
    let names = message.has("grants").then(|| message.texts("grants"))?;
    Some(Grants::from_names(names.iter().map(String::as_str)))
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
    (LeaveReason::Removed, "removed"),
];

const REFUSALS: [(Refusal, &str); 14] = [
    (Refusal::RoomFull, "room-full"),
    (Refusal::InvalidRoom, "invalid-room"),
    (Refusal::InvalidName, "invalid-name"),
    (Refusal::Forbidden, "forbidden"),
    (Refusal::InvalidToken, "invalid-token"),
    (Refusal::TokenExpired, "token-expired"),
    (Refusal::TokenUsed, "token-used"),
    (Refusal::Removed, "removed"),
    (Refusal::RoomLocked, "room-locked"),
    (Refusal::Denied, "denied"),
    (Refusal::CallEnded, "call-ended"),
    (Refusal::Replaced, "replaced"),
    (Refusal::VersionNotSupported, "version-not-supported"),
    (Refusal::BadRequest, "bad-request"),
];

/// The name of a value in one of the tables.
fn name_of<T: Copy + PartialEq>(table: &[(T, &'static str)], value: T) -> &'static str {
    table
        .iter()
        .find(|(known, _)| *known == value)
        .map_or("", |(_, name)| name)
}

fn value_of<T: Copy>(table: &[(T, &'static str)], name: Option<&str>) -> Option<T> {
    table
        .iter()
        .find(|(_, known)| Some(*known) == name)
        .map(|(value, _)| *value)
}

pub(super) fn leave_reason_name(reason: LeaveReason) -> &'static str {
    name_of(&LEAVE_REASONS, reason)
}

/// Reads the reason of a departure. An unknown one is read as a lost connection.
pub(super) fn leave_reason(name: Option<&str>) -> LeaveReason {
    value_of(&LEAVE_REASONS, name).unwrap_or(LeaveReason::Lost)
}

/// The code of a refusal on the wire.
pub fn refusal_name(refusal: Refusal) -> &'static str {
    name_of(&REFUSALS, refusal)
}

/// Reads the code of a refusal. An unknown one is read as `bad-request`.
pub(super) fn refusal(name: Option<&str>) -> Refusal {
    value_of(&REFUSALS, name).unwrap_or(Refusal::BadRequest)
}
