use super::wire::{Message, leave_reason, participant, refusal};
use super::{VERSION, close};
use crate::{
    Admission, Capabilities, DecodeError, Decoded, Departure, Dialect, DisplayName, EncodeError,
    Event, GlareRule, Join, Offerer, Peer, Request, Verdict, Welcome,
};

/// The client's half of the dialect.
#[derive(Clone, Debug, Default)]
pub struct Rooms;

impl Dialect for Rooms {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            admission: Admission::Roster,
            offerer: Offerer::Newcomer,
            glare: GlareRule::Perfect,
            departure: Departure::Announced,
            capacity: None,
            media_state: true,
            trickle: true,
            resume: true,
        }
    }

    fn encode(&mut self, request: &Request) -> Result<Vec<String>, EncodeError> {
        let message = match request {
            Request::Join(join) => write_join(join)?,
            Request::Signal { to, signal } => {
                let to = to.as_ref().ok_or(EncodeError::AddresseeMissing)?;
                let mut message = Message::new("signal").with_signal(signal);
                message.to = Some(to.as_str().to_owned());
                message
            }
            Request::Media(media) => Message::new("media").with_media(*media),
            Request::Pong => Message::new("pong"),
            Request::Bye => Message::new("bye"),
        };
        Ok(vec![message.write()])
    }

    fn decode(&mut self, frame: &str) -> Result<Decoded, DecodeError> {
        let mut message: Message = serde_json::from_str(frame)?;
        let event = match message.kind.as_str() {
            "welcome" => Event::Welcome(read_welcome(message)?),
            "joined" => Event::Joined(read_joined(message)?),
            "left" => Event::Left {
                id: participant(message.id.take(), "left", "id")?,
                reason: leave_reason(message.reason.as_deref()),
            },
            "signal" => Event::Signal {
                from: participant(message.from.take(), "signal", "from")?,
                signal: message.signal()?,
            },
            "media" => Event::Media {
                from: participant(message.from.take(), "media", "from")?,
                media: message.media(),
            },
            "ping" => Event::Ping,
            "refused" => Event::Refused(refusal(message.code.as_deref())),
            "rejected" => Event::Rejected {
                code: message.code.unwrap_or_default(),
            },
            _ => Event::Unknown { bytes: frame.len() },
        };
        Ok(event.into())
    }

    fn closed(&self, code: u16) -> Verdict {
        close::verdict(code)
    }
}

fn write_join(join: &Join) -> Result<Message, EncodeError> {
    let room = join.room.as_ref().ok_or(EncodeError::RoomMissing)?;
    Ok(Message {
        v: Some(VERSION),
        room: Some(room.as_str().to_owned()),
        name: join.name.as_ref().map(|name| name.as_str().to_owned()),
        token: join.token.clone(),
        resume: join.resume.clone(),
        ..Message::new("join").with_media(join.media)
    })
}

fn read_welcome(message: Message) -> Result<Welcome, DecodeError> {
    let peers = message.participants.unwrap_or_default();
    Ok(Welcome {
        id: participant(message.id, "welcome", "id")?,
        peers: peers
            .into_iter()
            .map(|peer| peer.read("welcome"))
            .collect::<Result<_, _>>()?,
        resume: message.resume,
        epoch: message.epoch,
        seq: message.seq,
        ping_interval: message.ping,
    })
}

fn read_joined(mut message: Message) -> Result<Peer, DecodeError> {
    Ok(Peer {
        id: participant(message.id.take(), "joined", "id")?,
        media: message.media(),
        name: message.name.and_then(|name| DisplayName::new(&name).ok()),
    })
}
