//! Messages as bytes: a kind, fixed fields, and a text or payload to the end. Numbers are big-endian.

use super::{
    Content, Hello, HistoryLine, InvalidMessage, LineId, MAX_PAYLOAD_BYTES, MAX_REACTION_BYTES,
    MAX_TEXT_BYTES, Message, Payload,
};
use crate::DisplayName;

const HELLO: u8 = 0;
const ACK: u8 = 1;
const TEXT: u8 = 2;
const PAYLOAD: u8 = 3;
const UNNUMBERED: u8 = 4;
const REACTION: u8 = 5;
const HAND: u8 = 6;
const HISTORY_REQUEST: u8 = 7;
const HISTORY_LINE: u8 = 8;
const HISTORY_END: u8 = 9;

/// The bits of a numbered message's flags.
const DIRECT: u8 = 1;
/// The bit of a payload's flags that tells a text from bytes.
const IS_TEXT: u8 = 2;

/// Writes a message.
pub fn encode(message: &Message) -> Vec<u8> {
    let mut bytes = Writer(Vec::with_capacity(16));
    match message {
        Message::Hello(hello) => bytes
            .byte(HELLO)
            .byte(hello.version)
            .number(hello.instance)
            .byte(hello.is_hand_raised.into())
            .number(hello.lines),
        Message::Ack(number) => bytes.byte(ACK).number(*number),
        Message::Numbered {
            number,
            is_direct,
            content,
        } => bytes.numbered(*number, u8::from(*is_direct) * DIRECT, content),
        Message::Unnumbered(payload) => bytes.byte(UNNUMBERED).payload(0, payload),
        Message::Reaction(text) => bytes.byte(REACTION).rest(text.as_bytes()),
        Message::Hand(is_raised) => bytes.byte(HAND).byte((*is_raised).into()),
        Message::HistoryRequest => bytes.byte(HISTORY_REQUEST),
        Message::HistoryLine(line) => bytes
            .byte(HISTORY_LINE)
            .number(line.id.instance)
            .number(line.id.number)
            .number(line.age_ms)
            .short(&line.from)
            .short(line.name.as_ref().map_or("", DisplayName::as_str))
            .rest(line.text.as_bytes()),
        Message::HistoryEnd => bytes.byte(HISTORY_END),
    };
    bytes.0
}

/// Reads a message; `None` if it is of a kind that a later version may have added.
///
/// # Errors
///
/// The message is of a known kind and malformed.
pub fn decode(bytes: &[u8]) -> Result<Option<Message>, InvalidMessage> {
    let mut bytes = Reader(bytes);
    Ok(Some(match bytes.byte()? {
        HELLO => Message::Hello(Hello {
            version: bytes.byte()?,
            instance: bytes.number()?,
            is_hand_raised: bytes.flag()?,
            lines: bytes.number()?,
        }),
        ACK => Message::Ack(bytes.number()?),
        TEXT => {
            let (number, flags) = (bytes.number()?, bytes.byte()?);
            let text = bytes.text(MAX_TEXT_BYTES)?;
            numbered(number, flags, Content::Text(text))
        }
        PAYLOAD => {
            let (number, flags) = (bytes.number()?, bytes.byte()?);
            let payload = bytes.payload(flags)?;
            numbered(number, flags, Content::Payload(payload))
        }
        UNNUMBERED => {
            let flags = bytes.byte()?;
            Message::Unnumbered(bytes.payload(flags)?)
        }
        REACTION => Message::Reaction(bytes.text(MAX_REACTION_BYTES)?),
        HAND => Message::Hand(bytes.flag()?),
        HISTORY_REQUEST => Message::HistoryRequest,
        HISTORY_LINE => Message::HistoryLine(HistoryLine {
            id: LineId {
                instance: bytes.number()?,
                number: bytes.number()?,
            },
            age_ms: bytes.number()?,
            from: bytes.short()?,
            name: DisplayName::new(&bytes.short()?).ok(),
            text: bytes.text(MAX_TEXT_BYTES)?,
        }),
        HISTORY_END => Message::HistoryEnd,
        _ => return Ok(None),
    }))
}

fn numbered(number: u32, flags: u8, content: Content) -> Message {
    Message::Numbered {
        number,
        is_direct: flags & DIRECT != 0,
        content,
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn byte(&mut self, byte: u8) -> &mut Self {
        self.0.push(byte);
        self
    }

    fn number(&mut self, number: u32) -> &mut Self {
        self.rest(&number.to_be_bytes())
    }

    /// Writes a text after its length. One that is too long for that is left out.
    fn short(&mut self, text: &str) -> &mut Self {
        let (length, text) = match u16::try_from(text.len()) {
            Ok(length) => (length, text),
            Err(_) => (0, ""),
        };
        self.rest(&length.to_be_bytes()).rest(text.as_bytes())
    }

    fn numbered(&mut self, number: u32, flags: u8, content: &Content) -> &mut Self {
        match content {
            Content::Text(text) => self
                .byte(TEXT)
                .number(number)
                .byte(flags)
                .rest(text.as_bytes()),
            Content::Payload(payload) => self.byte(PAYLOAD).number(number).payload(flags, payload),
        }
    }

    fn payload(&mut self, flags: u8, payload: &Payload) -> &mut Self {
        match payload {
            Payload::Text(text) => self.byte(flags | IS_TEXT).rest(text.as_bytes()),
            Payload::Bytes(bytes) => self.byte(flags).rest(bytes),
        }
    }

    fn rest(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], InvalidMessage> {
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(InvalidMessage::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], InvalidMessage> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| InvalidMessage::Truncated)
    }

    fn byte(&mut self) -> Result<u8, InvalidMessage> {
        self.array().map(|[byte]| byte)
    }

    fn flag(&mut self) -> Result<bool, InvalidMessage> {
        self.byte().map(|byte| byte & 1 != 0)
    }

    fn number(&mut self) -> Result<u32, InvalidMessage> {
        self.array().map(u32::from_be_bytes)
    }

    fn short_number(&mut self) -> Result<u16, InvalidMessage> {
        self.array().map(u16::from_be_bytes)
    }

    /// Reads a text that follows its length.
    fn short(&mut self) -> Result<String, InvalidMessage> {
        let length = self.short_number()?;
        text(self.take(length.into())?)
    }

    /// Takes what is left.
    fn rest(&mut self, most: usize) -> Result<&'a [u8], InvalidMessage> {
        let rest = std::mem::take(&mut self.0);
        match rest.len() <= most {
            true => Ok(rest),
            false => Err(InvalidMessage::TooLong),
        }
    }

    fn text(&mut self, most: usize) -> Result<String, InvalidMessage> {
        text(self.rest(most)?)
    }

    fn payload(&mut self, flags: u8) -> Result<Payload, InvalidMessage> {
        let rest = self.rest(MAX_PAYLOAD_BYTES)?;
        match flags & IS_TEXT {
            0 => Ok(Payload::Bytes(rest.to_vec())),
            _ => text(rest).map(Payload::Text),
        }
    }
}

fn text(bytes: &[u8]) -> Result<String, InvalidMessage> {
    let text = std::str::from_utf8(bytes);
    text.map(str::to_owned).map_err(|_| InvalidMessage::NotText)
}
