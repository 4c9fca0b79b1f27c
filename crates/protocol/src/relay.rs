//! The `relay` dialect: the wire format of videocalls.js, for two people on a relay that passes each
//! text frame on to everyone in the room, with or without the sender.
//!
//! There is no join, roster, goodbye or keep-alive, only `{"sdp": …, "id": …}` and
//! `{"ice": …, "id": …}`. The sender chooses its `id`, a new one for each page load. Anything else
//! that a relay sends, such as its heartbeats, is of an unknown kind.

use crate::dialect::unknown;
use crate::json::{Record, Text};
use crate::{
    Candidate, Capabilities, CloseAction, DecodeError, Decoded, Description, DescriptionKind,
    Dialect, EncodeError, Event, ParticipantId, Refusal, Request, Signal,
};

/// The close code for a third person: our own relay admits two.
pub const ROOM_FULL: u16 = crate::rooms::close::ROOM_FULL;

/// The client's half of the dialect.
#[derive(Clone, Debug)]
pub struct Relay {
    id: String,
}

impl Relay {
    /// Creates a codec for a client with this id, by convention a UUID v4.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into() }
    }
}

impl Dialect for Relay {
    fn capabilities(&self) -> Capabilities {
        Capabilities::MINIMAL
    }

    fn own_id(&self) -> Option<ParticipantId> {
        Some(ParticipantId::new(&self.id))
    }

    fn encode(&mut self, request: &Request) -> Result<Vec<String>, EncodeError> {
        let Request::Signal { signal, .. } = request else {
            return Ok(Vec::new());
        };
        let description =
            |kind, sdp: &str| Text::default().object("sdp", Description::write(kind, sdp));
        let record = match signal {
            Signal::Offer { sdp, .. } => description(DescriptionKind::Offer, sdp),
            Signal::Answer { sdp, .. } => description(DescriptionKind::Answer, sdp),
            // Pages fail on the end-of-candidates marker, so it is not sent.
            Signal::Candidate(end) if end.candidate.is_empty() => return Ok(Vec::new()),
            Signal::Candidate(candidate) => Text::default().object("ice", candidate.write()),
        };
        Ok(vec![record.text("id", self.id.as_str()).finish()])
    }

    fn decode(&mut self, frame: &str) -> Result<Decoded, DecodeError> {
        let Some(mut record) = Record::parse_unless_foreign(frame)? else {
            return Ok(unknown(frame).into());
        };
        if !record.has("sdp") && !record.has("ice") {
            return Ok(unknown(frame).into());
        }
        let id = record.text("id").filter(|id| !id.is_empty());
        let id = id.ok_or(wrong("id"))?;
        if id == self.id {
            return Ok(Decoded::default());
        }
        let signal = if record.has("sdp") {
            let description = record.record("sdp").and_then(Description::read);
            description.ok_or(wrong("sdp"))?.into()
        } else {
            match record.record("ice").and_then(Candidate::read) {
                Some(candidate) => Signal::Candidate(candidate),
                None => return Ok(Decoded::default()),
            }
        };
        let from = ParticipantId::new(id);
        Ok(Event::Signal { from, signal }.into())
    }

    fn closed(&self, code: u16) -> CloseAction {
        match code {
            ROOM_FULL => CloseAction::Terminal(Refusal::RoomFull),
            1008 | 1009 => CloseAction::Terminal(Refusal::BadRequest),
            _ => CloseAction::Backoff,
        }
    }
}

fn wrong(field: &'static str) -> DecodeError {
    DecodeError::Field {
        kind: "relay",
        field,
    }
}
