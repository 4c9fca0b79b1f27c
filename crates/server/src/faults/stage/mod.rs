//! What one fault makes of the messages of one connection.

mod ending;
mod noise;
mod order;
mod silence;

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tungstenite::Message;
use videocalls_protocol::Refusal;

use super::plan::Mode;
use super::words::{Cargo, Dialect};
use ending::{Ending, Moment};
use noise::{Beside, Flood};
use order::{AnswerTwice, CandidateFirst, DropNth, Glare, Reorder, Twice};
use silence::{DropOnClose, Lifeless, Mute};

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    ToClient(Message),
    ToServer(Message),
    /// Closes the client's socket with a code.
    Close(u16),
    /// Breaks the client's connection off.
    Cut,
    /// Reads and writes nothing any more, and keeps the connection.
    Freeze,
}

/// What a fault needs to know of the connection that it is in.
pub(super) struct Scene {
    pub(super) dialect: Dialect,
    /// Whether the client is in already.
    pub(super) connected: bool,
    /// How many of the room's connections have an offer to make.
    pub(super) offers: watch::Sender<usize>,
    pub(super) now: Instant,
}

pub(super) trait Stage: Send {
    /// A message from the client.
    fn up(&mut self, message: Message, _now: Instant) -> Vec<Act> {
        vec![Act::ToServer(message)]
    }

    /// A message from the server.
    fn down(&mut self, message: Message, _now: Instant) -> Vec<Act> {
        vec![Act::ToClient(message)]
    }

    /// When [`Self::tick`] has something to do.
    fn due(&self) -> Option<Instant> {
        None
    }

    fn tick(&mut self, _now: Instant) -> Vec<Act> {
        Vec::new()
    }
}

/// The stage of a mode; nothing for those that work elsewhere.
pub(super) fn stage(mode: &Mode, scene: &Scene) -> Option<Box<dyn Stage>> {
    use Moment::{Connected, FirstWord};
    let dialect = scene.dialect;
    let ending = |moment, acts| Some(Box::new(Ending::new(moment, acts, scene)) as Box<dyn Stage>);
    let refused = |moment, refusal| ending(moment, refuse(dialect, refusal));
    match *mode {
        Mode::Refuse(_) => ending(FirstWord, vec![Act::Close(1011)]),
        Mode::RetryAfter(_) => ending(FirstWord, vec![Act::Close(4013)]),
        Mode::CloseBeforeJoin(code) => ending(FirstWord, vec![close(code)]),
        Mode::CloseAfter(after, code) => ending(Connected(after), vec![close(code)]),
        Mode::DropAfter(after) => ending(Connected(after), vec![Act::Cut]),
        Mode::HalfOpenAfter(after) => ending(Connected(after), vec![Act::Freeze]),
        Mode::Huge(bytes) => {
            let huge = Act::ToClient(Message::text(dialect.padded(bytes)));
            ending(Connected(Duration::ZERO), vec![huge])
        }
        Mode::KickFirst => refused(FirstWord, Refusal::Kicked),
        Mode::KickAfter(after) => refused(Connected(after), Refusal::Kicked),
        Mode::RoomFull => refused(FirstWord, Refusal::RoomFull),
        Mode::TokenExpired => refused(FirstWord, Refusal::TokenExpired),
        Mode::Forbidden => refused(FirstWord, Refusal::Forbidden),
        Mode::NoFirstMessage => Some(Box::new(Mute(dialect))),
        Mode::NoPong => Some(Box::new(Lifeless(dialect))),
        Mode::DropOnClose => Some(Box::new(DropOnClose(dialect))),
        Mode::GarbageJson => beside(Message::text(dialect.broken()), dialect),
        Mode::BinaryGarbage => beside(Message::binary(vec![0, 255, 42]), dialect),
        Mode::UnknownType => beside(Message::text(dialect.unknown()), dialect),
        Mode::DupAll => Some(Box::new(Twice(dialect))),
        Mode::DropNth(left) => Some(Box::new(DropNth { dialect, left })),
        Mode::Reorder(window) => Some(Box::new(Reorder::new(dialect, window))),
        Mode::AnswerTwice => Some(Box::new(AnswerTwice(dialect))),
        Mode::CandidateFirst => Some(Box::new(CandidateFirst::new(dialect))),
        Mode::Glare(patience) => Some(Box::new(Glare::new(scene, patience))),
        Mode::Flood { per_second, time } => {
            Some(Box::new(Flood::new(scene, per_second.into(), time)))
        }
        Mode::Slow(_) | Mode::Restart(_) => None,
    }
}

/// These codes stand for what happens without a close, and can't be sent.
fn close(code: u16) -> Act {
    match code {
        1006 | 1015 => Act::Cut,
        code => Act::Close(code),
    }
}

fn refuse(dialect: Dialect, refusal: Refusal) -> Vec<Act> {
    let (word, code) = dialect.refusal(refusal);
    // So that the others do not wait for the one who was sent out.
    let bye = dialect.bye().map(|bye| Act::ToServer(Message::text(bye)));
    let word = word.map(|word| Act::ToClient(Message::text(word)));
    bye.into_iter()
        .chain(word)
        .chain([Act::Close(code)])
        .collect()
}

fn beside(extra: Message, dialect: Dialect) -> Option<Box<dyn Stage>> {
    Some(Box::new(Beside { extra, dialect }))
}

/// Whether a message is one that a fault may change, and not one that only keeps the connection.
fn matters(dialect: Dialect, message: &Message) -> bool {
    cargo(dialect, message) != Cargo::Frame
}

fn cargo(dialect: Dialect, message: &Message) -> Cargo {
    message
        .to_text()
        .map_or(Cargo::Frame, |text| match message {
            Message::Text(_) => dialect.cargo(text),
            _ => Cargo::Frame,
        })
}

fn lets_in(dialect: Dialect, message: &Message) -> bool {
    matches!(message, Message::Text(text) if dialect.lets_in(text))
}
