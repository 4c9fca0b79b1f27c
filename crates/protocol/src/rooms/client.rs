use super::wire::{
    leave_reason, media, message, participant, peer, refusal, signal, with_media, with_signal,
};
use super::{VERSION, close};
use crate::json::{Record, Text};
use crate::{
    Admission, Capabilities, DecodeError, Decoded, Departure, Dialect, DisplayName, EncodeError,
    Event, GlareRule, Join, Offerer, Request, Verdict, Welcome,
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
            chat: None,
        }
    }

    fn encode(&mut self, request: &Request) -> Result<Vec<String>, EncodeError> {
        let record = match request {
            Request::Join(join) => write_join(join)?,
            Request::Signal { to, signal } => {
                let to = to.as_ref().ok_or(EncodeError::AddresseeMissing)?;
                with_signal(message("signal").text("to", to.as_str()), signal)
            }
            Request::Media(media) => with_media(message("media"), *media),
            Request::Pong => message("pong"),
            Request::Ping => return Ok(Vec::new()),
            Request::Bye => message("bye"),
        };
        Ok(vec![record.finish()])
    }

    fn decode(&mut self, frame: &str) -> Result<Decoded, DecodeError> {
        let mut record = Record::parse(frame)?;
        let event = match record.text("type").as_deref() {
            Some("welcome") => Event::Welcome(read_welcome(&mut record)?),
            Some("joined") => Event::Joined(peer(&mut record, "joined")?),
            Some("left") => Event::Left {
                id: participant(&mut record, "left", "id")?,
                reason: leave_reason(record.text("reason").as_deref()),
            },
            Some("signal") => Event::Signal {
                from: participant(&mut record, "signal", "from")?,
                signal: signal(&mut record)?,
            },
            Some("media") => Event::Media {
                from: participant(&mut record, "media", "from")?,
                media: media(&mut record),
            },
            Some("ping") => Event::Ping,
            Some("refused") => Event::Refused(refusal(record.text("code").as_deref())),
            Some("rejected") => Event::Rejected {
                code: record.text("code").unwrap_or_default(),
            },
            _ => Event::Unknown { bytes: frame.len() },
        };
        Ok(event.into())
    }

    fn closed(&self, code: u16) -> Verdict {
        close::verdict(code)
    }
}

fn write_join(join: &Join) -> Result<Text, EncodeError> {
    let room = join.room.as_ref().ok_or(EncodeError::RoomMissing)?;
    let record = message("join")
        .number("v", Some(VERSION))
        .text("room", room.as_str())
        .text_if("name", join.name.as_ref().map(DisplayName::as_str))
        .text_if("token", join.token.as_deref())
        .text_if("resume", join.resume.as_deref());
    Ok(with_media(record, join.media))
}

fn read_welcome(record: &mut Record<'_>) -> Result<Welcome, DecodeError> {
    let peers = record.records("participants");
    Ok(Welcome {
        id: participant(record, "welcome", "id")?,
        peers: peers
            .into_iter()
            .map(|mut one| peer(&mut one, "welcome"))
            .collect::<Result<_, _>>()?,
        resume: record.text("resume"),
        epoch: record.text("epoch"),
        seq: record.number("seq"),
        ping_interval: record.number("ping"),
        keep_alive: None,
    })
}
