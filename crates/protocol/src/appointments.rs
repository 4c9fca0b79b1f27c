//! The `appointments` dialect: a client and a professional, each with a link that holds a token, on a
//! Socket.IO server that keeps the client's offer and everybody's candidates.
//!
//! The client offers, the professional answers, however late. The token says who one is: one with
//! a `proId` is a professional's. Field names are read as the forks of the system spell them.

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
        /// The appointment, as the token holds it: JSON that the server wants back.
        appointment: String,
        id: String,
        professional: Option<DisplayName>,
        hearing: Hearing,
    },
    Professional {
        /// The appointment that is kept: the one asked for, or the first that has an offer.
        id: Option<String>,
    },
}

/// Whether an answer that comes is to the client's offer. To a client that comes back, the server
/// repeats the answer of earlier times, and no answer says what it is to.
#[derive(Clone, Debug)]
enum Hearing {
    /// Nothing is offered yet.
    Nothing,
    /// It may be an old one. It is kept until the server has answered a question: the one that was
    /// asked before the offer, which comes behind an old answer, or the one behind the offer.
    Perhaps(Option<Description>),
    /// It is.
    Answer,
}

/// The numbers of the questions before and behind an offer.
const BEFORE: &str = "0";
const BEHIND: &str = "1";

impl Role {
    const CLIENT: &str = "client";
    const PROFESSIONAL: &str = "professional";

    fn word(&self) -> &'static str {
        match self {
            Self::Client { .. } => Self::CLIENT,
            Self::Professional { .. } => Self::PROFESSIONAL,
        }
    }

    fn other_word(&self) -> &'static str {
        match self {
            Self::Client { .. } => Self::PROFESSIONAL,
            Self::Professional { .. } => Self::CLIENT,
        }
    }
}

impl Appointments {
    /// Starts a codec for the owner of a token, which is a JSON Web Token (RFC 7519); `None` if it
    /// is not. It is read, not verified: that is the server's part.
    pub fn new(token: &str) -> Option<Self> {
        let (_, signed) = token.split_once('.')?;
        let (payload, _) = signed.split_once('.')?;
        let payload = decode_base64url(payload)?;
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
            id: ParticipantId::new(self.role.word()),
            peers: Vec::new(),
            resumed: false,
            heard: None,
            resume: None,
            epoch: None,
            seq: None,
            ping_interval: heartbeat.server,
            keep_alive: heartbeat.client,
        })
    }

    fn offer(&mut self, sdp: &str) -> Vec<String> {
        let Role::Client {
            appointment,
            hearing,
            id,
            ..
        } = &mut self.role
        else {
            return Vec::new();
        };
        *hearing = Hearing::Perhaps(None);
        let question = || Arguments::default().text(id).text(Role::CLIENT);
        let offer = Text::default()
            .object("offer", Description::write(DescriptionKind::Offer, sdp))
            .json("apptInfo", appointment);
        let arguments = Arguments::default().json(&offer.finish());
        // A server that knows an old offer answers before it takes the new one; one that knows none
        // leaves the first question unanswered.
        let mut frames = self.io.ask(BEFORE, "getIce", question());
        frames.extend(self.io.emit("newOffer", arguments));
        frames.extend(self.io.ask(BEHIND, "getIce", question()));
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

    /// Candidates are stored with their offer: the server loses those that come before it.
    fn candidate(&mut self, candidate: &Candidate) -> Vec<String> {
        let id = match &self.role {
            Role::Client {
                hearing: Hearing::Nothing,
                ..
            }
            | Role::Professional { id: None } => return Vec::new(),
            Role::Client { id, .. } | Role::Professional { id: Some(id) } => id,
        };
        let message = Text::default()
            .object("iceC", candidate.write())
            .text("who", self.role.word())
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
            // Who is there we learn from the offers.
            ("apptData", _) => {}
            ("newOfferWaiting", Role::Professional { .. }) => {
                let waiting = arguments.record().ok_or(wrong("offer"))?;
                self.offer_waits(waiting, decoded)?;
            }
            ("answerToClient", Role::Client { hearing, .. }) => {
                // The server also says that there is none.
                let Some(answer) = arguments.record() else {
                    return Ok(());
                };
                let answer = Description::read(answer).ok_or(wrong("answer"))?;
                match hearing {
                    Hearing::Nothing => {}
                    Hearing::Perhaps(kept) => *kept = Some(answer),
                    Hearing::Answer => self.hear_description(answer, None, decoded),
                }
            }
            ("iceToClient", role) => {
                let candidate = arguments.record().and_then(Candidate::read);
                let candidate = candidate.ok_or(wrong("candidate"))?;
                // Who answered in earlier times finds no more candidates: it was an answer.
                if let Role::Client { hearing, .. } = role
                    && let Hearing::Perhaps(Some(answer)) = hearing
                {
                    let answer = answer.clone();
                    *hearing = Hearing::Answer;
                    self.hear_description(answer, None, decoded);
                }
                self.hear(Signal::Candidate(candidate), decoded);
            }
            _ => decoded.unknown(frame),
        }
        Ok(())
    }

    fn offer_waits(
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
        self.hear_description(offer, name, decoded);
        for spelling in ["offererIceCandidates", "OfferIceCandidates"] {
            self.hear_candidates(waiting.records(spelling), decoded);
        }
        // What comes between this offer and our answer, the server tells only when asked.
        let arguments = Arguments::default()
            .text(&appointment)
            .text(Role::PROFESSIONAL);
        decoded
            .replies
            .extend(self.io.ask(BEFORE, "getIce", arguments));
        Ok(())
    }

    fn hear_candidates(&mut self, candidates: Vec<Record<'_>>, decoded: &mut Decoded) {
        for candidate in candidates.into_iter().filter_map(Candidate::read) {
            self.hear(Signal::Candidate(candidate), decoded);
        }
    }

    fn hear_description(
        &mut self,
        description: Description,
        client: Option<DisplayName>,
        decoded: &mut Decoded,
    ) {
        let name = match &self.role {
            Role::Client { professional, .. } => professional.clone(),
            Role::Professional { .. } => client,
        };
        let id = ParticipantId::new(self.role.other_word());
        decoded.events.push(Event::Found(Peer::new(id, name)));
        self.hear(description.into(), decoded);
    }

    fn hear(&mut self, signal: Signal, decoded: &mut Decoded) {
        let from = ParticipantId::new(self.role.other_word());
        decoded.events.push(Event::Signal { from, signal });
    }

    /// The server has answered a question.
    fn answered(&mut self, number: &str, mut answer: List<'_>, decoded: &mut Decoded) {
        if let Role::Client { hearing, .. } = &mut self.role
            && let Hearing::Perhaps(kept) = std::mem::replace(hearing, Hearing::Answer)
            && let Some(answer) = kept.filter(|_| number == BEHIND)
        {
            self.hear_description(answer, None, decoded);
        }
        self.hear_candidates(answer.records(), decoded);
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

    /// The questions behind an offer are lost with the socket, and so may be the offer. The server
    /// is about to repeat an answer that may be to another.
    fn opened(&mut self) {
        self.io.restart();
        if let Role::Client { hearing, .. } = &mut self.role
            && let Hearing::Perhaps(_) = hearing
        {
            *hearing = Hearing::Nothing;
        }
    }

    fn preflight(&self) -> Option<Preflight> {
        Some(Preflight {
            path: "/validate-link",
            body: Text::default().text("token", &self.token).finish(),
        })
    }

    /// A server that does not know the question has not refused.
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
            Request::Media(_) | Request::ReceiveReport(_) | Request::Bye | Request::Unload => {
                Vec::new()
            }
        })
    }

    fn decode(&mut self, frame: &str) -> Result<Decoded, DecodeError> {
        let mut decoded = Decoded::default();
        match self.io.read(frame, &mut decoded.replies)? {
            Packet::Handshake => {}
            Packet::Connected(heartbeat) => decoded.events.push(self.welcome(heartbeat)),
            Packet::Ping => decoded.events.push(Event::Ping),
            Packet::Dismissed => decoded.events.push(Event::Refused(Refusal::Forbidden)),
            Packet::Event(name, arguments) => self.event(frame, &name, arguments, &mut decoded)?,
            Packet::Answer(number, answer) => self.answered(number, answer, &mut decoded),
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

/// Reads who owns a token by what it holds.
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
        hearing: Hearing::Nothing,
    })
}

/// Decodes base64url without padding (RFC 4648 section 5). A crate for it costs each visitor more
/// than these lines.
fn decode_base64url(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for c in text.bytes() {
        let digit = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    Some(bytes)
}

fn wrong(field: &'static str) -> DecodeError {
    DecodeError::Field {
        kind: "appointments",
        field,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_is_decoded() {
        for (text, bytes) in [("", ""), ("Zg", "f"), ("Zm8", "fo"), ("Zm9vYmE_", "fooba?")] {
            assert_eq!(decode_base64url(text).as_deref(), Some(bytes.as_bytes()));
        }
        assert_eq!(decode_base64url("Zm9v YmFy"), None);
    }
}
