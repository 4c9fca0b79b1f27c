use super::VERSION;
use super::wire::{Message, WirePeer, leave_word, participant, refusal_word};
use crate::{DecodeError, DisplayName, Event, Join, Refusal, Request, RoomName};

/// What a client's frame turned out to be.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Incoming {
    /// A request to carry out.
    Request(Request),
    /// A request to refuse for good, with the reason.
    Refuse(Refusal),
    /// A message of a kind that this version does not know; to be counted, not read.
    Unknown {
        /// Its length in bytes.
        bytes: usize,
    },
}

/// Reads one text frame from a client.
///
/// # Errors
///
/// The frame is not of this dialect. A server counts such frames and closes after a few.
pub fn read_request(frame: &str) -> Result<Incoming, DecodeError> {
    let mut message: Message = serde_json::from_str(frame)?;
    let request = match message.kind.as_str() {
        "join" => return Ok(read_join(message)),
        "signal" => Request::Signal {
            to: Some(participant(message.to.take(), "signal", "to")?),
            signal: message.signal()?,
        },
        "media" => Request::Media(message.media()),
        "pong" => Request::Pong,
        "bye" => Request::Bye,
        _ => return Ok(Incoming::Unknown { bytes: frame.len() }),
    };
    Ok(Incoming::Request(request))
}

/// Writes one event as a text frame. `seq` is the event's number in the stream of this seat.
pub fn write_event(event: &Event, seq: Option<u64>) -> String {
    let mut message = match event {
        Event::Welcome(welcome) => Message {
            v: Some(VERSION),
            id: Some(welcome.id.as_str().to_owned()),
            participants: Some(welcome.peers.iter().map(WirePeer::from).collect()),
            resume: welcome.resume.clone(),
            epoch: welcome.epoch.clone(),
            ping: welcome.ping_interval,
            ..Message::new("welcome")
        },
        Event::Refused(refusal) => Message {
            code: Some(refusal_word(*refusal).to_owned()),
            ..Message::new("refused")
        },
        Event::Joined(peer) => Message {
            id: Some(peer.id.as_str().to_owned()),
            name: peer.name.as_ref().map(|name| name.as_str().to_owned()),
            ..Message::new("joined").with_media(peer.media)
        },
        Event::Left { id, reason } => Message {
            id: Some(id.as_str().to_owned()),
            reason: Some(leave_word(*reason).to_owned()),
            ..Message::new("left")
        },
        Event::Signal { from, signal } => Message {
            from: Some(from.as_str().to_owned()),
            ..Message::new("signal").with_signal(signal)
        },
        Event::Media { from, media } => Message {
            from: Some(from.as_str().to_owned()),
            ..Message::new("media").with_media(*media)
        },
        Event::Ping => Message::new("ping"),
        Event::Rejected { code } => Message {
            code: Some(code.clone()),
            ..Message::new("rejected")
        },
        Event::Unknown { .. } => Message::new("unknown"),
    };
    message.seq = seq.or(message.seq);
    message.write()
}

/// Reads a join. A name that is not acceptable is a refusal to tell, not a malformed message.
fn read_join(message: Message) -> Incoming {
    if message.v != Some(VERSION) {
        return Incoming::Refuse(Refusal::VersionNotSupported);
    }
    let Ok(room) = RoomName::new(message.room.as_deref().unwrap_or_default()) else {
        return Incoming::Refuse(Refusal::InvalidRoom);
    };
    let Ok(name) = message.name.as_deref().map(DisplayName::new).transpose() else {
        return Incoming::Refuse(Refusal::InvalidName);
    };
    Incoming::Request(Request::Join(Join {
        room: Some(room),
        name,
        media: message.media(),
        token: message.token,
        resume: message.resume,
    }))
}
