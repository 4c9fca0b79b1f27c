//! The parts of messages that client and server have in common.

use crate::json::{Record, Text};
use crate::{
    Candidate, DecodeError, Description, DescriptionKind, DisplayName, IceServer, IceServers,
    LeaveReason, MediaState, ParticipantId, Peer, Refusal, Signal, Source, TrackSources,
    TrackState,
};

/// How many participants a receive report may name.
const MAX_REPORTED: usize = 64;

/// Starts a message of this kind.
pub(super) fn message(kind: &str) -> Text {
    Text::default().text("type", kind)
}

pub(super) fn with_media(message: Text, media: &MediaState) -> Text {
    let tracks = media
        .tracks()
        .fold(Text::default(), |text, (source, state)| {
            text.entry(source.as_str(), state.to_wire())
        });
    message.object("tracks", tracks)
}

/// Reads the states of the tracks. A participant who sends none may have a microphone and a camera.
pub(super) fn media(message: &mut Record<'_>) -> MediaState {
    let Some(tracks) = message.record("tracks") else {
        return MediaState::assumed();
    };
    let tracks = tracks.entries().filter_map(|(source, state)| {
        Some((Source::from_name(&source)?, TrackState::from_wire(&state)))
    });
    tracks.collect()
}

pub(super) fn with_signal(message: Text, signal: &Signal) -> Text {
    let (kind, id, sdp, sources) = match signal {
        Signal::Offer { id, sdp, sources } => (DescriptionKind::Offer, id, sdp, sources),
        Signal::Answer { id, sdp, sources } => (DescriptionKind::Answer, id, sdp, sources),
        Signal::Candidate(candidate) => return message.object("candidate", candidate.write()),
    };
    let message = message
        .number("offer", *id)
        .object("description", Description::write(kind, sdp));
    if sources.is_empty() {
        return message;
    }
    let sources = sources.iter().fold(Text::default(), |text, (mid, source)| {
        text.entry(mid, source.as_str())
    });
    message.object("sources", sources)
}

/// Reads a description or a candidate. A candidate that is null, or names none, ends the candidates
/// of its generation, as an empty one does.
pub(super) fn signal(message: &mut Record<'_>) -> Result<Signal, DecodeError> {
    if message.holds("candidate") && !message.has("description") {
        let candidate = message.record("candidate").and_then(Candidate::read);
        return Ok(Signal::Candidate(candidate.unwrap_or_default()));
    }
    let description = message.record("description").and_then(Description::read);
    let description = description.ok_or(DecodeError::Field {
        kind: "signal",
        field: "description",
    })?;
    let id = message.number("offer");
    Ok(Signal::description(description, id, sources(message)))
}

fn sources(message: &mut Record<'_>) -> TrackSources {
    let Some(sources) = message.record("sources") else {
        return TrackSources::default();
    };
    let named = sources
        .entries()
        .filter_map(|(mid, source)| Some((mid, Source::from_name(&source)?)));
    named.collect()
}

pub(super) fn with_peer(message: Text, peer: &Peer) -> Text {
    let message = message
        .text("id", peer.id.as_str())
        .text_if("name", peer.name.as_ref().map(DisplayName::as_str));
    let message = with_media(message, &peer.media).flag("away", peer.away);
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

pub(super) fn refusal_name(refusal: Refusal) -> &'static str {
    name_of(&REFUSALS, refusal)
}

/// Reads the code of a refusal. An unknown one is read as `bad-request`.
pub(super) fn refusal(name: Option<&str>) -> Refusal {
    value_of(&REFUSALS, name).unwrap_or(Refusal::BadRequest)
}
