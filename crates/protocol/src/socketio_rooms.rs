//! The `socketio-rooms` dialect: two people in a room of a Socket.IO server that relays `offer`,
//! `answer` and `candidate` between them, and says `created` to the first and `joined` to the second.
//!
//! Nobody has an id, and no message says who sent it, so the codec gives ids of its own: the first
//! in the room is `a`, the second `b`, and who comes later is `c1`, `c2`, … Each is greater than
//! those who were there before, which makes the newcomer the polite one at both ends. Only of two
//! who came at once each may seem to have come after the other: then the first is `a1` to the second.

use crate::json::List;
use crate::socketio::{Arguments, Heartbeat, Packet, SocketIo};
use crate::{
    Admission, Candidate, Capabilities, DecodeError, Decoded, Departure, Description,
    DescriptionKind, Dialect, EncodeError, Event, GlareRule, LeaveReason, MediaState, Offerer,
    ParticipantId, Peer, Refusal, Request, Signal, Verdict, Welcome,
};

/// The client's half of the dialect.
#[derive(Clone, Debug)]
pub struct SocketIoRooms {
    io: SocketIo,
    heartbeat: Heartbeat,
    room: String,
    other: Option<ParticipantId>,
    newcomers: u64,
    /// Whether we have offered, and nobody has said a word since.
    unheard: bool,
    /// Whether anybody has said a word.
    met: bool,
}

/// Who was there before us.
const FIRST: &str = "a";

impl SocketIoRooms {
    /// Starts a codec.
    #[expect(
        clippy::new_without_default,
        reason = "a codec is started for one connection, not made up"
    )]
    pub fn new() -> Self {
        Self {
            io: SocketIo::new(String::new()),
            heartbeat: Heartbeat::default(),
            room: String::new(),
            other: None,
            newcomers: 0,
            unheard: false,
            met: false,
        }
    }

    fn welcome(&self, me: &str, peers: Vec<Peer>) -> Event {
        Event::Welcome(Welcome {
            id: ParticipantId::new(me),
            peers,
            resume: None,
            epoch: None,
            seq: None,
            ping_interval: self.heartbeat.server,
            keep_alive: self.heartbeat.client,
        })
    }

    fn emit(&mut self, name: &str, arguments: Arguments) -> Vec<String> {
        let room = self.room.clone();
        self.io.emit(name, arguments.text(&room))
    }

    /// Offers. A newcomer who offers once more without having heard a word says `ready` before: a
    /// page that was still being asked for its camera lost the first one, and ignores offers too.
    fn offer(&mut self, sdp: &str) -> Vec<String> {
        let mut frames = match self.unheard && self.second() {
            true => self.emit("ready", Arguments::default()),
            false => Vec::new(),
        };
        self.unheard = true;
        frames.extend(self.describe(DescriptionKind::Offer, sdp));
        frames
    }

    /// Whether the other one was there before us.
    fn second(&self) -> bool {
        self.other.as_ref().is_some_and(|it| it.as_str() == FIRST)
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
            "created" => decoded.events.push(self.welcome(FIRST, Vec::new())),
            "joined" => {
                let first = self.meet(FIRST);
                decoded.events.push(self.welcome("b", vec![first]));
                let ready = self.emit("ready", Arguments::default());
                decoded.replies.extend(ready);
            }
            "full" => decoded.events.push(Event::Refused(Refusal::RoomFull)),
            // A room holds two, so who was there before has gone without a word, even if their
            // media seems to go on for a while.
            "ready" => {
                // Two who come at once hear each other's; then the one who came last is the newcomer.
                let first = !self.met && self.second();
                decoded.events.extend(self.part());
                let newcomer = if first {
                    self.meet("a1")
                } else {
                    self.newcomer()
                };
                decoded.events.push(Event::Joined(newcomer));
            }
            "leave" => decoded.events.extend(self.part()),
            "offer" | "answer" | "candidate" => self.hear(name, arguments, decoded)?,
            _ => decoded.unknown(frame),
        }
        Ok(())
    }

    fn hear(
        &mut self,
        name: &str,
        mut arguments: List<'_>,
        decoded: &mut Decoded,
    ) -> Result<(), DecodeError> {
        let payload = arguments.record();
        let signal = match name {
            "candidate" => payload.and_then(Candidate::read).map(Signal::Candidate),
            _ => payload.and_then(Description::read).map(Signal::from),
        };
        let signal = signal.ok_or(DecodeError::Field {
            kind: "signal",
            field: "payload",
        })?;
        self.unheard = false;
        self.met = true;
        let from = match &self.other {
            Some(other) => other.clone(),
            None => {
                let newcomer = self.newcomer();
                decoded.events.push(Event::Found(newcomer.clone()));
                newcomer.id
            }
        };
        decoded.events.push(Event::Signal { from, signal });
        Ok(())
    }

    fn newcomer(&mut self) -> Peer {
        self.newcomers += 1;
        self.meet(&["c", &self.newcomers.to_string()].concat())
    }

    fn meet(&mut self, id: &str) -> Peer {
        let id = ParticipantId::new(id);
        self.other = Some(id.clone());
        Peer {
            id,
            name: None,
            media: MediaState::LIVE,
        }
    }

    fn part(&mut self) -> Option<Event> {
        let id = self.other.take()?;
        let reason = LeaveReason::Bye;
        Some(Event::Left { id, reason })
    }
}

impl Dialect for SocketIoRooms {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            admission: Admission::Roster,
            offerer: Offerer::Present,
            glare: GlareRule::Perfect,
            departure: Departure::Unannounced,
            capacity: Some(2),
            media_state: false,
            trickle: true,
            resume: false,
            chat: None,
        }
    }

    fn address(&mut self, server: &str) -> String {
        self.io.address(server)
    }

    fn encode(&mut self, request: &Request) -> Result<Vec<String>, EncodeError> {
        Ok(match request {
            Request::Join(join) => {
                let room = join.room.as_ref().ok_or(EncodeError::RoomMissing)?;
                self.room = room.as_str().to_owned();
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
            Request::Bye => self.emit("leave", Arguments::default()),
            Request::Pong => vec!["3".to_owned()],
            Request::Ping => vec!["2".to_owned()],
            Request::Media(_) => Vec::new(),
        })
    }

    fn decode(&mut self, frame: &str) -> Result<Decoded, DecodeError> {
        let mut decoded = Decoded::default();
        match self.io.read(frame, &mut decoded.replies)? {
            Packet::Handshake => {}
            Packet::Connected(heartbeat) => self.heartbeat = heartbeat,
            Packet::Ping => decoded.events.push(Event::Ping),
            Packet::Dismissed => decoded.events.push(Event::Refused(Refusal::Kicked)),
            Packet::Event(name, arguments) => self.event(frame, &name, arguments, &mut decoded)?,
            Packet::Answer(..) | Packet::Unknown => decoded.unknown(frame),
        }
        Ok(decoded)
    }

    fn closed(&self, code: u16) -> Verdict {
        match code {
            1008 | 1009 => Verdict::Terminal(Refusal::BadRequest),
            _ => Verdict::RejoinFresh,
        }
    }
}
