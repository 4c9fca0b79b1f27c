use std::fmt;

use crate::{Event, ParticipantId, Refusal, Request};

/// One server's wire language: a codec, without a socket, a clock or a thread.
///
/// An implementation promises:
///
/// 1. **Nothing panics**, whatever arrives. A message that is not of the dialect is a
///    [`DecodeError`]; one of an unknown kind is [`Event::Unknown`]. Both leave the codec usable.
/// 2. **Order is kept**: the frames of two requests leave in the order of the requests, the events
///    of two frames come in the order of the frames.
/// 3. **Echoes are its own business**: where the server sends a client's messages back to it, the
///    codec drops them.
/// 4. **The handshake is its own business**: requests that come before the server is ready are held
///    back, and leave as [`Decoded::replies`] when it is.
/// 5. **[`capabilities`](Dialect::capabilities) never change.** The session decides by them alone;
///    it never asks which dialect it talks through.
/// 6. **A request that the dialect has no words for is no error**: it gives no frames.
pub trait Dialect {
    /// What this dialect's servers do, and what they leave to the client.
    fn capabilities(&self) -> Capabilities;

    /// A new socket is open: what was begun on another is void. What it was about is not, such as a
    /// seat to take again.
    fn opened(&mut self) {}

    /// Turns a request into the text frames to send, in order.
    ///
    /// # Errors
    ///
    /// The request can't be said in this dialect as it stands, e.g. a join without a room.
    fn encode(&mut self, request: &Request) -> Result<Vec<String>, EncodeError>;

    /// Reads one text frame from the server.
    ///
    /// # Errors
    ///
    /// The frame is not of this dialect. Only this frame is lost.
    fn decode(&mut self, frame: &str) -> Result<Decoded, DecodeError>;

    /// Reads the code with which the server, or the network, closed the socket
    /// (RFC 6455 section 7.4).
    fn closed(&self, code: u16) -> CloseAction;

    /// The id by which the others know this client, where clients make up theirs.
    fn own_id(&self) -> Option<ParticipantId> {
        None
    }

    /// Makes the socket's address out of the server's, which is absolute, with a path.
    fn address(&mut self, server: &str) -> String {
        server.to_owned()
    }

    /// What is to be asked of the server by HTTP while the socket opens.
    fn preflight(&self) -> Option<Preflight> {
        None
    }

    /// Reads the answer to the [`preflight`](Self::preflight), by its HTTP status.
    fn preflight_done(&mut self, status: u16) -> Decoded {
        let _ = status;
        Decoded::default()
    }

    /// What a later life of this client needs to take its seat again, such as a reloaded page.
    fn seat(&self) -> Option<&str> {
        None
    }

    /// Has the next join take the [`seat`](Self::seat) of an earlier life.
    fn take_seat(&mut self, seat: String) {
        let _ = seat;
    }

    /// Puts a line of chat into the form in which it travels over a data channel.
    fn write_chat(&self, text: &str) -> String {
        text.to_owned()
    }

    /// Takes a line of chat out of the form in which it travelled.
    fn read_chat<'a>(&self, line: &'a str) -> &'a str {
        line
    }
}

/// A POST of JSON to the server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Preflight {
    /// The path, from the root of the server.
    pub path: &'static str,
    /// The JSON text.
    pub body: String,
}

/// What one frame meant.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Decoded {
    /// What it says, in order.
    pub events: Vec<Event>,
    /// What the handshake wants answered, to be sent at once.
    pub replies: Vec<String>,
}

impl Decoded {
    /// Adds that nobody knows what this frame means.
    pub(crate) fn unknown(&mut self, frame: &str) {
        self.events.push(Event::Unknown { bytes: frame.len() });
    }
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
    /// Whether the server passes [`Request::Media`] on to the room.
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
    /// The server says [`Event::Welcome`], with a roster, and [`Event::Joined`] later.
    Roster,
    /// An open socket is all: a participant exists from their first description on.
    Open,
}

/// Who starts the exchange of descriptions between a newcomer and those already there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Offerer {
    /// The newcomer, to each one on the roster.
    Newcomer,
    /// Those who are there, to each newcomer. A newcomer who is on a roster's word not alone, and
    /// hears no offer, offers after all: those who are there may not know that it is their turn.
    Present,
    /// Each client, to whoever may be there, as soon as it is in.
    Everyone,
    /// Always the other one.
    Other,
}

/// What happens when two offers cross.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum GlareRule {
    /// Perfect negotiation (webrtc-pc section 10.7): the peer with the greater id gives way.
    Perfect,
    /// The other may be a client that always gives way and takes no turns: hold its offer for a
    /// moment, take its answer to ours if one comes, else give way too.
    Hold,
}

/// How one learns that another participant has gone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Departure {
    /// The server says [`Event::Left`].
    Announced,
    /// Only by the media connection going silent.
    Unannounced,
}

/// What to do after a socket was closed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CloseAction {
    /// Connect again, with growing pauses.
    Backoff,
    /// Connect again; the seat is lost, so join as new.
    RejoinFresh,
    /// Stay away: the reason is final.
    Terminal(Refusal),
}

/// Why a request can't be said in a dialect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum EncodeError {
    /// The dialect addresses its messages, and this one has no addressee.
    AddresseeMissing,
    /// The dialect's rooms have names, and the join gives none.
    RoomMissing,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AddresseeMissing => "this dialect needs to be told whom a signal is for",
            Self::RoomMissing => "this dialect needs the name of a room",
        })
    }
}

impl std::error::Error for EncodeError {}

/// Why a frame can't be read. Holds nothing of the frame's content.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum DecodeError {
    /// It is not JSON, or JSON of another shape.
    Malformed {
        /// How many bytes were read when the trouble was found.
        at: usize,
    },
    /// A message of this kind lacks this field, or holds something else there.
    Field {
        /// The kind of message.
        kind: &'static str,
        /// The field.
        field: &'static str,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { at } => {
                write!(f, "not a message of this dialect (byte {at})")
            }
            Self::Field { kind, field } => {
                write!(
                    f,
                    "a message of kind '{kind}' with a missing or wrong '{field}'"
                )
            }
        }
    }
}

impl std::error::Error for DecodeError {}
