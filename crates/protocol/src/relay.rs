//! The `relay` dialect: what videocalls.js puts on the wire, for two people over a relay that
//! passes each text frame on to everyone in the room, the sender included or not.
//!
//! There is no join, roster, goodbye or keep-alive, only `{"sdp": …, "id": …}` and
//! `{"ice": …, "id": …}`, where `id` is the sender's own, made up for the length of a page.

use crate::json::{Record, Text};
use crate::{
    Candidate, Capabilities, CloseAction, DecodeError, Decoded, Description, DescriptionKind,
    Dialect, EncodeError, Event, ParticipantId, Refusal, Request, Signal,
};

/// Closes a socket for which the relay has no place: a relay of ours holds two.
pub const ROOM_FULL: u16 = crate::rooms::close::ROOM_FULL;

/// The client's half of the dialect.
#[derive(Clone, Debug)]
pub struct Relay {
    id: String,
}

impl Relay {
    /// Starts a codec under an id of the client's own making, a UUID v4 by custom.
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
            // The end of the candidates is never said here; a page would take it for a bad one.
            Signal::Candidate(end) if end.candidate.is_empty() => return Ok(Vec::new()),
            Signal::Candidate(candidate) => Text::default().object("ice", candidate.write()),
        };
        Ok(vec![record.text("id", self.id.as_str()).finish()])
    }

    fn decode(&mut self, frame: &str) -> Result<Decoded, DecodeError> {
        let mut record = Record::parse(frame)?;
        let Some(id) = record.text("id").filter(|id| !id.is_empty()) else {
            return Err(DecodeError::Field {
                kind: "relay",
                field: "id",
            });
        };
        if id == self.id {
            return Ok(Decoded::default());
        }
        let signal = if let Some(sdp) = record.record("sdp") {
            let wrong = DecodeError::Field {
                kind: "relay",
                field: "sdp",
            };
            Description::read(sdp).ok_or(wrong)?.into()
        } else if let Some(ice) = record.record("ice") {
            let wrong = DecodeError::Field {
                kind: "relay",
                field: "ice",
            };
            Signal::Candidate(Candidate::read(ice).ok_or(wrong)?)
        } else {
            return Ok(Event::Unknown { bytes: frame.len() }.into());
        };
        Ok(Event::Signal {
            from: ParticipantId::new(id),
            signal,
        }
        .into())
    }

    fn closed(&self, code: u16) -> CloseAction {
        match code {
            ROOM_FULL => CloseAction::Terminal(Refusal::RoomFull),
            1008 | 1009 => CloseAction::Terminal(Refusal::BadRequest),
            _ => CloseAction::Backoff,
        }
    }
}
