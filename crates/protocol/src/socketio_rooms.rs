//! The `socketio-rooms` dialect: two people in a room of a Socket.IO server that relays `offer`,
//! `answer` and `candidate` between them, and sends `created` to the first and `joined` to the second.
//!
//! Nobody has an id, and no message names its sender, so the codec assigns ids: the first in the room
//! is `a`, the second `b`, and later arrivals are `c1`, `c2`, … Each is greater than the ids of those
//! who were in the room before, which makes the newcomer the polite one at both ends. When two join
//! at once, each may see the other arrive later; then the second knows the first as `a1`.

use crate::json::List;
use crate::socketio::{Arguments, Heartbeat, Packet, SocketIo};
use crate::{
    Admission, Candidate, Capabilities, CloseAction, DecodeError, Decoded, Description,
    DescriptionKind, Dialect, EncodeError, Event, GlareRule, LeaveReason, Offerer, ParticipantId,
    Peer, Refusal, Request, Signal, Welcome,
};

/// The client's half of the dialect.
#[derive(Clone, Debug)]
pub struct SocketIoRooms {
    io: SocketIo,
    heartbeat: Heartbeat,
    room: String,
    /// Whether the server has admitted us to the room.
    joined: bool,
    me: &'static str,
    peer: Option<ParticipantId>,
    /// Whether the peer was in the room before us, or before we reconnected.
    peer_was_first: bool,
    /// Whether we have sent `ready` a second time although we are the first in the room.
    ready_as_first: bool,
    newcomers: u64,
    /// Whether we are reconnecting and still receive media from the peer.
    media_continues: bool,
    /// The connection that made our last offer, until the peer sends a signal.
    unanswered: Option<String>,
    /// Whether the peer has sent a signal.
    peer_has_signaled: bool,
}

/// The first in the room.
const FIRST: &str = "a";
/// We, if somebody was in the room before.
const SECOND: &str = "b";
/// A peer that has replaced the one we knew and considers us the newcomer.
const REPLACEMENT: &str = "0";

impl SocketIoRooms {
    /// Creates a codec for one connection.
    #[expect(
        clippy::new_without_default,
        reason = "a codec is created for one connection; there is no default one"
    )]
    pub fn new() -> Self {
        Self {
            io: SocketIo::new(String::new()),
            heartbeat: Heartbeat::default(),
            room: String::new(),
            joined: false,
            me: FIRST,
            peer: None,
            peer_was_first: false,
            ready_as_first: false,
            newcomers: 0,
            media_continues: false,
            unanswered: None,
            peer_has_signaled: false,
        }
    }

    fn welcome(&self, peers: Vec<Peer>) -> Event {
        Event::Welcome(Welcome {
            ping_interval: self.heartbeat.server,
            keep_alive: self.heartbeat.client,
            ..Welcome::new(ParticipantId::new(self.me), peers)
        })
    }

    fn emit(&mut self, name: &str, arguments: Arguments) -> Vec<String> {
        let room = self.room.clone();
        self.io.emit(name, arguments.text(&room))
    }

    /// The server has admitted us, as the first in the room or as the second.
    ///
    /// `ready` makes the peer start over. It is not sent while media continues: then both keep their
    /// ids, and the peer has not noticed that we were disconnected.
    fn on_joined(&mut self, peer_was_first: bool, decoded: &mut Decoded) {
        self.joined = true;
        self.peer_was_first = peer_was_first;
        if self.media_continues {
            let peer = self.peer.clone().filter(|_| peer_was_first);
            let peers = peer.into_iter().map(|id| Peer::new(id, None)).collect();
            decoded.events.push(self.welcome(peers));
            return;
        }
        let gone = self.peer.take();
        self.peer_has_signaled = false;
        self.unanswered = None;
        self.me = if peer_was_first { SECOND } else { FIRST };
        let first = peer_was_first.then(|| self.set_peer(FIRST));
        let welcome = self.welcome(first.into_iter().collect());
        decoded.events.push(welcome);
        let gone = gone.filter(|gone| self.peer.as_ref() != Some(gone));
        decoded.events.extend(gone.map(left));
        if peer_was_first {
            let ready = self.emit("ready", Arguments::default());
            decoded.replies.extend(ready);
        }
    }

    /// Writes an offer. A newcomer whose previous offer got no reply sends `ready` again first: a page
    /// that is still waiting for its camera loses `ready`, and ignores offers too. An offer that the
    /// same connection repeats needs no new start.
    fn offer(&mut self, sdp: &str) -> Vec<String> {
        // `v=0`, then `o=` with the user and the session id, which a connection keeps.
        let connection = Some(sdp.split(' ').nth(1).unwrap_or(sdp).to_owned());
        let again = self.unanswered.is_some() && self.unanswered != connection;
        let mut frames = Vec::new();
        if again && self.peer_was_first {
            frames = self.emit("ready", Arguments::default());
            self.ready_as_first = self.me == FIRST;
        }
        self.unanswered = connection;
        frames.extend(self.describe(DescriptionKind::Offer, sdp));
        frames
    }

    fn describe(&mut self, kind: DescriptionKind, sdp: &str) -> Vec<String> {
        let description = Description::write(kind, sdp).finish();
        let name = match kind {
            DescriptionKind::Offer => "offer",
            DescriptionKind::Answer => "answer",
        };
        self.emit(name, Arguments::default().json(&description))
    }

    fn event(
        &mut self,
        frame: &str,
        name: &str,
        arguments: List<'_>,
        decoded: &mut Decoded,
    ) -> Result<(), DecodeError> {
        match name {
            "created" => self.on_joined(false, decoded),
            "joined" => self.on_joined(true, decoded),
            "full" => decoded.events.push(Event::Refused(Refusal::RoomFull)),
            // A room holds two, so the previous peer has left, even if their media seems to continue
            // for a while.
            "ready" => {
                // When two join at once, each receives the other's `ready`, and we stay the newcomer.
                let simultaneous = !self.peer_has_signaled && self.peer_was_first;
                decoded.events.extend(self.remove_peer());
                let newcomer = if simultaneous {
                    self.set_peer("a1")
                } else {
                    self.add_newcomer()
                };
                decoded.events.push(Event::Joined(newcomer));
            }
            "leave" => decoded.events.extend(self.remove_peer()),
            "offer" | "answer" | "candidate" => self.on_signal(name, arguments, decoded)?,
            _ => decoded.unknown(frame),
        }
        Ok(())
    }

    fn on_signal(
        &mut self,
        name: &str,
        mut arguments: List<'_>,
        decoded: &mut Decoded,
    ) -> Result<(), DecodeError> {
        let payload = arguments.record();
        let signal = if name == "candidate" {
            let Some(candidate) = payload.and_then(Candidate::read) else {
                return Ok(());
            };
            Signal::Candidate(candidate)
        } else {
            let description = payload.and_then(Description::read);
            let wrong = DecodeError::Field {
                kind: "signal",
                field: "payload",
            };
            description.ok_or(wrong)?.into()
        };
        self.unanswered = None;
        self.peer_has_signaled = true;
        if std::mem::take(&mut self.ready_as_first) && name == "offer" {
            decoded.events.extend(self.remove_peer());
            let replacement = self.set_peer(REPLACEMENT);
            decoded.events.push(Event::Found(replacement));
        }
        let from = match &self.peer {
            Some(peer) => peer.clone(),
            None => {
                let newcomer = self.add_newcomer();
                decoded.events.push(Event::Found(newcomer.clone()));
                newcomer.id
            }
        };
        decoded.events.push(Event::Signal { from, signal });
        Ok(())
    }

    fn add_newcomer(&mut self) -> Peer {
        self.newcomers += 1;
        self.set_peer(&["c", &self.newcomers.to_string()].concat())
    }

    fn set_peer(&mut self, id: &str) -> Peer {
        let id = ParticipantId::new(id);
        self.peer = Some(id.clone());
        Peer::new(id, None)
    }

    fn remove_peer(&mut self) -> Option<Event> {
        self.peer_was_first = false;
        self.peer.take().map(left)
    }
}

fn left(id: ParticipantId) -> Event {
    let reason = LeaveReason::Bye;
    Event::Left { id, reason }
}

impl Dialect for SocketIoRooms {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            admission: Admission::Roster,
            offerer: Offerer::Present,
            glare: GlareRule::Perfect,
            ..Capabilities::MINIMAL
        }
    }

    fn address(&mut self, server: &str) -> String {
        self.io.address(server)
    }

    fn opened(&mut self) {
        self.io.restart();
        self.joined = false;
    }

    fn encode(&mut self, request: &Request) -> Result<Vec<String>, EncodeError> {
        Ok(match request {
            Request::Join(join) => {
                let room = join.room.as_ref().ok_or(EncodeError::RoomMissing)?;
                self.room = room.as_str().to_owned();
                let mut keeps = join.keeps.iter();
                self.media_continues = keeps.any(|kept| self.peer.as_ref() == Some(kept));
                self.emit("join", Arguments::default())
            }
            Request::Signal { signal, .. } => match signal {
                Signal::Offer { sdp, .. } => self.offer(sdp),
                Signal::Answer { sdp, .. } => self.describe(DescriptionKind::Answer, sdp),
                Signal::Candidate(end) if end.candidate.is_empty() => Vec::new(),
                Signal::Candidate(candidate) => {
                    let candidate = candidate.write().finish();
                    self.emit("candidate", Arguments::default().json(&candidate))
                }
            },
            // Servers relay `leave` from anyone, so the two in a full room would take each other for gone.
            Request::Bye if !self.joined => Vec::new(),
            Request::Bye => self.emit("leave", Arguments::default()),
            Request::Pong => vec!["3".to_owned()],
            Request::Ping => vec!["2".to_owned()],
            Request::Media(_)
            | Request::ReceiveReport(_)
            | Request::Moderate(_)
            | Request::Token(_)
            | Request::Unload => Vec::new(),
        })
    }

    fn decode(&mut self, frame: &str) -> Result<Decoded, DecodeError> {
        let mut decoded = Decoded::default();
        match self.io.read(frame, &mut decoded.replies)? {
            Packet::Handshake => {}
            Packet::Connected(heartbeat) => self.heartbeat = heartbeat,
            Packet::Ping => decoded.events.push(Event::Ping),
            Packet::Disconnected => decoded.events.push(Event::Refused(Refusal::Removed)),
            Packet::Event(name, arguments) => self.event(frame, &name, arguments, &mut decoded)?,
            Packet::Ack(..) | Packet::Unknown => decoded.unknown(frame),
        }
        Ok(decoded)
    }

    fn closed(&self, code: u16) -> CloseAction {
        match code {
            1008 | 1009 => CloseAction::Terminal(Refusal::BadRequest),
            _ => CloseAction::RejoinFresh,
        }
    }
}
