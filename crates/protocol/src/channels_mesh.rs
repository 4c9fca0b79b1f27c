//! The `channels-mesh` dialect: any number of people on a Django channels server that broadcasts
//! `new-peer` and delivers `new-offer` and `new-answer` to one channel.
//!
//! Each participant in the room offers to a newcomer. The server adds the sender's channel name to
//! each message: `receiver_channel_name` names the recipient in messages to the server, and the sender
//! in messages from it.
//!
//! A participant who reconnects gets another channel. Our own clients have unique names, which serve
//! as ids whatever the channel. The id of a legacy page is its channel. A client that reconnects
//! learns our channel from `still-here`, an action of ours that servers broadcast like any unknown
//! one and that legacy pages ignore.

use crate::dialect::unknown;
use crate::json::{Record, Text};
use crate::{
    Admission, Capabilities, CloseAction, DecodeError, Decoded, Description, DescriptionKind,
    Dialect, DisplayName, EncodeError, Event, GlareRule, LeaveReason, Offerer, ParticipantId, Peer,
    Refusal, Request, Signal, Welcome,
};

/// How many participants are remembered.
const MAX_PEERS: usize = 64;
/// Separates a name from the digits that make it unique.
const SEPARATOR: char = '~';
/// How many hexadecimal digits are added. Two clients with the same name and digits ignore each other's
/// messages; six digits make that one in 16 million.
const DIGITS: usize = 6;
/// The two spellings of the field that names a channel.
const SPELLINGS: [&str; 2] = ["receiver_channel_name", "reciver_channel_name"];
/// The actions of this dialect. Others are of an unknown kind, such as a server's presence messages.
const ACTIONS: [&str; 4] = ["new-peer", "new-offer", "new-answer", "still-here"];

/// The client's half of the dialect.
#[derive(Clone, Debug)]
pub struct ChannelsMesh {
    name: String,
    /// The digits that make the name unique.
    digits: String,
    spelling: &'static str,
    /// Our own channel, once we have joined.
    channel: Option<String>,
    peers: Vec<KnownPeer>,
}

/// Another participant.
#[derive(Clone, Debug)]
struct KnownPeer {
    name: String,
    channel: String,
    /// Whether they have announced this channel since we joined. A message on another channel is
    /// then a late one.
    announced: bool,
}

impl KnownPeer {
    fn id(&self) -> ParticipantId {
        ParticipantId::new(if is_unique(&self.name) {
            &self.name
        } else {
            &self.channel
        })
    }
}

impl ChannelsMesh {
    /// Creates a codec. `id` is a unique hexadecimal text. Its first digits become part of the name,
    /// since two clients with the same name ignore each other's messages.
    pub fn new(id: &str) -> Self {
        Self {
            name: String::new(),
            digits: id.chars().take(DIGITS).collect(),
            spelling: SPELLINGS[0],
            channel: None,
            peers: Vec::new(),
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
        let known = self.peers.iter().find(|peer| peer.id() == *to);
        let channel = match known {
            Some(peer) => &peer.channel,
            // Its channel is not known, and the name is not a channel.
            None if is_unique(to.as_str()) => return Ok(Vec::new()),
            None => to.as_str(),
        };
        let message = Text::default()
            .object("sdp", Description::write(kind, sdp))
            .text(self.spelling, channel);
        Ok(self.write(action, message))
    }

    /// Reads the channel of a message's sender.
    fn sender_channel(&mut self, message: &mut Record<'_>) -> Result<String, DecodeError> {
        let named = SPELLINGS.into_iter().find_map(|spelling| {
            let channel = message.text(spelling).filter(|channel| !channel.is_empty());
            channel.map(|channel| (spelling, channel))
        });
        let (spelling, channel) = named.ok_or(wrong("receiver_channel_name"))?;
        self.spelling = spelling;
        Ok(channel)
    }

    /// Our own arrival, which the server broadcasts to everyone.
    fn welcome(&self) -> Event {
        Event::Welcome(Welcome::new(ParticipantId::new(&self.name), Vec::new()))
    }

    /// Handles a message from a participant on a channel. `announces`: the message announces that
    /// channel. Returns the participant, and whether the channel is new.
    fn update_peer(
        &mut self,
        name: &str,
        channel: String,
        announces: bool,
        decoded: &mut Decoded,
    ) -> (Peer, bool) {
        let known = self.peers.iter().position(|peer| peer.name == name);
        let mut peer = match known {
            Some(index) => self.peers.remove(index),
            None => KnownPeer {
                name: name.to_owned(),
                channel: String::new(),
                announced: false,
            },
        };
        let is_new = channel != peer.channel && (announces || !peer.announced || !is_unique(name));
        peer.announced |= announces;
        if is_new {
            // A legacy page on another channel was reloaded, even if its old media seems to continue
            // for a while.
            if known.is_some() && !is_unique(name) {
                decoded.events.push(Event::Left {
                    id: peer.id(),
                    reason: LeaveReason::Bye,
                });
            }
            peer.channel = channel;
        }
        let participant = Peer::new(peer.id(), DisplayName::new(without_digits(name)).ok());
        self.peers.truncate(MAX_PEERS - 1);
        self.peers.insert(0, peer);
        (participant, is_new)
    }

    /// Handles our own `new-peer` or `still-here`, which the server sends to us too.
    fn on_own_channel(&mut self, channel: String, decoded: &mut Decoded) {
        if self.channel.is_none() {
            decoded.events.push(self.welcome());
        } else if self.channel.as_ref() != Some(&channel) {
            // One of the two messages was delayed, and may have misled the others.
            decoded.replies = self.still_here();
        }
        self.channel = Some(channel);
    }

    fn on_new_peer(&mut self, name: &str, channel: String, decoded: &mut Decoded) {
        let known = self.peers.iter().any(|peer| peer.name == name);
        if let (peer, true) = self.update_peer(name, channel, true, decoded) {
            decoded.events.push(Event::Joined(peer));
            if known && is_unique(name) {
                decoded.replies = self.still_here();
            }
        }
    }

    fn on_description(
        &mut self,
        name: &str,
        mut message: Record<'_>,
        decoded: &mut Decoded,
    ) -> Result<(), DecodeError> {
        let channel = self.sender_channel(&mut message)?;
        let description = message.record("sdp").and_then(Description::read);
        let signal = Signal::from(description.ok_or(wrong("sdp"))?);
        let (peer, _) = self.update_peer(name, channel, false, decoded);
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
        for peer in &mut self.peers {
            peer.announced = false;
        }
    }

    fn encode(&mut self, request: &Request) -> Result<Vec<String>, EncodeError> {
        match request {
            Request::Join(join) => {
                let name = join.name.as_ref().map_or("guest", DisplayName::as_str);
                self.name = name.to_owned();
                self.name.push(SEPARATOR);
                self.name.push_str(&self.digits);
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
            | Request::Moderate(_)
            | Request::Token(_)
            | Request::Pong
            | Request::Ping
            | Request::Bye
            | Request::Unload => Ok(Vec::new()),
        }
    }

    fn decode(&mut self, frame: &str) -> Result<Decoded, DecodeError> {
        let Some(mut record) = Record::parse_unless_foreign(frame)? else {
            return Ok(unknown(frame).into());
        };
        let action = record.text("action").unwrap_or_default();
        if !ACTIONS.contains(&action.as_str()) {
            return Ok(unknown(frame).into());
        }
        let name = record.text("peer").filter(|name| !name.is_empty());
        let name = name.ok_or(wrong("peer"))?;
        let mut message = record.record("message").ok_or(wrong("message"))?;
        let mut decoded = Decoded::default();
        let own = name == self.name;
        match action.as_str() {
            // Sent on an earlier socket. What we send now comes after it.
            "still-here" if own && self.channel.is_none() => {}
            "new-peer" | "still-here" if own => {
                let channel = self.sender_channel(&mut message)?;
                self.on_own_channel(channel, &mut decoded);
            }
            _ if own => {}
            "new-peer" => {
                let channel = self.sender_channel(&mut message)?;
                self.on_new_peer(&name, channel, &mut decoded);
            }
            "still-here" if is_unique(&name) => {
                let channel = self.sender_channel(&mut message)?;
                self.update_peer(&name, channel, true, &mut decoded);
            }
            "still-here" => decoded.unknown(frame),
            _ => self.on_description(&name, message, &mut decoded)?,
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

    /// A line without a name in front is returned unchanged.
    fn read_chat<'a>(&self, line: &'a str) -> &'a str {
        let text = line
            .split_once(':')
            .and_then(|(_, rest)| rest.strip_prefix(' '));
        text.unwrap_or(line)
    }
}

/// The name to show: without the digits that our own clients add.
fn without_digits(name: &str) -> &str {
    let digits_at = name.len().saturating_sub(DIGITS);
    let person = match name.split_at_checked(digits_at) {
        Some((rest, digits)) if are_digits(digits) => rest.strip_suffix(SEPARATOR),
        _ => None,
    };
    person.filter(|person| !person.is_empty()).unwrap_or(name)
}

/// Whether this is the name of one of our own clients, with its digits.
fn is_unique(name: &str) -> bool {
    without_digits(name).len() < name.len()
}

fn are_digits(digits: &str) -> bool {
    digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn wrong(field: &'static str) -> DecodeError {
    DecodeError::Field {
        kind: "channels-mesh",
        field,
    }
}
