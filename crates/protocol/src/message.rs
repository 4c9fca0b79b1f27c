use crate::{Candidate, DisplayName, MediaState, ParticipantId, RoomName};

/// What a client asks of its server, in no dialect's words.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Request {
    /// Takes a seat in a room.
    Join(Join),
    /// Passes a signal on to a participant, or to whoever is there where a dialect only broadcasts.
    Signal {
        /// Whom it is for; `None` before the other's id is known (broadcast dialects only).
        to: Option<ParticipantId>,
        /// What is passed on.
        signal: Signal,
    },
    /// Tells the room what this client sends.
    Media(MediaState),
    /// Tells the room whom this client can't hear or see at the moment, though it should.
    ReceiveReport(Vec<ParticipantId>),
    /// Answers the server's [`Event::Ping`].
    Pong,
    /// Tells the server that this client is alive, or asks whether the server is.
    Ping,
    /// Gives the seat back: leaves for good.
    Bye,
    /// The page may be about to go away: if the socket goes now, that was a goodbye, unless the page
    /// was only loaded anew and comes back in a moment.
    Unload,
}

/// What a client says of itself when it joins; a dialect takes of it what its server needs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Join {
    /// The room, where the server has rooms.
    pub room: Option<RoomName>,
    /// The name to show to the others.
    pub name: Option<DisplayName>,
    /// An access token, opaque to us.
    pub token: Option<String>,
    /// The seat to take again. A codec that remembers the one it has had adds it by itself.
    pub resume: Option<Resume>,
    /// Whom this client still hears or sees, as it comes back: with them nothing is to start anew.
    pub keeps: Vec<ParticipantId>,
    /// What this client sends at the moment.
    pub media: MediaState,
}

/// A seat that was lost, as its holder remembers it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Resume {
    /// The token of the last [`Welcome`].
    pub token: String,
    /// That welcome's epoch.
    pub epoch: Option<String>,
    /// The number of the last event that was heard in it; without one, the roster is wanted.
    pub seq: Option<u64>,
}

/// What one participant says to another; the server passes it on unread.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Signal {
    /// Starts an exchange of descriptions.
    Offer {
        /// The sender's number for this offer, where the dialect carries one.
        id: Option<u32>,
        /// The SDP text.
        sdp: String,
    },
    /// Ends an exchange of descriptions.
    Answer {
        /// The number of the offer that is answered, where the dialect carries one.
        id: Option<u32>,
        /// The SDP text.
        sdp: String,
    },
    /// One more way to reach the sender.
    Candidate(Candidate),
}

/// What a server tells a client, in no dialect's words.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The client has its seat.
    Welcome(Welcome),
    /// The client gets no seat, or loses it for good.
    Refused(Refusal),
    /// Someone took a seat.
    Joined(Peer),
    /// Who the next signal comes from, on a server that gives no roster: someone who was there
    /// before us, as it may be, or who counts as gone.
    Found(Peer),
    /// Someone's seat is free again.
    Left {
        /// Whose seat it was.
        id: ParticipantId,
        /// Why it is free.
        reason: LeaveReason,
    },
    /// A participant's signal.
    Signal {
        /// Who sent it; the server vouches for it where the dialect says so.
        from: ParticipantId,
        /// What was passed on.
        signal: Signal,
    },
    /// Someone's connection to the server is lost; the seat is held for them for a while.
    Away(ParticipantId),
    /// Someone who was away has taken the seat again.
    Back(ParticipantId),
    /// Whom a participant can't hear or see has changed.
    ReceiveReport {
        /// Who says so.
        from: ParticipantId,
        /// Whom they can't hear or see.
        not_receiving: Vec<ParticipantId>,
    },
    /// What a participant sends has changed.
    Media {
        /// Whose tracks they are.
        from: ParticipantId,
        /// What they carry now.
        media: MediaState,
    },
    /// The server asks whether the client is alive; to be answered by [`Request::Pong`].
    Ping,
    /// The server is alive, which is all that [`Request::Ping`] asked.
    Pong,
    /// Events of the server are missing: it says them again, or its whole roster, to who comes back.
    Gap,
    /// The server could not pass a message on, and says so; nothing is lost but that message.
    Rejected {
        /// The server's word for the reason.
        code: String,
    },
    /// A message of a kind that this version does not know. It is counted, not read.
    Unknown {
        /// Its length in bytes.
        bytes: usize,
    },
}

/// A server's answer to a [`Join`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Welcome {
    /// The id by which the others know this client.
    pub id: ParticipantId,
    /// Everyone who was there before; nobody if the seat is `resumed`.
    pub peers: Vec<Peer>,
    /// Whether this client has its old seat again, with nothing missed: what it did not hear comes
    /// next.
    pub resumed: bool,
    /// How many of this seat's messages the server has taken.
    pub heard: Option<u64>,
    /// Single-use token by which a lost seat can be taken again.
    pub resume: Option<String>,
    /// The server's boot id: after a restart, sequence numbers start anew.
    pub epoch: Option<String>,
    /// The sequence number of the room's last event that is contained in `peers`.
    pub seq: Option<u64>,
    /// How often the server pings, in milliseconds; silence for much longer means a dead socket.
    pub ping_interval: Option<u32>,
    /// How often the server wants to hear [`Request::Ping`], in milliseconds.
    pub keep_alive: Option<u32>,
}

/// Another participant, as the server describes them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Peer {
    /// Their id.
    pub id: ParticipantId,
    /// Their name, where the dialect has names.
    pub name: Option<DisplayName>,
    /// What they send.
    pub media: MediaState,
    /// Whether their connection to the server is lost, and their seat is held.
    pub away: bool,
    /// Whom they can't hear or see at the moment, though they should.
    pub not_receiving: Vec<ParticipantId>,
}

impl Peer {
    /// Someone of whom no more is known than this.
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

/// Why a seat became free.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum LeaveReason {
    /// They said goodbye.
    Bye,
    /// Their connection to the server was lost, without a goodbye.
    Lost,
    /// They were sent out.
    Kicked,
}

/// Why a server gives no seat, or takes it away. All of these are final.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// No seat is free.
    RoomFull,
    /// The server does not accept this room's name.
    InvalidRoom,
    /// The server does not accept this participant's name.
    InvalidName,
    /// The token is missing or not good for this room.
    Forbidden,
    /// The token is past its time.
    TokenExpired,
    /// A moderator sent this client out.
    Kicked,
    /// The same person joined again elsewhere.
    Replaced,
    /// The server speaks only other versions of the dialect.
    VersionNotSupported,
    /// The server says that this client broke its rules.
    BadRequest,
}
