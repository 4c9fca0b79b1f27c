//! The `relay` dialect: what videocalls.js puts on the wire, for two people over a relay that
//! passes each text frame on to everyone in the room, the sender included or not.
//!
//! There is no join, roster, goodbye or keep-alive, only `{"sdp": …, "id": …}` and
//! `{"ice": …, "id": …}`, where `id` is the sender's own, made up for the length of a page.

use serde::{Deserialize, Serialize};

use crate::{
    Admission, Candidate, Capabilities, DecodeError, Decoded, Departure, Description,
    DescriptionKind, Dialect, EncodeError, Event, GlareRule, Offerer, ParticipantId, Refusal,
    Request, Signal, Verdict,
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

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Message {
    #[serde(skip_serializing_if = "Option::is_none")]
    sdp: Option<Description>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ice: Option<Candidate>,
    id: String,
}

impl Dialect for Relay {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            admission: Admission::Open,
            offerer: Offerer::Everyone,
            glare: GlareRule::Hold,
            departure: Departure::Unannounced,
            capacity: Some(2),
            media_state: false,
            trickle: true,
            resume: false,
        }
    }

    fn encode(&mut self, request: &Request) -> Result<Vec<String>, EncodeError> {
        let Request::Signal { signal, .. } = request else {
            return Ok(Vec::new());
        };
        let mut message = Message {
            id: self.id.clone(),
            ..Message::default()
        };
        let description = |kind, sdp: &str| {
            Some(Description {
                kind,
                sdp: sdp.to_owned(),
            })
        };
        match signal {
            Signal::Offer { sdp, .. } => message.sdp = description(DescriptionKind::Offer, sdp),
            Signal::Answer { sdp, .. } => message.sdp = description(DescriptionKind::Answer, sdp),
            // The end of the candidates is never said here; a page would take it for a bad one.
            Signal::Candidate(end) if end.candidate.is_empty() => return Ok(Vec::new()),
            Signal::Candidate(candidate) => message.ice = Some(candidate.clone()),
        }
        Ok(vec![serde_json::to_string(&message).unwrap_or_default()])
    }

    fn decode(&mut self, frame: &str) -> Result<Decoded, DecodeError> {
        let message: Message = serde_json::from_str(frame)?;
        if message.id == self.id {
            return Ok(Decoded::default());
        }
        let signal = match (message.sdp, message.ice) {
            (
                Some(Description {
                    kind: DescriptionKind::Offer,
                    sdp,
                }),
                _,
            ) => Signal::Offer { id: None, sdp },
            (
                Some(Description {
                    kind: DescriptionKind::Answer,
                    sdp,
                }),
                _,
            ) => Signal::Answer { id: None, sdp },
            (None, Some(candidate)) => Signal::Candidate(candidate),
            (None, None) => return Ok(Event::Unknown { bytes: frame.len() }.into()),
        };
        if message.id.is_empty() {
            return Err(DecodeError::Field {
                kind: "relay",
                field: "id",
            });
        }
        Ok(Event::Signal {
            from: ParticipantId::new(message.id),
            signal,
        }
        .into())
    }

    fn closed(&self, code: u16) -> Verdict {
        match code {
            ROOM_FULL => Verdict::Terminal(Refusal::RoomFull),
            1008 | 1009 => Verdict::Terminal(Refusal::BadRequest),
            _ => Verdict::Backoff,
        }
    }
}
