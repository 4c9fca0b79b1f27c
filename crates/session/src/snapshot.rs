use videocalls_protocol::{DisplayName, MediaState, ParticipantId, TrackState};

use crate::EndReason;

/// A call as the app shows it: plain data, to be compared and drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Where the call stands.
    pub state: CallState,
    /// The own id, once the server has given one.
    pub me: Option<ParticipantId>,
    /// The others, in the order of their coming.
    pub participants: Vec<ParticipantView>,
    /// The own microphone.
    pub microphone: TrackState,
    /// The own camera.
    pub camera: TrackState,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum CallState {
    /// Not begun.
    #[default]
    Idle,
    /// On the way in.
    Connecting,
    /// In: others can be met.
    Connected,
    /// The way to the server is lost, and is being sought again.
    Reconnecting,
    /// Over.
    Ended(EndReason),
}

impl CallState {
    /// The state's word in the JavaScript API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Reconnecting => "reconnecting",
            Self::Ended(_) => "ended",
        }
    }
}

/// Another participant, as the app shows them.
#[derive(Clone, Debug, PartialEq)]
pub struct ParticipantView {
    /// Their id.
    pub id: ParticipantId,
    /// Their name, where the server has names.
    pub name: Option<DisplayName>,
    /// How they are connected with us.
    pub connection: Connection,
    /// What they send.
    pub media: MediaState,
    /// Whether their connection to the server is lost, and their seat is held.
    pub away: bool,
    /// Whom they can't hear or see at the moment, though they should.
    pub not_receiving: Vec<ParticipantId>,
}

/// How a participant is connected with us.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Connection {
    /// Not yet.
    Connecting,
    /// Sound and picture can pass.
    Connected,
    /// They could, and do not at the moment.
    Interrupted,
}

impl Connection {
    /// The word for it in the JavaScript API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Interrupted => "interrupted",
        }
    }
}
