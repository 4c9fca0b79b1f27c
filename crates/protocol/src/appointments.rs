//! The `appointments` dialect: a client and a professional, each with a link that contains a token, on
//! a Socket.IO server that stores the client's offer and the candidates of both.
//!
//! The client offers; the professional answers, possibly much later. The token tells the role: one
//! with a `proId` belongs to a professional. Field names are read in all spellings of the system's
//! forks.

mod base64url;

use crate::json::{List, Record, Text};
use crate::socketio::{Arguments, Heartbeat, Packet, SocketIo};
use crate::{
    Admission, Candidate, Capabilities, CloseAction, DecodeError, Decoded, Description,
    DescriptionKind, Dialect, DisplayName, EncodeError, Event, GlareRule, Offerer, ParticipantId,
    Peer, Preflight, Refusal, Request, Signal, Welcome,
};

/// A client's half of the dialect.
#[derive(Clone, Debug)]
pub struct Appointments {
    io: SocketIo,
    token: String,
    role: Role,
}

#[derive(Clone, Debug)]
enum Role {
    Client {
        /// The appointment, as JSON from the token. The server expects it back.
        appointment: String,
        id: String,
        professional: Option<DisplayName>,
        answers: Answers,
    },
    Professional {
        /// The appointment of this call: the requested one, or the first that has an offer.
        id: Option<String>,
    },
}

/// Whether an incoming answer belongs to the client's current offer. The server repeats the stored
/// answer to a client that reconnects, and an answer does not name its offer.
#[derive(Clone, Debug)]
enum Answers {
    /// There is no offer yet, so an answer is an old one.
    Ignored,
    /// An offer was sent, and the server may not have processed it. An answer is kept until the server
    /// acknowledges a `getIce` request: the one sent before the offer shows that the answer is old,
    /// the one sent after the offer that it is current.
    Unconfirmed(Option<Description>),
    /// An answer belongs to the current offer.
    Current,
}

/// The ids of the acknowledged requests before and after an offer.
const BEFORE_OFFER: &str = "0";
const AFTER_OFFER: &str = "1";

impl Role {
    const CLIENT: &str = "client";
    const PROFESSIONAL: &str = "professional";

    fn name(&self) -> &'static str {
        match self {
            Self::Client { .. } => Self::CLIENT,
            Self::Professional { .. } => Self::PROFESSIONAL,
        }
    }

    fn peer_name(&self) -> &'static str {
        match self {
            Self::Client { .. } => Self::PROFESSIONAL,
            Self::Professional { .. } => Self::CLIENT,
        }
    }
}

impl Appointments {
    /// Creates a codec for the owner of a JSON Web Token (RFC 7519); `None` if the text is not one.
    /// The token is read, not verified: that is up to the server.
    pub fn new(token: &str) -> Option<Self> {
        let (_, signed) = token.split_once('.')?;
        let (payload, _) = signed.split_once('.')?;
        let payload = base64url::decode(payload)?;
        let appointment = String::from_utf8(payload).ok()?;
        let role = read_role(&appointment)?;
        let auth = Text::default().text("jwt", token).finish();
        Some(Self {
            io: SocketIo::new(auth),
            token: token.to_owned(),
            role,
        })
    }

    fn welcome(&self, heartbeat: Heartbeat) -> Event {
        Event::Welcome(Welcome {
            ping_interval: heartbeat.server,
            keep_alive: heartbeat.client,
            ..Welcome::new(ParticipantId::new(self.role.name()), Vec::new())
        })
    }

    fn offer(&mut self, sdp: &str) -> Vec<String> {
        let Role::Client {
            appointment,
            answers,
            id,
            ..
        } = &mut self.role
        else {
            return Vec::new();
        };
        *answers = Answers::Unconfirmed(None);
        let arguments = || Arguments::default().text(id).text(Role::CLIENT);
        let offer = Text::default()
            .object("offer", Description::write(DescriptionKind::Offer, sdp))
            .json("apptInfo", appointment);
        let offer = Arguments::default().json(&offer.finish());
        // A server without an earlier offer leaves the first request unanswered.
        let mut frames = self.io.emit_with_ack(BEFORE_OFFER, "getIce", arguments());
        frames.extend(self.io.emit("newOffer", offer));
        frames.extend(self.io.emit_with_ack(AFTER_OFFER, "getIce", arguments()));
        frames
    }

    fn answer(&mut self, sdp: &str) -> Vec<String> {
        let Role::Professional { id: Some(id) } = &self.role else {
            return Vec::new();
        };
        let answer = Text::default()
            .object("answer", Description::write(DescriptionKind::Answer, sdp))
            .text("uuid", id);
        let arguments = Arguments::default().json(&answer.finish());
        self.io.emit("newAnswer", arguments)
    }

    /// The server stores candidates with their offer, and loses those that come before it.
    fn candidate(&mut self, candidate: &Candidate) -> Vec<String> {
        let id = match &self.role {
            Role::Client {
                answers: Answers::Ignored,
                ..
            }
            | Role::Professional { id: None } => return Vec::new(),
            Role::Client { id, .. } | Role::Professional { id: Some(id) } => id,
        };
        let message = Text::default()
            .object("iceC", candidate.write())
            .text("who", self.role.name())
            .text("uuid", id);
        let arguments = Arguments::default().json(&message.finish());
        self.io.emit("iceToServer", arguments)
    }

    fn event(
        &mut self,
        frame: &str,
        name: &str,
        mut arguments: List<'_>,
        decoded: &mut Decoded,
    ) -> Result<(), DecodeError> {
        match (name, &mut self.role) {
            // The list of appointments. Presence follows from the offers.
            ("apptData", _) => {}
            ("newOfferWaiting", Role::Professional { .. }) => {
                let waiting = arguments.record().ok_or(wrong("offer"))?;
                self.on_offer(waiting, decoded)?;
            }
            ("answerToClient", Role::Client { answers, .. }) => {
                // Null: there is no stored answer.
                let Some(answer) = arguments.record() else {
                    return Ok(());
                };
                let answer = Description::read(answer).ok_or(wrong("answer"))?;
                match answers {
                    Answers::Ignored => {}
                    Answers::Unconfirmed(kept) => *kept = Some(answer),
                    Answers::Current => self.push_description(answer, None, decoded),
                }
            }
            ("iceToClient", role) => {
                let Some(candidate) = arguments.record().and_then(Candidate::read) else {
                    return Ok(());
                };
                // The sender of an old answer gathers no candidates any more: the answer is current.
                if let Role::Client { answers, .. } = role
                    && let Answers::Unconfirmed(Some(answer)) = answers
                {
                    let answer = answer.clone();
                    *answers = Answers::Current;
                    self.push_description(answer, None, decoded);
                }
                self.push_signal(Signal::Candidate(candidate), decoded);
            }
            _ => decoded.unknown(frame),
        }
        Ok(())
    }

    fn on_offer(
        &mut self,
        mut waiting: Record<'_>,
        decoded: &mut Decoded,
    ) -> Result<(), DecodeError> {
        let appointment = waiting.text_or_number("uuid").ok_or(wrong("uuid"))?;
        let offer = waiting.record("offer").and_then(Description::read);
        let offer = offer.ok_or(wrong("offer"))?;
        let Role::Professional { id } = &mut self.role else {
            return Ok(());
        };
        if *id.get_or_insert_with(|| appointment.clone()) != appointment {
            return Ok(());
        }
        let name = waiting.text("clientName");
        let name = name.and_then(|name| DisplayName::new(&name).ok());
        self.push_description(offer, name, decoded);
        for spelling in ["offererIceCandidates", "OfferIceCandidates"] {
            self.push_candidates(waiting.records(spelling), decoded);
        }
        // Candidates that arrive between this offer and our answer are sent on request only.
        let arguments = Arguments::default()
            .text(&appointment)
            .text(Role::PROFESSIONAL);
        decoded
            .replies
            .extend(self.io.emit_with_ack(BEFORE_OFFER, "getIce", arguments));
        Ok(())
    }

    fn push_candidates(&mut self, candidates: Vec<Record<'_>>, decoded: &mut Decoded) {
        for candidate in candidates.into_iter().filter_map(Candidate::read) {
            self.push_signal(Signal::Candidate(candidate), decoded);
        }
    }

    fn push_description(
        &mut self,
        description: Description,
        client_name: Option<DisplayName>,
        decoded: &mut Decoded,
    ) {
        let name = match &self.role {
            Role::Client { professional, .. } => professional.clone(),
            Role::Professional { .. } => client_name,
        };
        let id = ParticipantId::new(self.role.peer_name());
        decoded.events.push(Event::Found(Peer::new(id, name)));
        self.push_signal(description.into(), decoded);
    }

    fn push_signal(&self, signal: Signal, decoded: &mut Decoded) {
        let from = ParticipantId::new(self.role.peer_name());
        decoded.events.push(Event::Signal { from, signal });
    }

    /// The server has acknowledged a `getIce` request, with the candidates that it has stored.
    fn on_stored_candidates(&mut self, id: &str, mut arguments: List<'_>, decoded: &mut Decoded) {
        if let Role::Client { answers, .. } = &mut self.role
            && let Answers::Unconfirmed(kept) = std::mem::replace(answers, Answers::Current)
            && let Some(answer) = kept.filter(|_| id == AFTER_OFFER)
        {
            self.push_description(answer, None, decoded);
        }
        self.push_candidates(arguments.records(), decoded);
    }
}

impl Dialect for Appointments {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            admission: Admission::Roster,
            offerer: match self.role {
                Role::Client { .. } => Offerer::Everyone,
                Role::Professional { .. } => Offerer::Other,
            },
            glare: GlareRule::Perfect,
            stores_offer: true,
            ..Capabilities::MINIMAL
        }
    }

    fn address(&mut self, server: &str) -> String {
        self.io.address(server)
    }

    /// Requests are lost with the old socket, and the offer may be lost too. The server is about to
    /// repeat its stored answer, which may belong to another offer.
    fn opened(&mut self) {
        self.io.restart();
        if let Role::Client { answers, .. } = &mut self.role
            && let Answers::Unconfirmed(_) = answers
        {
            *answers = Answers::Ignored;
        }
    }

    fn preflight(&self) -> Option<Preflight> {
        Some(Preflight {
            path: "/validate-link",
            body: Text::default().text("token", &self.token).finish(),
        })
    }

    /// A server without this endpoint has not refused the token.
    fn preflight_done(&mut self, status: u16) -> Decoded {
        match status {
            404 | 405 | ..400 => Decoded::default(),
            _ => Event::Refused(Refusal::Forbidden).into(),
        }
    }

    fn encode(&mut self, request: &Request) -> Result<Vec<String>, EncodeError> {
        Ok(match request {
            Request::Join(join) => {
                if let (Role::Professional { id }, Some(room)) = (&mut self.role, &join.room) {
                    *id = Some(room.as_str().to_owned());
                }
                Vec::new()
            }
            Request::Signal { signal, .. } => match signal {
                Signal::Offer { sdp, .. } => self.offer(sdp),
                Signal::Answer { sdp, .. } => self.answer(sdp),
                Signal::Candidate(end) if end.candidate.is_empty() => Vec::new(),
                Signal::Candidate(candidate) => self.candidate(candidate),
            },
            Request::Pong => vec!["3".to_owned()],
            Request::Ping => vec!["2".to_owned()],
            Request::Media(_)
            | Request::ReceiveReport(_)
            | Request::Moderate(_)
            | Request::Token(_)
            | Request::Bye
            | Request::Unload => Vec::new(),
        })
    }

    fn decode(&mut self, frame: &str) -> Result<Decoded, DecodeError> {
        let mut decoded = Decoded::default();
        match self.io.read(frame, &mut decoded.replies)? {
            Packet::Handshake => {}
            Packet::Connected(heartbeat) => decoded.events.push(self.welcome(heartbeat)),
            Packet::Ping => decoded.events.push(Event::Ping),
            Packet::Disconnected => decoded.events.push(Event::Refused(Refusal::Forbidden)),
            Packet::Event(name, arguments) => self.event(frame, &name, arguments, &mut decoded)?,
            Packet::Ack(id, arguments) => self.on_stored_candidates(id, arguments, &mut decoded),
            Packet::Unknown => decoded.unknown(frame),
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

/// Reads the role of the token's owner from its payload.
fn read_role(payload: &str) -> Option<Role> {
    let mut record = Record::parse(payload).ok()?;
    if record.text_or_number("proId").is_some() {
        return Some(Role::Professional { id: None });
    }
    let names = [
        "professionalsFullName",
        "proffessionalsFullName",
        "professionalFullName",
        "professionFullName",
    ];
    let name = names.into_iter().find_map(|field| record.text(field));
    Some(Role::Client {
        id: record.text_or_number("uuid")?,
        professional: name.and_then(|name| DisplayName::new(&name).ok()),
        appointment: payload.to_owned(),
        answers: Answers::Ignored,
    })
}

fn wrong(field: &'static str) -> DecodeError {
    DecodeError::Field {
        kind: "appointments",
        field,
    }
}
