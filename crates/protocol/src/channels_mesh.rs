//! The `channels-mesh` dialect: any number of people on a Django channels server that broadcasts
//! `new-peer` and delivers `new-offer` and `new-answer` to one channel.
//!
//! Everyone who is there offers to a newcomer. A person's id is the name of their channel, which
//! the server puts into each message; the word `receiver_channel_name` means the addressee on the
//! way up and the sender on the way down.

use crate::json::{Record, Text};
use crate::{
    Admission, Capabilities, DecodeError, Decoded, Departure, Description, DescriptionKind,
    Dialect, DisplayName, EncodeError, Event, GlareRule, LeaveReason, MediaState, Offerer,
    ParticipantId, Peer, Refusal, Request, Signal, Verdict, Welcome,
};

/// How many people are remembered; a server that names more is playing a game.
const MAX_PEOPLE: usize = 64;
/// Stands between a name and the digits that make it unique.
const TWIN: &str = "~";
/// How many digits do that: with four, one of every 65536 pairs of guests would be deaf to each other.
const DIGITS: usize = 6;
/// The two spellings of the addressee, as servers in the wild have them.
const SPELLINGS: [&str; 2] = ["receiver_channel_name", "reciver_channel_name"];

/// The client's half of the dialect.
#[derive(Clone, Debug)]
pub struct ChannelsMesh {
    name: String,
    /// What makes the name unlike that of a namesake.
    digits: String,
    spelling: &'static str,
    welcomed: bool,
    /// Who is there, by name, each with the channel that they had last.
    people: Vec<(String, ParticipantId)>,
}

impl ChannelsMesh {
    /// Starts a codec. `id` is any text that no other client makes up; its first digits become a
    /// part of the name: two people of one name do not hear each other.
    pub fn new(id: &str) -> Self {
        Self {
            name: String::new(),
            digits: id.chars().take(DIGITS).collect(),
            spelling: SPELLINGS[0],
            welcomed: false,
            people: Vec::new(),
        }
    }

    fn write(&self, action: &str, message: Text) -> Vec<String> {
        let record = Text::default()
            .text("peer", &self.name)
            .text("action", action)
            .object("message", message);
        vec![record.finish()]
    }

    fn describe(
        &self,
        action: &str,
        kind: DescriptionKind,
        sdp: &str,
        to: Option<&ParticipantId>,
    ) -> Result<Vec<String>, EncodeError> {
        let to = to.ok_or(EncodeError::AddresseeMissing)?;
        let message = Text::default()
            .object("sdp", Description::write(kind, sdp))
            .text(self.spelling, to.as_str());
        Ok(self.write(action, message))
    }

    /// Reads whose channel a message came by.
    fn sender(&mut self, message: &mut Record<'_>) -> Result<ParticipantId, DecodeError> {
        let named = SPELLINGS.into_iter().find_map(|spelling| {
            let channel = message.text(spelling).filter(|channel| !channel.is_empty());
            channel.map(|channel| (spelling, channel))
        });
        let (spelling, channel) = named.ok_or(wrong("receiver_channel_name"))?;
        self.spelling = spelling;
        Ok(ParticipantId::new(channel))
    }

    /// Our own arrival, as the server tells it to everyone.
    fn welcome(&mut self, channel: ParticipantId) -> Event {
        self.welcomed = true;
        Event::Welcome(Welcome {
            id: channel,
            peers: Vec::new(),
            resume: None,
            epoch: None,
            seq: None,
            ping_interval: None,
            keep_alive: None,
        })
    }

    /// Someone of this name speaks by this channel. If it is another than before, they left and came
    /// back, even if their old media seems to go on for a while. Returns whether it is new.
    fn meet(&mut self, name: &str, id: &ParticipantId, decoded: &mut Decoded) -> bool {
        if self.people.iter().any(|(_, known)| known == id) {
            return false;
        }
        if let Some(index) = self.people.iter().position(|(known, _)| known == name) {
            decoded.events.push(Event::Left {
                id: self.people.remove(index).1,
                reason: LeaveReason::Bye,
            });
        }
        self.people.truncate(MAX_PEOPLE - 1);
        self.people.insert(0, (name.to_owned(), id.clone()));
        true
    }

    fn hear(
        &mut self,
        name: &str,
        mut message: Record<'_>,
        decoded: &mut Decoded,
    ) -> Result<(), DecodeError> {
        let from = self.sender(&mut message)?;
        let description = message.record("sdp").and_then(Description::read);
        let signal = Signal::from(description.ok_or(wrong("sdp"))?);
        self.meet(name, &from, decoded);
        decoded.events.push(Event::Found(peer(name, &from)));
        decoded.events.push(Event::Signal { from, signal });
        Ok(())
    }
}

impl Dialect for ChannelsMesh {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            admission: Admission::Roster,
            offerer: Offerer::Present,
            glare: GlareRule::Perfect,
            departure: Departure::Unannounced,
            capacity: None,
            media_state: false,
            trickle: false,
            resume: false,
            chat: Some("channel"),
        }
    }

    fn encode(&mut self, request: &Request) -> Result<Vec<String>, EncodeError> {
        match request {
            Request::Join(join) => {
                let name = join.name.as_ref().map_or("guest", DisplayName::as_str);
                self.name = [name, TWIN, &self.digits].concat();
                Ok(self.write("new-peer", Text::default()))
            }
            Request::Signal { to, signal } => match signal {
                Signal::Offer { sdp, .. } => {
                    self.describe("new-offer", DescriptionKind::Offer, sdp, to.as_ref())
                }
                Signal::Answer { sdp, .. } => {
                    self.describe("new-answer", DescriptionKind::Answer, sdp, to.as_ref())
                }
                // They are all in the description.
                Signal::Candidate(_) => Ok(Vec::new()),
            },
            Request::Media(_) | Request::Pong | Request::Ping | Request::Bye => Ok(Vec::new()),
        }
    }

    fn decode(&mut self, frame: &str) -> Result<Decoded, DecodeError> {
        let mut record = Record::parse(frame)?;
        let name = record.text("peer").ok_or(wrong("peer"))?;
        let action = record.text("action").ok_or(wrong("action"))?;
        let mut message = record.record("message").ok_or(wrong("message"))?;
        let mut decoded = Decoded::default();
        match action.as_str() {
            "new-peer" if name == self.name => {
                if !self.welcomed {
                    let channel = self.sender(&mut message)?;
                    decoded.events.push(self.welcome(channel));
                }
            }
            _ if name == self.name => {}
            "new-peer" => {
                let channel = self.sender(&mut message)?;
                if self.meet(&name, &channel, &mut decoded) {
                    decoded.events.push(Event::Joined(peer(&name, &channel)));
                }
            }
            "new-offer" | "new-answer" => self.hear(&name, message, &mut decoded)?,
            _ => decoded.unknown(frame),
        }
        Ok(decoded)
    }

    fn closed(&self, code: u16) -> Verdict {
        match code {
            1008 | 1009 => Verdict::Terminal(Refusal::BadRequest),
            _ => Verdict::RejoinFresh,
        }
    }

    fn write_chat(&self, text: &str) -> String {
        [&self.name, ": ", text].concat()
    }

    /// A line without a name in front is taken as it is.
    fn read_chat<'a>(&self, line: &'a str) -> &'a str {
        let text = line
            .split_once(':')
            .and_then(|(_, rest)| rest.strip_prefix(' '));
        text.unwrap_or(line)
    }
}

fn peer(name: &str, id: &ParticipantId) -> Peer {
    Peer {
        id: id.clone(),
        name: DisplayName::new(shown(name)).ok(),
        media: MediaState::LIVE,
    }
}

/// A name as it is shown: without the digits that a client of ours has added.
fn shown(name: &str) -> &str {
    match name.rsplit_once('~') {
        Some((name, digits)) if is_twin(digits) && !name.is_empty() => name,
        _ => name,
    }
}

fn is_twin(digits: &str) -> bool {
    digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn wrong(field: &'static str) -> DecodeError {
    DecodeError::Field {
        kind: "channels-mesh",
        field,
    }
}
