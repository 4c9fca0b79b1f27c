use super::seat::{EventOrder, Seat};
use super::wire::{
    grants, ice_servers, leave_reason, media, message, not_receiving, participant, peer, refusal,
    signal, with_media, with_not_receiving, with_signal,
};
use super::{VERSION, close, moderation};
use crate::dialect::unknown;
use crate::json::{Record, Text};
use crate::{
    Admission, Capabilities, CloseAction, DecodeError, Decoded, Departure, Dialect, DisplayName,
    EncodeError, Event, GlareRule, InvalidRoom, Join, Offerer, Request, RoomName, Terms, Welcome,
};

/// The client's half of the dialect.
#[derive(Clone, Debug, Default)]
pub struct Rooms {
    seat: Seat,
}

impl Dialect for Rooms {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            admission: Admission::Roster,
            offerer: Offerer::Newcomer,
            glare: GlareRule::Perfect,
            departure: Departure::Announced,
            capacity: None,
            media_state: true,
            keeps_seat: true,
            redelivers: true,
            announces_return: true,
            answers_ping: true,
            receive_reports: true,
            ..Capabilities::MINIMAL
        }
    }

    fn opened(&mut self) {
        self.seat.on_reconnect();
    }

    fn encode(&mut self, request: &Request) -> Result<Vec<String>, EncodeError> {
        let record = match request {
            Request::Join(join) => return Ok(vec![self.write_join(join)?.finish()]),
            Request::Pong => return Ok(vec![message("pong").finish()]),
            Request::Ping => return Ok(vec![message("ping").finish()]),
            Request::Bye => return Ok(vec![message("bye").finish()]),
            Request::Unload => return Ok(vec![message("leaving").finish()]),
            Request::Signal { to, signal } => {
                let to = to.as_ref().ok_or(EncodeError::AddresseeMissing)?;
                with_signal(message("signal").text("to", to.as_str()), signal)
            }
            Request::Media(media) => with_media(message("media"), *media),
            Request::Token(token) => {
                return Ok(vec![message("token").text("token", token).finish()]);
            }
            Request::Moderate(moderation) => moderation::write(moderation),
            Request::ReceiveReport(not_receiving) => {
                with_not_receiving(message("receive-report"), not_receiving)
            }
        };
        let frame = record.finish();
        Ok(match self.seat.store(&frame) {
            true => vec![frame],
            false => Vec::new(),
        })
    }

    fn decode(&mut self, frame: &str) -> Result<Decoded, DecodeError> {
        let mut record = Record::parse(frame)?;
        let kind = record.text("type");
        if kind.as_deref() == Some("welcome") {
            return self.decode_welcome(&mut record);
        }
        match record
            .number("seq")
            .map(|number| self.seat.on_event(number))
        {
            Some(EventOrder::Duplicate) => return Ok(Decoded::default()),
            Some(EventOrder::Gap) => return Ok(Event::Gap.into()),
            Some(EventOrder::Next) | None => {}
        }
        let event = match kind.as_deref() {
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
            Some("away") => Event::Away(participant(&mut record, "away", "id")?),
            Some("back") => Event::Back(participant(&mut record, "back", "id")?),
            Some("receive-report") => Event::ReceiveReport {
                from: participant(&mut record, "receive-report", "from")?,
                not_receiving: not_receiving(&mut record),
            },
            Some("ice-servers") => Event::IceServers(ice_servers(&mut record)),
            Some("waiting") => Event::Waiting {
                ping_interval: record.number("ping"),
                token_expires_in: record.number("tokenExpiresIn"),
            },
            Some("knock") => Event::Knock(moderation::knock(&mut record, "knock")?),
            Some("knock-ended") => {
                Event::KnockEnded(participant(&mut record, "knock-ended", "id")?)
            }
            Some("room") => Event::Room(moderation::state(&mut record)),
            Some("asked") => Event::Asked {
                from: participant(&mut record, "asked", "from")?,
                ask: moderation::ask(&mut record)?,
            },
            Some("token-expired") => Event::TokenExpired,
            Some("token-accepted") => Event::TokenAccepted {
                expires_in: record.number("tokenExpiresIn"),
                grants: grants(&mut record),
            },
            Some("ping") => {
                self.seat
                    .acknowledge(record.number("heard").unwrap_or_default());
                match record
                    .number("last")
                    .is_some_and(|last| self.seat.is_missing(last))
                {
                    true => Event::Gap,
                    false => Event::Ping,
                }
            }
            Some("pong") => Event::Pong,
            Some("refused") => Event::Refused(refusal(record.text("code").as_deref())),
            Some("rejected") => Event::Rejected {
                code: record.text("code").unwrap_or_default(),
            },
            _ => unknown(frame),
        };
        Ok(event.into())
    }

    fn room_name(&self, name: &str) -> Result<RoomName, InvalidRoom> {
        RoomName::new(name)
    }

    fn closed(&self, code: u16) -> CloseAction {
        close::action(code)
    }

    fn seat(&self) -> Option<&str> {
        self.seat.token()
    }

    fn take_seat(&mut self, seat: String) {
        self.seat.restore(seat);
    }
}

impl Rooms {
    fn write_join(&self, join: &Join) -> Result<Text, EncodeError> {
        let room = join.room.as_ref().ok_or(EncodeError::RoomMissing)?;
        let record = message("join")
            .number("v", Some(VERSION))
            .text("room", room.as_str())
            .text_if("name", join.name.as_ref().map(DisplayName::as_str))
            .text_if("token", join.token.as_deref());
        let record = with_media(record, join.media);
        Ok(match join.resume.clone().or_else(|| self.seat.resume()) {
            Some(resume) => record
                .text("resume", &resume.token)
                .text_if("epoch", resume.epoch.as_deref())
                .number("seq", resume.seq),
            None => record,
        })
    }

    fn decode_welcome(&mut self, record: &mut Record<'_>) -> Result<Decoded, DecodeError> {
        let welcome = read_welcome(record)?;
        Ok(Decoded {
            replies: self.seat.on_welcome(&welcome),
            events: vec![Event::Welcome(welcome)],
        })
    }
}

fn read_welcome(record: &mut Record<'_>) -> Result<Welcome, DecodeError> {
    let mut peers = Vec::new();
    for mut participant in record.records("participants") {
        peers.push(peer(&mut participant, "welcome")?);
    }
    let terms = read_terms(record)?;
    Ok(Welcome {
        id: participant(record, "welcome", "id")?,
        peers,
        resumed: record.flag("resumed"),
        heard: record.number("heard"),
        resume: record.text("resume"),
        epoch: record.text("epoch"),
        seq: record.number("seq"),
        ping_interval: record.number("ping"),
        keep_alive: None,
        ice_servers: ice_servers(record),
        terms,
    })
}

fn read_terms(record: &mut Record<'_>) -> Result<Terms, DecodeError> {
    let mut knocks = Vec::new();
    for mut knock in record.records("knocks") {
        knocks.push(moderation::knock(&mut knock, "welcome")?);
    }
    Ok(Terms {
        grants: grants(record),
        token_expires_in: record.number("tokenExpiresIn"),
        room: moderation::state(record),
        knocks,
    })
}
