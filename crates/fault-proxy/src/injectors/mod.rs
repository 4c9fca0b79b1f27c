//! One injector per fault mode: it changes the messages of one connection.

mod extra;
mod one_shot;
mod order;
mod silence;

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use videocalls_protocol::Refusal;

use crate::dialect::{Dialect, MessageKind};
use crate::plan::Mode;
use extra::{ExtraMessage, Flood};
use one_shot::{OneShot, Trigger};
use order::{CandidateBeforeDescription, DropNth, DuplicateAll, DuplicateAnswers, Glare, Reorder};
use silence::{DropOnClose, NoKeepAlive, SilentServer};

/// What the bridge is to do.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    ToClient(Message),
    ToServer(Message),
    /// Closes the client's WebSocket with a code.
    Close(u16),
    /// Resets the client's TCP connection.
    Reset,
    /// Keeps the connection open without reading or writing.
    Freeze,
}

/// What an injector needs to know of its connection.
pub(super) struct Connection {
    pub(super) dialect: Dialect,
    /// Whether the client has already joined.
    pub(super) joined: bool,
    /// How many of the room's connections hold back an offer or have done so.
    pub(super) offers: watch::Sender<usize>,
    pub(super) now: Instant,
}

/// Changes, delays, adds or drops messages. Without an implementation they pass unchanged.
pub(super) trait Injector: Send {
    /// A message from the client.
    fn handle_from_client(&mut self, message: Message, _now: Instant) -> Vec<Action> {
        vec![Action::ToServer(message)]
    }

    /// A message from the server.
    fn handle_from_server(&mut self, message: Message, _now: Instant) -> Vec<Action> {
        vec![Action::ToClient(message)]
    }

    /// When to call [`Self::handle_timeout`].
    fn next_timeout(&self) -> Option<Instant> {
        None
    }

    fn handle_timeout(&mut self, _now: Instant) -> Vec<Action> {
        Vec::new()
    }
}

/// The injector of a mode. Modes that act on the stream or the server have none.
pub(super) fn injector(mode: &Mode, connection: &Connection) -> Option<Box<dyn Injector>> {
    use Trigger::{AfterJoin, FirstMessage};
    let dialect = connection.dialect;
    let once = |trigger, actions| {
        let injector = OneShot::new(trigger, actions, connection);
        Some(Box::new(injector) as Box<dyn Injector>)
    };
    let refused = |trigger, refusal| once(trigger, refuse(dialect, refusal));
    match *mode {
        Mode::Refuse(_) => once(FirstMessage, vec![Action::Close(1011)]),
        Mode::RetryAfter(_) => once(FirstMessage, vec![Action::Close(4013)]),
        Mode::CloseBeforeJoin(code) => once(FirstMessage, vec![close(code)]),
        Mode::CloseAfter(after, code) => once(AfterJoin(after), vec![close(code)]),
        Mode::DropAfter(after) => once(AfterJoin(after), vec![Action::Reset]),
        Mode::HalfOpenAfter(after) => once(AfterJoin(after), vec![Action::Freeze]),
        Mode::Huge(bytes) => {
            let huge = Action::ToClient(Message::text(dialect.unknown_of_size(bytes)));
            once(AfterJoin(Duration::ZERO), vec![huge])
        }
        Mode::KickFirst => refused(FirstMessage, Refusal::Removed),
        Mode::KickAfter(after) => refused(AfterJoin(after), Refusal::Removed),
        Mode::RoomFull => refused(FirstMessage, Refusal::RoomFull),
        Mode::TokenExpired => refused(FirstMessage, Refusal::TokenExpired),
        Mode::Forbidden => refused(FirstMessage, Refusal::Forbidden),
        Mode::NoFirstMessage => Some(Box::new(SilentServer(dialect))),
        Mode::NoPong => Some(Box::new(NoKeepAlive(dialect))),
        Mode::DropOnClose => Some(Box::new(DropOnClose(dialect))),
        Mode::GarbageJson => extra(Message::text(dialect.truncated()), dialect),
        Mode::BinaryGarbage => extra(Message::binary(vec![0, 255, 42]), dialect),
        Mode::UnknownType => extra(Message::text(dialect.unknown()), dialect),
        Mode::DupAll => Some(Box::new(DuplicateAll(dialect))),
        Mode::DropNth(left) => Some(Box::new(DropNth { dialect, left })),
        Mode::Reorder { count, time } => Some(Box::new(Reorder::new(dialect, count, time))),
        Mode::AnswerTwice => Some(Box::new(DuplicateAnswers(dialect))),
        Mode::CandidateFirst => Some(Box::new(CandidateBeforeDescription::new(dialect))),
        Mode::Glare(timeout) => Some(Box::new(Glare::new(connection, timeout))),
        Mode::Flood { per_second, time } => {
            Some(Box::new(Flood::new(connection, per_second.into(), time)))
        }
        Mode::Slow(_) | Mode::Restart(_) => None,
    }
}

/// Codes 1006 and 1015 stand for an end without a close frame and can't be sent.
fn close(code: u16) -> Action {
    match code {
        1006 | 1015 => Action::Reset,
        code => Action::Close(code),
    }
}

fn refuse(dialect: Dialect, refusal: Refusal) -> Vec<Action> {
    let (message, code) = dialect.refusal(refusal);
    // The server gives the seat up at once, so that the others do not wait for the resume.
    let bye = dialect
        .bye()
        .map(|bye| Action::ToServer(Message::text(bye)));
    let message = message.map(|message| Action::ToClient(Message::text(message)));
    bye.into_iter()
        .chain(message)
        .chain([Action::Close(code)])
        .collect()
}

fn extra(extra: Message, dialect: Dialect) -> Option<Box<dyn Injector>> {
    Some(Box::new(ExtraMessage { extra, dialect }))
}

/// Whether a message has content, and is neither a handshake nor a keep-alive.
fn has_content(dialect: Dialect, message: &Message) -> bool {
    kind(dialect, message) != MessageKind::Control
}

fn kind(dialect: Dialect, message: &Message) -> MessageKind {
    match message {
        Message::Text(text) => dialect.kind(text),
        _ => MessageKind::Control,
    }
}

fn is_welcome(dialect: Dialect, message: &Message) -> bool {
    matches!(message, Message::Text(text) if dialect.is_welcome(text))
}
