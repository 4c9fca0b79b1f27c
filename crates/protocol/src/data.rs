//! The protocol of the data channels between our own clients; `docs/data.md` specifies it.
//!
//! A link has two channels with fixed ids ([`Channel`]), which descriptions announce as RFC 8864
//! defines (`a=dcmap`). Whoever does not announce them is another kind of client, and gets none of
//! this. Each message of a channel is one [`Message`].

mod codec;
mod sdp;

pub use self::codec::{decode, encode};
pub use self::sdp::{announce, is_announced};

use crate::DisplayName;

/// The version of the protocol, in [`Hello`].
pub const VERSION: u8 = 1;

/// The longest chat text, in bytes of UTF-8.
pub const MAX_TEXT_BYTES: usize = 4 * 1024;

/// The longest message of the page's own, in bytes.
pub const MAX_PAYLOAD_BYTES: usize = 64 * 1024;

/// The longest reaction, in bytes of UTF-8: an emoji of a family with skin tones has 41.
pub const MAX_REACTION_BYTES: usize = 64;

/// A data channel of a link.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Channel {
    /// Everything arrives, in order.
    Reliable,
    /// What is lost is not sent again, and the order may change.
    Unreliable,
}

impl Channel {
    /// Both channels of a link.
    pub const ALL: [Self; 2] = [Self::Reliable, Self::Unreliable];

    /// The label and subprotocol of all channels.
    pub const LABEL: &'static str = "videocalls";

    /// The id of the channel, which is the number of its SCTP stream. Browsers choose the ids of
    /// other channels from 0 upwards.
    pub fn id(self) -> u16 {
        match self {
            Self::Reliable => 100,
            Self::Unreliable => 101,
        }
    }
}

/// A message on a data channel.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message {
    /// The first message in each direction of a reliable channel, and no other.
    Hello(Hello),
    /// All numbered messages up to this one have been received.
    Ack(u32),
    /// A message that is sent again by a new channel until it is acknowledged.
    Numbered {
        /// Its number. The numbers of one sender grow; those in between may be for others.
        number: u32,
        /// Whether it is for the recipient alone.
        is_direct: bool,
        /// The content.
        content: Content,
    },
    /// A message of the page's own that may be lost.
    Unnumbered(Payload),
    /// A reaction, such as an emoji.
    Reaction(String),
    /// Whether the sender raises their hand.
    Hand(bool),
    /// Asks for the chat lines of before. At most one on each channel.
    HistoryRequest,
    /// One of those lines.
    HistoryLine(HistoryLine),
    /// All lines have been sent.
    HistoryEnd,
}

/// What a client states about itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Hello {
    /// The [`VERSION`] of the protocol that the sender speaks.
    pub version: u8,
    /// A random number that the sender keeps for as long as its page is in the call.
    pub instance: u32,
    /// Whether the sender raises their hand.
    pub is_hand_raised: bool,
    /// A digest of the chat lines to everyone that the sender has; 0 if there are none.
    pub lines: u32,
}

/// The content of a [numbered](Message::Numbered) message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Content {
    /// A chat text.
    Text(String),
    /// A message of the page's own.
    Payload(Payload),
}

/// A message of the page's own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Payload {
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Payload {
    /// The length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Identifies a chat line in a call.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct LineId {
    /// The [instance](Hello::instance) of its author.
    pub instance: u32,
    /// Its number among the author's messages.
    pub number: u32,
}

impl std::fmt::Display for LineId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.instance, self.number)
    }
}

/// A chat line of before.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HistoryLine {
    /// Which line.
    pub id: LineId,
    /// How long ago it was written, in milliseconds.
    pub age_ms: u32,
    /// The author's participant id at the time; empty if the sender of this message is the author.
    pub from: String,
    /// The author's name, if it was known.
    pub name: Option<DisplayName>,
    /// The text.
    pub text: String,
}

/// Why a message of a peer can't be used. Contains nothing of its content, so it can be logged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum InvalidMessage {
    /// It ends too early.
    Truncated,
    /// A text is not UTF-8.
    NotText,
    /// A text or payload is over its limit.
    TooLong,
}

impl std::fmt::Display for InvalidMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the message ends too early",
            Self::NotText => "a text of the message is not UTF-8",
            Self::TooLong => "a part of the message is over its limit",
        })
    }
}

impl std::error::Error for InvalidMessage {}
