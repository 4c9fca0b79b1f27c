use videocalls_protocol::{
    DisplayName, Grants, Knock, MediaState, ParticipantId, RoomState, TrackState,
};

use crate::EndReason;

/// The state of a call as plain data, for the app to compare and draw.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The state of the call.
    pub state: CallState,
    /// The local participant's id, once it is known.
    pub me: Option<ParticipantId>,
    /// The other participants, in the order in which they joined.
    pub participants: Vec<ParticipantView>,
    /// The local microphone.
    pub microphone: TrackState,
    /// The local camera.
    pub camera: TrackState,
    /// Whether the local participant raises their hand.
    pub is_hand_raised: bool,
    /// What the local participant may do; `None` if the server does not say.
    pub grants: Option<Grants>,
    /// What moderators have set for the room.
    pub room: RoomState,
    /// Who waits in the lobby, for those who may admit them.
    pub knocks: Vec<Knock>,
}

/// The state of a call.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum CallState {
    /// Not started.
    #[default]
    Idle,
    /// Joining the room.
    Connecting,
    /// In the lobby of the room, until a moderator admits us.
    Waiting,
    /// In the room.
    Connected,
    /// The connection to the server is lost, and is being restored.
    Reconnecting,
    /// Over.
    Ended(EndReason),
}

impl CallState {
    /// The state's name in the JavaScript API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Waiting => "waiting",
            Self::Connected => "connected",
            Self::Reconnecting => "reconnecting",
            Self::Ended(_) => "ended",
        }
    }
}

/// Another participant, as plain data.
#[derive(Clone, Debug, PartialEq)]
pub struct ParticipantView {
    /// Their id.
    pub id: ParticipantId,
    /// Their name, where the server has names.
    pub name: Option<DisplayName>,
    /// How they are connected to us.
    pub connection: Connection,
    /// What they send.
    pub media: MediaState,
    /// Whether their connection to the server is lost, while the server keeps their seat.
    pub away: bool,
    /// The participants whose media should arrive at their end, and does not.
    pub not_receiving: Vec<ParticipantId>,
    /// Whether they raise their hand.
    pub is_hand_raised: bool,
}

/// How a participant is connected to us.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Connection {
    /// The link is being set up.
    Connecting,
    /// Media can flow.
    Connected,
    /// Media did flow, and does not at the moment.
    Interrupted,
}

impl Connection {
    /// The name of the connection state in the JavaScript API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Interrupted => "interrupted",
        }
    }
}
