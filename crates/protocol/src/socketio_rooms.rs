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
    /// Whether the server has given us a place.
    placed: bool,
    me: &'static str,
    other: Option<ParticipantId>,
    /// Whether somebody was there before us, or before we came back.
    second: bool,
    /// Whether we have said that we are new, without having a newcomer's id.
    begs: bool,
    newcomers: u64,
    /// Whether we come back, and the media to the other one goes on.
    goes_on: bool,
    /// The connection that we have offered last, if nobody has said a word since.
    unheard: Option<String>,
    /// Whether anybody has said a word.
    met: bool,
}

/// Who was there before us, or we, if nobody was.
const FIRST: &str = "a";
/// We, if somebody was.
const SECOND: &str = "b";
/// Who is there instead of somebody else, and has us for the newcomer.
const BEFORE: &str = "0";

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
            placed: false,
            me: FIRST,
            other: None,
            second: false,
            begs: false,
            newcomers: 0,
            goes_on: false,
            unheard: None,
            met: false,
        }
    }

    fn welcome(&self, peers: Vec<Peer>) -> Event {
        Event::Welcome(Welcome {
            id: ParticipantId::new(self.me),
            peers,
            resumed: false,
            heard: None,
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

    /// Takes the place that the server gives: the first, or the second behind somebody.
    ///
    /// `ready` would have the other one begin anew. Where the media goes on, nobody needs to, and
    /// both stay who they were: the other has not noticed that we were away.
    fn enter(&mut self, second: bool, decoded: &mut Decoded) {
        self.placed = true;
        self.second = second;
        if self.goes_on {
            let other = self.other.clone().filter(|_| second);
            let peers = other.into_iter().map(|id| Peer::new(id, None)).collect();
            decoded.events.push(self.welcome(peers));
            return;
        }
        let gone = self.other.take();
        self.met = false;
        self.unheard = None;
        self.me = if second { SECOND } else { FIRST };
        let first = second.then(|| self.meet(FIRST));
        let welcome = self.welcome(first.into_iter().collect());
        decoded.events.push(welcome);
        let gone = gone.filter(|gone| self.other.as_ref() != Some(gone));
        decoded.events.extend(gone.map(left));
        if second {
            let ready = self.emit("ready", Arguments::default());
            decoded.replies.extend(ready);
        }
    }

    /// Offers. A newcomer who offers once more without having heard a word says `ready` before: a
    /// page that was still being asked for its camera lost the first one, and ignores offers too.
    /// But an offer that is only repeated is no reason to begin anew.
    fn offer(&mut self, sdp: &str) -> Vec<String> {
        // `v=0`, then `o=`, the user and the session that the connection has for life.
        let connection = Some(sdp.split(' ').nth(1).unwrap_or(sdp).to_owned());
        let again = self.unheard.is_some() && self.unheard != connection;
        let mut frames = Vec::new();
        if again && self.second {
            frames = self.emit("ready", Arguments::default());
            self.begs = self.me == FIRST;
        }
        self.unheard = connection;
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
            "created" => self.enter(false, decoded),
            "joined" => self.enter(true, decoded),
            "full" => decoded.events.push(Event::Refused(Refusal::RoomFull)),
            // A room holds two, so who was there before has gone without a word, even if their
            // media seems to go on for a while.
            "ready" => {
                // Two who come at once hear each other's; then the one who came last is the newcomer.
                let first = !self.met && self.second;
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
        self.unheard = None;
        self.met = true;
        if std::mem::take(&mut self.begs) && name == "offer" {
            decoded.events.extend(self.part());
            let before = self.meet(BEFORE);
            decoded.events.push(Event::Found(before));
        }
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
        Peer::new(id, None)
    }

    fn part(&mut self) -> Option<Event> {
        self.second = false;
        self.other.take().map(left)
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
        self.placed = false;
    }

    fn encode(&mut self, request: &Request) -> Result<Vec<String>, EncodeError> {
        Ok(match request {
            Request::Join(join) => {
                let room = join.room.as_ref().ok_or(EncodeError::RoomMissing)?;
                self.room = room.as_str().to_owned();
                let mut keeps = join.keeps.iter();
                self.goes_on = keeps.any(|kept| self.other.as_ref() == Some(kept));
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
            // Servers pass it on to the room from whomever it comes, and the two in there would take
            // each other for gone.
            Request::Bye if !self.placed => Vec::new(),
            Request::Bye => self.emit("leave", Arguments::default()),
            Request::Pong => vec!["3".to_owned()],
            Request::Ping => vec!["2".to_owned()],
            Request::Media(_) | Request::ReceiveReport(_) | Request::Unload => Vec::new(),
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

    fn closed(&self, code: u16) -> CloseAction {
        match code {
            1008 | 1009 => CloseAction::Terminal(Refusal::BadRequest),
            _ => CloseAction::RejoinFresh,
        }
    }
}
