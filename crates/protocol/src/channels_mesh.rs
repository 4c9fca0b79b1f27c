//! The `channels-mesh` dialect: any number of people on a Django channels server that broadcasts
//! `new-peer` and delivers `new-offer` and `new-answer` to one channel.
//!
//! Everyone who is there offers to a newcomer. The server puts the name of the sender's channel into
//! each message; the word `receiver_channel_name` means the addressee on the way up and the sender on
//! the way down.
//!
//! Who comes back gets another channel. The names of our own clients are made up for the length of a
//! page, so they are ids as well, and whoever has one is the same by whatever channel. Of a page of
//! the old style the channel is the id. Who comes back hears our channel by `still-here`, which the
//! server broadcasts as it does with all that it does not know, and which the pages leave alone.

use crate::json::{Record, Text};
use crate::{
    Admission, Capabilities, CloseAction, DecodeError, Decoded, Description, DescriptionKind,
    Dialect, DisplayName, EncodeError, Event, GlareRule, LeaveReason, Offerer, ParticipantId, Peer,
    Refusal, Request, Signal, Welcome,
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
    /// The own channel, as soon as we are in.
    channel: Option<String>,
    people: Vec<Person>,
}

/// Somebody who is there.
#[derive(Clone, Debug)]
struct Person {
    name: String,
    channel: String,
    /// Whether they have told of the channel since we are here. What comes by another one was on its
    /// way for long.
    told: bool,
}

impl Person {
    fn id(&self) -> ParticipantId {
        ParticipantId::new(if is_unique(&self.name) {
            &self.name
        } else {
            &self.channel
        })
    }
}

impl ChannelsMesh {
    /// Starts a codec. `id` is any text that no other client makes up; its first digits become a
    /// part of the name: two people of one name do not hear each other.
    pub fn new(id: &str) -> Self {
        Self {
            name: String::new(),
            digits: id.chars().take(DIGITS).collect(),
            spelling: SPELLINGS[0],
            channel: None,
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

    fn still_here(&self) -> Vec<String> {
        self.write("still-here", Text::default())
    }

    fn describe(
        &self,
        action: &str,
        kind: DescriptionKind,
        sdp: &str,
        to: Option<&ParticipantId>,
    ) -> Result<Vec<String>, EncodeError> {
        let to = to.ok_or(EncodeError::AddresseeMissing)?;
        let known = self.people.iter().find(|person| person.id() == *to);
        let channel = match known {
            Some(person) => &person.channel,
            // No server would take the name for a channel.
            None if is_unique(to.as_str()) => return Ok(Vec::new()),
            None => to.as_str(),
        };
        let message = Text::default()
            .object("sdp", Description::write(kind, sdp))
            .text(self.spelling, channel);
        Ok(self.write(action, message))
    }

    /// Reads whose channel a message came by.
    fn sender(&mut self, message: &mut Record<'_>) -> Result<String, DecodeError> {
        let named = SPELLINGS.into_iter().find_map(|spelling| {
            let channel = message.text(spelling).filter(|channel| !channel.is_empty());
            channel.map(|channel| (spelling, channel))
        });
        let (spelling, channel) = named.ok_or(wrong("receiver_channel_name"))?;
        self.spelling = spelling;
        Ok(channel)
    }

    /// Our own arrival, as the server tells it to everyone.
    fn welcome(&self) -> Event {
        Event::Welcome(Welcome {
            id: ParticipantId::new(&self.name),
            peers: Vec::new(),
            resumed: false,
            heard: None,
            resume: None,
            epoch: None,
            seq: None,
            ping_interval: None,
            keep_alive: None,
        })
    }

    /// Someone of this name speaks by this channel, to tell of it or of something else. Returns who it
    /// is, and whether the channel is new.
    fn meet(
        &mut self,
        name: &str,
        channel: String,
        tells: bool,
        decoded: &mut Decoded,
    ) -> (Peer, bool) {
        let known = self.people.iter().position(|person| person.name == name);
        let mut person = match known {
            Some(index) => self.people.remove(index),
            None => Person {
                name: name.to_owned(),
                channel: String::new(),
                told: false,
            },
        };
        let news = channel != person.channel && (tells || !person.told || !is_unique(name));
        person.told |= tells;
        if news {
            // A page of the old style left and came back, even if its old media seems to go on for a
            // while.
            if known.is_some() && !is_unique(name) {
                decoded.events.push(Event::Left {
                    id: person.id(),
                    reason: LeaveReason::Bye,
                });
            }
            person.channel = channel;
        }
        let peer = Peer::new(person.id(), DisplayName::new(shown(name)).ok());
        self.people.truncate(MAX_PEOPLE - 1);
        self.people.insert(0, person);
        (peer, news)
    }

    fn hear(
        &mut self,
        name: &str,
        mut message: Record<'_>,
        decoded: &mut Decoded,
    ) -> Result<(), DecodeError> {
        let channel = self.sender(&mut message)?;
        let description = message.record("sdp").and_then(Description::read);
        let signal = Signal::from(description.ok_or(wrong("sdp"))?);
        let (peer, _) = self.meet(name, channel, false, decoded);
        let from = peer.id.clone();
        decoded.events.push(Event::Found(peer));
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
            capacity: None,
            trickle: false,
            roster_is_complete: false,
            chat: Some("channel"),
            ..Capabilities::MINIMAL
        }
    }

    fn opened(&mut self) {
        self.channel = None;
        for person in &mut self.people {
            person.told = false;
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
            Request::Media(_)
            | Request::ReceiveReport(_)
            | Request::Pong
            | Request::Ping
            | Request::Bye
            | Request::Unload => Ok(Vec::new()),
        }
    }

    fn decode(&mut self, frame: &str) -> Result<Decoded, DecodeError> {
        let mut record = Record::parse(frame)?;
        let name = record.text("peer").filter(|name| !name.is_empty());
        let name = name.ok_or(wrong("peer"))?;
        let action = record.text("action").ok_or(wrong("action"))?;
        let mut message = record.record("message").ok_or(wrong("message"))?;
        let mut decoded = Decoded::default();
        match action.as_str() {
            // It was on its way while there was no socket, and what we say now comes after it.
            "still-here" if name == self.name && self.channel.is_none() => {}
            "new-peer" | "still-here" if name == self.name => {
                let channel = Some(self.sender(&mut message)?);
                if self.channel.is_none() {
                    decoded.events.push(self.welcome());
                } else if self.channel != channel {
                    // One of the two was on its way for long, and may have misled the others.
                    decoded.replies = self.still_here();
                }
                self.channel = channel;
            }
            _ if name == self.name => {}
            "new-peer" => {
                let channel = self.sender(&mut message)?;
                let known = self.people.iter().any(|person| person.name == name);
                if let (peer, true) = self.meet(&name, channel, true, &mut decoded) {
                    decoded.events.push(Event::Joined(peer));
                    if known && is_unique(&name) {
                        decoded.replies = self.still_here();
                    }
                }
            }
            "still-here" if is_unique(&name) => {
                let channel = self.sender(&mut message)?;
                self.meet(&name, channel, true, &mut decoded);
            }
            "new-offer" | "new-answer" => self.hear(&name, message, &mut decoded)?,
            _ => decoded.unknown(frame),
        }
        Ok(decoded)
    }

    fn closed(&self, code: u16) -> CloseAction {
        match code {
            1008 | 1009 => CloseAction::Terminal(Refusal::BadRequest),
            _ => CloseAction::RejoinFresh,
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

/// A name as it is shown: without the digits that a client of ours has added.
fn shown(name: &str) -> &str {
    match name.rsplit_once(TWIN) {
        Some((name, digits)) if is_twin(digits) && !name.is_empty() => name,
        _ => name,
    }
}

/// Whether a client of ours has added its digits.
fn is_unique(name: &str) -> bool {
    shown(name).len() < name.len()
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
