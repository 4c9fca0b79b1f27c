use super::wire::{
    leave_reason_name, media, message, not_receiving, participant, refusal_name, signal,
    with_grants, with_ice_servers, with_media, with_not_receiving, with_peer, with_signal,
};
use super::{VERSION, moderation};
use crate::json::{Record, Text};
use crate::{DecodeError, DisplayName, Event, Join, Refusal, Request, Resume, RoomName, Welcome};

/// The meaning of a client's frame.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Incoming {
    /// A request to carry out.
    Request(Request),
    /// A join that must be refused for good, with the reason.
    Refuse(Refusal),
    /// A message of a kind that this version does not know. It is counted and ignored.
    Unknown {
        /// Its length in bytes.
        bytes: usize,
    },
}

/// Reads one text frame from a client.
///
/// # Errors
///
/// The frame is not a valid message of this dialect. A server counts such frames and closes the
/// socket after a few.
pub fn read_request(frame: &str) -> Result<Incoming, DecodeError> {
    let mut record = Record::parse(frame)?;
    let request = match record.text("type").as_deref() {
        Some("join") => return Ok(read_join(record)),
        Some("signal") => Request::Signal {
            to: Some(participant(&mut record, "signal", "to")?),
            signal: signal(&mut record)?,
        },
        Some("media") => Request::Media(media(&mut record)),
        Some("receive-report") => Request::ReceiveReport(not_receiving(&mut record)),
        Some("moderate") => Request::Moderate(moderation::read(&mut record)?),
        Some("token") => Request::Token(record.text("token").unwrap_or_default()),
        Some("pong") => Request::Pong,
        Some("ping") => Request::Ping,
        Some("leaving") => Request::Unload,
        Some("bye") => Request::Bye,
        _ => return Ok(Incoming::Unknown { bytes: frame.len() }),
    };
    Ok(Incoming::Request(request))
}

/// Writes one event as a text frame. `seq` is the event's number on this seat.
pub fn write_event(event: &Event, seq: Option<u64>) -> String {
    let record = match event {
        Event::Welcome(welcome) => write_welcome(welcome),
        Event::Refused(refusal) => message("refused").text("code", refusal_name(*refusal)),
        Event::Joined(peer) | Event::Found(peer) => with_peer(message("joined"), peer),
        Event::Left { id, reason } => message("left")
            .text("id", id.as_str())
            .text("reason", leave_reason_name(*reason)),
        Event::Signal { from, signal } => {
            with_signal(message("signal").text("from", from.as_str()), signal)
        }
        Event::Media { from, media } => {
            with_media(message("media").text("from", from.as_str()), *media)
        }
        Event::Away(id) => message("away").text("id", id.as_str()),
        Event::Back(id) => message("back").text("id", id.as_str()),
        Event::ReceiveReport {
            from,
            not_receiving,
        } => with_not_receiving(
            message("receive-report").text("from", from.as_str()),
            not_receiving,
        ),
        Event::IceServers(ice_servers) => with_ice_servers(message("ice-servers"), ice_servers),
        Event::Waiting {
            ping_interval,
            token_expires_in,
        } => message("waiting")
            .number("ping", *ping_interval)
            .number("tokenExpiresIn", *token_expires_in),
        Event::Knock(knock) => moderation::with_knock(message("knock"), knock),
        Event::KnockEnded(id) => message("knock-ended").text("id", id.as_str()),
        Event::Room(state) => moderation::with_state(message("room"), *state),
        Event::Asked { from, ask } => message("asked")
            .text("from", from.as_str())
            .text("act", ask.as_str()),
        Event::TokenExpired => message("token-expired"),
        Event::TokenAccepted { expires_in, grants } => with_grants(
            message("token-accepted").number("tokenExpiresIn", *expires_in),
            *grants,
        ),
        Event::Ping => message("ping"),
        Event::Pong => message("pong"),
        Event::Rejected { code } => message("rejected").text("code", code.as_str()),
        Event::Unknown { .. } | Event::Gap => message("unknown"),
    };
    let contained = match event {
        Event::Welcome(welcome) => welcome.seq,
        _ => None,
    };
    record.number("seq", seq.or(contained)).finish()
}

/// Writes a ping with the number of the seat's messages that have been processed, and the number of
/// its last event.
pub fn write_ping(heard: u64, last: u64) -> String {
    message("ping")
        .number("heard", Some(heard))
        .number("last", Some(last))
        .finish()
}

fn write_welcome(welcome: &Welcome) -> Text {
    let peers = welcome
        .peers
        .iter()
        .map(|peer| with_peer(Text::default(), peer));
    let terms = &welcome.terms;
    let knocks = terms.knocks.iter();
    let knocks = knocks.map(|knock| moderation::with_knock(Text::default(), knock));
    let message = message("welcome")
        .number("v", Some(VERSION))
        .text("id", welcome.id.as_str())
        .objects("participants", peers)
        .flag("resumed", welcome.resumed)
        .number("heard", welcome.heard)
        .text_if("resume", welcome.resume.as_deref())
        .text_if("epoch", welcome.epoch.as_deref())
        .number("ping", welcome.ping_interval)
        .number("tokenExpiresIn", terms.token_expires_in);
    let message = moderation::with_state(with_grants(message, terms.grants), terms.room);
    let message = match terms.knocks.is_empty() {
        true => message,
        false => message.objects("knocks", knocks),
    };
    with_ice_servers(message, &welcome.ice_servers)
}

/// Reads a join. A name that is not acceptable is a refusal, not a malformed message.
fn read_join(mut record: Record<'_>) -> Incoming {
    if record.number("v") != Some(VERSION) {
        return Incoming::Refuse(Refusal::VersionNotSupported);
    }
    let Ok(room) = RoomName::new(&record.text("room").unwrap_or_default()) else {
        return Incoming::Refuse(Refusal::InvalidRoom);
    };
    let Ok(name) = DisplayName::optional(record.text("name").as_deref()) else {
        return Incoming::Refuse(Refusal::InvalidName);
    };
    Incoming::Request(Request::Join(Join {
        room: Some(room),
        name,
        keeps: Vec::new(),
        media: media(&mut record),
        token: record.text("token"),
        resume: record.text("resume").map(|token| Resume {
            token,
            epoch: record.text("epoch"),
            seq: record.number("seq"),
        }),
    }))
}
