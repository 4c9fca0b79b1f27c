use crate::{DisplayName, Grants, ParticipantId};

/// Something that a moderator does.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Moderation {
    /// Lets someone in who waits in the lobby.
    Admit(ParticipantId),
    /// Turns someone away who waits in the lobby.
    Deny(ParticipantId),
    /// Locks the room, so that nobody else can join, or unlocks it.
    Lock(bool),
    /// Makes newcomers wait in the lobby until they are admitted, or no longer.
    Lobby(bool),
    /// Asks a participant to stop sending something. They may start again.
    Ask(ParticipantId, Ask),
    /// Removes a participant, who can't come back.
    Remove(ParticipantId),
    /// Ends the call for everyone.
    End,
}

impl Moderation {
    /// Reads an act by its name on the wire and in the JavaScript API; nothing if there is no such
    /// act, or it lacks whom it is about.
    pub fn named(act: &str, to: Option<ParticipantId>, on: bool) -> Option<Self> {
        Some(match act {
            "lock" => Self::Lock(on),
            "lobby" => Self::Lobby(on),
            "end" => Self::End,
            "admit" => Self::Admit(to?),
            "deny" => Self::Deny(to?),
            "remove" => Self::Remove(to?),
            act => Self::Ask(to?, Ask::named(act)?),
        })
    }
}

/// What a participant is asked to stop.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Ask {
    /// Their microphone.
    Mute,
    /// Their camera.
    StopVideo,
    /// Their screen.
    StopScreen,
}

impl Ask {
    /// Everything that someone can be asked to stop.
    pub const ALL: [Self; 3] = [Self::Mute, Self::StopVideo, Self::StopScreen];

    /// Reads a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ask| ask.as_str() == name)
    }

    /// The name on the wire and in the JavaScript API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mute => "mute",
            Self::StopVideo => "stop-video",
            Self::StopScreen => "stop-screen",
        }
    }
}

/// What moderators have set for a room.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RoomState {
    /// Nobody else can join.
    pub locked: bool,
    /// Newcomers wait in the lobby until they are admitted.
    pub lobby: bool,
}

/// Someone who waits in the lobby.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Knock {
    /// The id to admit or deny them by. It is not their id in the room.
    pub id: ParticipantId,
    /// Their name.
    pub name: Option<DisplayName>,
}

/// What applies to a seat, and to the room that it is in.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Terms {
    /// What the participant may do; `None` if the server does not say.
    pub grants: Option<Grants>,
    /// In how many milliseconds the access token expires.
    pub token_expires_in: Option<u32>,
    /// What moderators have set for the room.
    pub room: RoomState,
    /// Who waits in the lobby, for those who may admit them.
    pub knocks: Vec<Knock>,
}
