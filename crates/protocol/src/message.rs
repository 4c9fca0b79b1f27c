use crate::{
    Ask, Candidate, Description, DescriptionKind, DisplayName, Grants, Knock, MediaState,
    Moderation, ParticipantId, RoomName, RoomState, Terms,
};

/// What a client asks of its server, independent of the dialect.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Request {
    /// Joins a room.
    Join(Join),
    /// Passes a signal on to a participant, or to everyone where a dialect only broadcasts.
    Signal {
        /// The recipient; `None` before the peer's id is known (broadcast dialects only).
        to: Option<ParticipantId>,
        /// What is passed on.
        signal: Signal,
    },
    /// Tells the room what this client's tracks carry.
    Media(MediaState),
    /// Tells the room from whom this client receives no media, although it should.
    ReceiveReport(Vec<ParticipantId>),
    /// Moderates the room.
    Moderate(Moderation),
    /// Shows a new access token, before the last one expires.
    Token(String),
    /// Answers the server's [`Event::Ping`].
    Pong,
    /// Keeps the connection alive, or checks whether the server responds.
    Ping,
    /// Leaves the room for good and frees the seat.
    Bye,
    /// Announces that the page may be closing or reloading. If the socket is lost soon after this,
    /// the client has left, unless a reloaded page resumes the seat within a moment.
    Unload,
}

/// What a client tells about itself when it joins. A dialect sends what its server uses.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Join {
    /// The room, where the server has rooms.
    pub room: Option<RoomName>,
    /// The name to show to the other participants.
    pub name: Option<DisplayName>,
    /// An access token, opaque to the client.
    pub token: Option<String>,
    /// The seat to resume. A codec that had one adds it by itself.
    pub resume: Option<Resume>,
    /// The participants from whom this client still receives media after a reconnect: their
    /// connections are to be kept.
    pub keeps: Vec<ParticipantId>,
    /// What this client's tracks carry at the moment.
    pub media: MediaState,
}

/// What a client remembers of a seat that it wants to resume.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Resume {
    /// The resume token of the last [`Welcome`].
    pub token: String,
    /// That welcome's epoch.
    pub epoch: Option<String>,
    /// The number of the last event received on it; `None` asks for the whole roster.
    pub seq: Option<u64>,
}

/// A message from one participant to another, which the server passes on unread.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Signal {
    /// An offer.
    Offer {
        /// The sender's number for this offer, where the dialect carries one.
        id: Option<u32>,
        /// The SDP text.
        sdp: String,
    },
    /// An answer.
    Answer {
        /// The number of the answered offer, where the dialect carries one.
        id: Option<u32>,
        /// The SDP text.
        sdp: String,
    },
    /// An ICE candidate of the sender.
    Candidate(Candidate),
}

impl From<Description> for Signal {
    /// A description as a signal, in a dialect that does not number its offers.
    fn from(description: Description) -> Self {
        let Description { kind, sdp } = description;
        match kind {
            DescriptionKind::Offer => Self::Offer { id: None, sdp },
            DescriptionKind::Answer => Self::Answer { id: None, sdp },
        }
    }
}

/// What a server tells a client, independent of the dialect.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The client has joined.
    Welcome(Welcome),
    /// The client may not join, or is removed for good.
    Refused(Refusal),
    /// Another participant has joined.
    Joined(Peer),
    /// Introduces the sender of the next signal, on a server without a roster: possibly someone who
    /// was in the room before this client, or who was considered gone.
    Found(Peer),
    /// A participant has left.
    Left {
        /// The participant.
        id: ParticipantId,
        /// Why they left.
        reason: LeaveReason,
    },
    /// A participant's signal.
    Signal {
        /// The sender, set by the server in dialects that have ids of the server's making.
        from: ParticipantId,
        /// The signal.
        signal: Signal,
    },
    /// A participant's connection to the server is lost; the server keeps their seat for a while.
    Away(ParticipantId),
    /// A participant has resumed their seat.
    Back(ParticipantId),
    /// The set of participants from whom someone receives no media has changed.
    ReceiveReport {
        /// The reporting participant.
        from: ParticipantId,
        /// From whom they receive no media, although they should.
        not_receiving: Vec<ParticipantId>,
    },
    /// What a participant's tracks carry has changed.
    Media {
        /// The participant.
        from: ParticipantId,
        /// What the tracks carry now.
        media: MediaState,
    },
    /// The server offers ICE servers in place of those that it offered before, because their
    /// credentials expire.
    IceServers(IceServers),
    /// The client waits in the lobby for a moderator.
    Waiting {
        /// The interval of the server's pings, in milliseconds.
        ping_interval: Option<u32>,
        /// In how many milliseconds the access token expires.
        token_expires_in: Option<u32>,
    },
    /// Someone waits in the lobby. For moderators only.
    Knock(Knock),
    /// Someone who waited in the lobby was admitted or denied, or is gone. For moderators only.
    KnockEnded(ParticipantId),
    /// Moderators have changed what applies to the room.
    Room(RoomState),
    /// A moderator asks this client to stop sending something.
    Asked {
        /// The moderator.
        from: ParticipantId,
        /// What to stop.
        ask: Ask,
    },
    /// The access token has expired. The seat is lost unless the client shows another one soon.
    TokenExpired,
    /// The server has accepted a new access token.
    TokenAccepted {
        /// In how many milliseconds it expires.
        expires_in: Option<u32>,
        /// What the participant may do now.
        grants: Option<Grants>,
    },
    /// The server checks whether the client is alive. Answer with [`Request::Pong`].
    Ping,
    /// The server's reply to [`Request::Ping`].
    Pong,
    /// Events of the server were lost. Reconnect: the server then repeats them, or sends the roster.
    Gap,
    /// The server could not carry out one message; nothing else is affected.
    Rejected {
        /// The server's code for the reason.
        code: String,
    },
    /// A message of a kind that this version does not know, for example a heartbeat of a server's
    /// own. It is ignored.
    Unknown {
        /// Its length in bytes.
        bytes: usize,
    },
}

/// A server's answer to a [`Join`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Welcome {
    /// This client's id.
    pub id: ParticipantId,
    /// The participants who were in the room before; empty if the seat is `resumed`.
    pub peers: Vec<Peer>,
    /// Whether the client has resumed its old seat. The events that it missed follow.
    pub resumed: bool,
    /// How many of this seat's numbered messages the server has processed.
    pub heard: Option<u64>,
    /// Single-use token with which this seat can be resumed.
    pub resume: Option<String>,
    /// Identifies this run of the server: after a restart, sequence numbers start over.
    pub epoch: Option<String>,
    /// The sequence number of the last event that `peers` reflects.
    pub seq: Option<u64>,
    /// The interval of the server's pings, in milliseconds. Much longer silence means a dead socket.
    pub ping_interval: Option<u32>,
    /// The interval, in milliseconds, at which the server expects [`Request::Ping`].
    pub keep_alive: Option<u32>,
    /// The ICE servers that the server offers.
    pub ice_servers: IceServers,
    /// What applies to the seat and the room.
    pub terms: Terms,
}

/// The ICE servers that a signaling server offers to one client.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct IceServers {
    /// The servers, best first.
    pub servers: Vec<IceServer>,
    /// For how many seconds the credentials are valid; `None` where there are none that expire.
    pub lifetime: Option<u64>,
}

/// A STUN or TURN server (<https://www.w3.org/TR/webrtc/#rtciceserver-dictionary>).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IceServer {
    /// Its URLs, such as `turn:turn.example.org?transport=tcp`.
    pub urls: Vec<String>,
    /// The user name for TURN.
    pub username: Option<String>,
    /// The password for TURN.
    pub credential: Option<String>,
}

impl Welcome {
    /// A welcome to a seat that can't be resumed, by a server without heartbeats.
    pub fn new(id: ParticipantId, peers: Vec<Peer>) -> Self {
        Self {
            id,
            peers,
            resumed: false,
            heard: None,
            resume: None,
            epoch: None,
            seq: None,
            ping_interval: None,
            keep_alive: None,
            ice_servers: IceServers::default(),
            terms: Terms::default(),
        }
    }
}

/// Another participant, as the server describes them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Peer {
    /// Their id.
    pub id: ParticipantId,
    /// Their name, where the dialect has names.
    pub name: Option<DisplayName>,
    /// What their tracks carry.
    pub media: MediaState,
    /// Whether their connection to the server is lost while their seat is kept.
    pub away: bool,
    /// From whom they receive no media, although they should.
    pub not_receiving: Vec<ParticipantId>,
}

impl Peer {
    /// A participant of whom only this is known.
    pub fn new(id: ParticipantId, name: Option<DisplayName>) -> Self {
        Self {
            id,
            name,
            media: MediaState::LIVE,
            away: false,
            not_receiving: Vec::new(),
        }
    }
}

/// Why a participant left.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum LeaveReason {
    /// They left the room.
    Bye,
    /// Their connection to the server was lost and did not come back.
    Lost,
    /// A moderator removed them.
    Removed,
}

/// Why a server does not let a client join, or removes it. All of these are final.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// The room is full.
    RoomFull,
    /// The server does not accept this room name.
    InvalidRoom,
    /// The server does not accept this display name.
    InvalidName,
    /// The token does not let its bearer join this room.
    Forbidden,
    /// The token is missing or not valid.
    InvalidToken,
    /// The token admits one participant only, and has done so.
    TokenUsed,
    /// The token has expired.
    TokenExpired,
    /// A moderator removed this client.
    Removed,
    /// A moderator has locked the room.
    RoomLocked,
    /// A moderator did not admit this client.
    Denied,
    /// A moderator has ended the call for everyone.
    CallEnded,
    /// The same person joined again elsewhere.
    Replaced,
    /// The server speaks only other versions of the dialect.
    VersionNotSupported,
    /// The client violated the protocol.
    BadRequest,
}
