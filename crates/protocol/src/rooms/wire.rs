use serde::{Deserialize, Serialize};

use crate::{
    Candidate, DecodeError, Description, DescriptionKind, DisplayName, LeaveReason, MediaState,
    ParticipantId, Peer, Refusal, Signal, TrackState,
};

/// Every message of the dialect, as one flat record.
///
/// One record with optional fields costs a third less in a WebAssembly bundle than an enum tagged
/// by a field, and reads a message of an unknown kind without effort.
#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Message {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) v: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) room: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) audio: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) video: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) participants: Option<Vec<WirePeer>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resume: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) epoch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ping: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) offer: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<Description>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) candidate: Option<Candidate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
}

/// A participant on the roster.
#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct WirePeer {
    pub(super) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) audio: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) video: Option<String>,
}

impl Message {
    pub(super) fn new(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            ..Self::default()
        }
    }

    /// Writes the message; a record of strings and numbers always has a JSON text.
    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) fn with_media(mut self, media: MediaState) -> Self {
        self.audio = Some(media.audio.as_str().to_owned());
        self.video = Some(media.video.as_str().to_owned());
        self
    }

    pub(super) fn with_signal(mut self, signal: &Signal) -> Self {
        let mut describe = |kind, id: Option<u32>, sdp: &str| {
            self.offer = id;
            self.description = Some(Description {
                kind,
                sdp: sdp.to_owned(),
            });
        };
        match signal {
            Signal::Offer { id, sdp } => describe(DescriptionKind::Offer, *id, sdp),
            Signal::Answer { id, sdp } => describe(DescriptionKind::Answer, *id, sdp),
            Signal::Candidate(candidate) => self.candidate = Some(candidate.clone()),
        }
        self
    }

    pub(super) fn media(&self) -> MediaState {
        media(self.audio.as_deref(), self.video.as_deref())
    }

    pub(super) fn signal(&mut self) -> Result<Signal, DecodeError> {
        if let Some(Description { kind, sdp }) = self.description.take() {
            let id = self.offer;
            return Ok(match kind {
                DescriptionKind::Offer => Signal::Offer { id, sdp },
                DescriptionKind::Answer => Signal::Answer { id, sdp },
            });
        }
        let candidate = self.candidate.take();
        candidate.map(Signal::Candidate).ok_or(DecodeError::Field {
            kind: "signal",
            field: "description",
        })
    }
}

impl From<&Peer> for WirePeer {
    fn from(peer: &Peer) -> Self {
        Self {
            id: peer.id.as_str().to_owned(),
            name: peer.name.as_ref().map(|name| name.as_str().to_owned()),
            audio: Some(peer.media.audio.as_str().to_owned()),
            video: Some(peer.media.video.as_str().to_owned()),
        }
    }
}

impl WirePeer {
    pub(super) fn read(self, kind: &'static str) -> Result<Peer, DecodeError> {
        Ok(Peer {
            id: participant(Some(self.id), kind, "id")?,
            // A name that another server lets through but ours would not is not worth a lost peer.
            name: self.name.and_then(|name| DisplayName::new(&name).ok()),
            media: media(self.audio.as_deref(), self.video.as_deref()),
        })
    }
}

/// Reads a participant's id, which every message about one must carry.
pub(super) fn participant(
    id: Option<String>,
    kind: &'static str,
    field: &'static str,
) -> Result<ParticipantId, DecodeError> {
    id.filter(|id| !id.is_empty())
        .map(ParticipantId::new)
        .ok_or(DecodeError::Field { kind, field })
}

/// Reads two track states; a server that carries none is taken to carry live tracks.
fn media(audio: Option<&str>, video: Option<&str>) -> MediaState {
    let state = |word: Option<&str>| word.map_or(TrackState::Live, TrackState::from_wire);
    MediaState {
        audio: state(audio),
        video: state(video),
    }
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

fn value<T: Copy>(table: &[(T, &'static str)], word: &str) -> Option<T> {
    table
        .iter()
        .find(|(_, known)| *known == word)
        .map(|(value, _)| *value)
}

pub(super) fn leave_word(reason: LeaveReason) -> &'static str {
    word(&LEAVE_REASONS, reason)
}

/// An unknown reason to leave is still a leave; a lost connection claims the least.
pub(super) fn leave_reason(word: Option<&str>) -> LeaveReason {
    word.and_then(|word| value(&LEAVE_REASONS, word))
        .unwrap_or(LeaveReason::Lost)
}

pub(super) fn refusal_word(refusal: Refusal) -> &'static str {
    word(&REFUSALS, refusal)
}

/// An unknown refusal is still one; that the server found fault with us claims the least.
pub(super) fn refusal(word: Option<&str>) -> Refusal {
    word.and_then(|word| value(&REFUSALS, word))
        .unwrap_or(Refusal::BadRequest)
}
