use crate::{
    DecodeError, EncodeError, Event, InvalidRoom, ParticipantId, Refusal, Request, RoomName,
};

/// The wire format of one kind of signaling server: a codec without a socket, a clock or a thread.
///
/// An implementation guarantees:
///
/// 1. **It never panics**, whatever arrives. A message of a known kind with missing or wrong content
///    is a [`DecodeError`]; a message of an unknown kind is [`Event::Unknown`]. Both leave the codec
///    usable.
/// 2. **It keeps the order**: the frames of two requests are sent in the order of the requests, and
///    the events of two frames come in the order of the frames.
/// 3. **It drops echoes**: where the server sends a client's messages back to it, the codec ignores
///    them.
/// 4. **It performs the handshake**: requests made before the server is ready are queued and sent as
///    [`Decoded::replies`] when it is.
/// 5. **Its [`capabilities`](Dialect::capabilities) never change.** The session decides by them
///    alone; it never asks which dialect is in use.
/// 6. **A request that the dialect can't express is not an error**: it encodes to no frames.
pub trait Dialect {
    /// What this dialect's servers do, and what they leave to the client.
    fn capabilities(&self) -> Capabilities;

    /// Resets what belongs to one connection, because a new socket has opened. What outlives a
    /// connection stays, such as a seat that can be resumed.
    fn opened(&mut self) {}

    /// Turns a request into the text frames to send, in order.
    ///
    /// # Errors
    ///
    /// The request lacks something that this dialect requires, for example a join without a room.
    fn encode(&mut self, request: &Request) -> Result<Vec<String>, EncodeError>;

    /// Reads one text frame from the server.
    ///
    /// # Errors
    ///
    /// The frame is not a valid message of this dialect. Only this frame is lost.
    fn decode(&mut self, frame: &str) -> Result<Decoded, DecodeError>;

    /// Decides what to do after the socket was closed with this code (RFC 6455 section 7.4).
    fn closed(&self, code: u16) -> CloseAction;

    /// This client's id, in dialects whose clients choose their own.
    fn own_id(&self) -> Option<ParticipantId> {
        None
    }

    /// Returns the address of the WebSocket for an absolute server address with a path.
    fn address(&mut self, server: &str) -> String {
        server.to_owned()
    }

    /// Checks the name of the room to join. By default any text is passed on: the server decides.
    ///
    /// # Errors
    ///
    /// This dialect's servers would not accept the name.
    fn room_name(&self, name: &str) -> Result<RoomName, InvalidRoom> {
        RoomName::verbatim(name)
    }

    /// An HTTP request to make while the socket opens.
    fn preflight(&self) -> Option<Preflight> {
        None
    }

    /// Handles the HTTP status of the response to the [`preflight`](Self::preflight).
    fn preflight_done(&mut self, status: u16) -> Decoded {
        let _ = status;
        Decoded::default()
    }

    /// A token with which a later instance of this client, such as a reloaded page, can resume this
    /// seat.
    fn seat(&self) -> Option<&str> {
        None
    }

    /// Makes the next join resume the [`seat`](Self::seat) of an earlier instance.
    fn take_seat(&mut self, seat: String) {
        let _ = seat;
    }

    /// Converts a chat line to the form in which it is sent over the data channel.
    fn write_chat(&self, text: &str) -> String {
        text.to_owned()
    }

    /// Extracts the chat line from the form in which it was received.
    fn read_chat<'a>(&self, line: &'a str) -> &'a str {
        line
    }
}

/// A POST request with a JSON body.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Preflight {
    /// The absolute path on the server.
    pub path: &'static str,
    /// The JSON text.
    pub body: String,
}

/// The meaning of one frame.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Decoded {
    /// The events, in order.
    pub events: Vec<Event>,
    /// Frames to send at once, for example to continue the handshake.
    pub replies: Vec<String>,
}

impl Decoded {
    /// Records that this frame is of a kind that the dialect does not know.
    pub(crate) fn unknown(&mut self, frame: &str) {
        self.events.push(unknown(frame));
    }
}

/// A message of a kind that the dialect does not know.
pub(crate) fn unknown(frame: &str) -> Event {
    Event::Unknown { bytes: frame.len() }
}

impl From<Event> for Decoded {
    fn from(event: Event) -> Self {
        Self {
            events: vec![event],
            replies: Vec::new(),
        }
    }
}

/// What a dialect's servers do, and what they leave to the client.
///
/// Each field answers one question. A codec for a simple server starts from
/// [`MINIMAL`](Self::MINIMAL) and names what its server does beyond that.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent yes-or-no questions, read by name"
)]
pub struct Capabilities {
    /// How a client learns that it has joined, and who else is in the room.
    pub admission: Admission,
    /// Who sends the first offer.
    pub offerer: Offerer,
    /// What happens when two offers cross.
    pub glare: GlareRule,
    /// How a client learns that another participant has left.
    pub departure: Departure,
    /// How many people a room holds at most; `None` where the server alone decides.
    pub capacity: Option<usize>,
    /// Whether the server passes [`Request::Media`] on to the room, and descriptions carry their
    /// [`TrackSources`](crate::TrackSources).
    pub media_state: bool,
    /// Whether candidates may be sent after their description. If not, the session sends a
    /// description when it contains all of its candidates.
    pub trickle: bool,
    /// Whether the server keeps the seat of a client whose socket is lost, so that a client that
    /// gives up has to free it with [`Request::Bye`].
    pub keeps_seat: bool,
    /// Whether the server delivers what was sent to or by a client whose socket was lost once that
    /// client is back. If not, such messages are lost and the session repeats them.
    pub redelivers: bool,
    /// Whether the server tells the others when a client whose socket was lost is back
    /// ([`Event::Back`]), so that they repeat their open offers to it.
    pub announces_return: bool,
    /// Whether a participant who is missing from the roster of a later [`Event::Welcome`] has left.
    /// If not, the roster says nothing about people who were in the room before, and a link that
    /// is only interrupted gets the time to recover.
    pub roster_is_complete: bool,
    /// Whether the server answers [`Request::Ping`] at once with [`Event::Pong`].
    pub answers_ping: bool,
    /// Whether the server passes [`Request::ReceiveReport`] on to the room.
    pub receive_reports: bool,
    /// Whether the server stores the last offer and delivers it to whoever connects later. Then an
    /// answer from an unknown connection may be the answer of a new page to a stored offer.
    pub stores_offer: bool,
    /// The label of the data channel that carries chat, which the offering side opens; `None`
    /// where there is no chat.
    pub chat: Option<&'static str>,
}

impl Capabilities {
    /// A server that passes text between two people and does nothing else.
    pub const MINIMAL: Self = Self {
        admission: Admission::Open,
        offerer: Offerer::Everyone,
        glare: GlareRule::Hold,
        departure: Departure::Unannounced,
        capacity: Some(2),
        media_state: false,
        trickle: true,
        keeps_seat: false,
        redelivers: false,
        announces_return: false,
        roster_is_complete: true,
        answers_ping: false,
        receive_reports: false,
        stores_offer: false,
        chat: None,
    };
}

/// How a client learns that it is in, and who else is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Admission {
    /// The server sends [`Event::Welcome`] with a roster, and [`Event::Joined`] for later arrivals.
    Roster,
    /// The client has joined when its socket is open. Another participant is known from their first
    /// description on.
    Open,
}

/// Who sends the first offer between a newcomer and the participants already in the room.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Offerer {
    /// The newcomer, to each participant on the roster.
    Newcomer,
    /// The participants already in the room, to each newcomer. If no offer comes, the newcomer
    /// offers: the others may not know that it is their turn.
    Present,
    /// Each client, to whoever may be in the room, as soon as it has joined.
    Everyone,
    /// Always the other participant.
    Other,
}

/// What happens when two offers cross.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum GlareRule {
    /// Perfect negotiation (webrtc-pc section 10.7): the peer with the greater id is the polite one
    /// and yields.
    Perfect,
    /// The peer may be a client that always yields. Defer its offer for a moment: if it answers ours,
    /// use that answer; if not, yield and answer its offer.
    Hold,
}

/// How a client learns that another participant has left.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Departure {
    /// The server sends [`Event::Left`].
    Announced,
    /// Only by the loss of the media connection.
    Unannounced,
}

/// What to do after a socket was closed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CloseAction {
    /// Reconnect, with growing delays.
    Backoff,
    /// Reconnect and join as a new participant; the seat is lost.
    RejoinFresh,
    /// Do not reconnect: the reason is final.
    Terminal(Refusal),
}
