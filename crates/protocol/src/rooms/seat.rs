use crate::{Resume, Welcome};

/// How many unacknowledged messages are kept, and their total size.
const MAX_UNACKNOWLEDGED: usize = 64;
const MAX_UNACKNOWLEDGED_BYTES: usize = 256 * 1024;

/// What a client remembers of its seat, to resume it without losing messages in either direction.
#[derive(Clone, Debug, Default)]
pub(super) struct Seat {
    token: Option<String>,
    epoch: Option<String>,
    /// The number of the last event up to which none is missing; `None` while events are not
    /// numbered.
    seq: Option<u64>,
    /// The event number after which the server has replayed everything. It won't do so twice.
    replayed_after: Option<u64>,
    /// Whether messages are lost in a way that only the whole roster can repair.
    needs_roster: bool,
    /// The messages that the server may not have processed yet.
    unacknowledged: Vec<String>,
    /// How many messages came before those.
    acknowledged: u64,
    /// Whether a new socket is open and the seat is not confirmed on it. Until then messages are
    /// only stored.
    resuming: bool,
}

/// How an event's number follows the ones before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum EventOrder {
    Next,
    Duplicate,
    /// Events are missing before this one.
    Gap,
}

impl Seat {
    pub(super) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Starts from a token alone, as after a reload.
    pub(super) fn restore(&mut self, token: String) {
        *self = Self {
            token: Some(token),
            ..Self::default()
        };
    }

    /// A new socket has opened, on which the seat is to be resumed.
    pub(super) fn on_reconnect(&mut self) {
        self.resuming = self.token.is_some();
    }

    /// The request to resume this seat.
    pub(super) fn resume(&self) -> Option<Resume> {
        Some(Resume {
            token: self.token.clone()?,
            epoch: self.epoch.clone(),
            seq: self.seq.filter(|_| !self.needs_roster),
        })
    }

    /// Stores a message until the server acknowledges it. Returns whether it can be sent now.
    pub(super) fn store(&mut self, message: &str) -> bool {
        if self.token.is_some() {
            self.unacknowledged.push(message.to_owned());
            self.enforce_limits();
        }
        !self.resuming
    }

    fn enforce_limits(&mut self) {
        let bytes: usize = self.unacknowledged.iter().map(String::len).sum();
        if self.unacknowledged.len() > MAX_UNACKNOWLEDGED || bytes > MAX_UNACKNOWLEDGED_BYTES {
            self.unacknowledged.clear();
            self.needs_roster = true;
        }
    }

    /// The server has processed this many of the seat's messages.
    pub(super) fn acknowledge(&mut self, processed: u64) {
        while self.acknowledged < processed && !self.unacknowledged.is_empty() {
            self.unacknowledged.remove(0);
            self.acknowledged += 1;
        }
    }

    /// Takes over the seat of a welcome. Returns the messages to send again if the old seat was
    /// resumed.
    pub(super) fn on_welcome(&mut self, welcome: &Welcome) -> Vec<String> {
        self.resuming = false;
        self.token = welcome.resume.clone();
        self.epoch = welcome.epoch.clone();
        self.seq = welcome.seq;
        self.needs_roster = false;
        self.replayed_after = welcome.seq.filter(|_| welcome.resumed);
        if welcome.resumed {
            self.acknowledge(welcome.heard.unwrap_or_default());
        } else {
            self.unacknowledged.clear();
            self.acknowledged = 0;
        }
        self.unacknowledged.clone()
    }

    /// Whether an event is missing, given the number of the last one that the server has sent.
    pub(super) fn is_missing(&mut self, last: u64) -> bool {
        let missing = self.seq.is_some_and(|seq| seq < last);
        if missing {
            self.on_gap();
        }
        missing
    }

    /// An event with this number has arrived.
    pub(super) fn on_event(&mut self, number: u64) -> EventOrder {
        let Some(last) = self.seq else {
            return EventOrder::Next;
        };
        if number <= last {
            return EventOrder::Duplicate;
        }
        if number == last + 1 {
            self.seq = Some(number);
            return EventOrder::Next;
        }
        self.on_gap();
        EventOrder::Gap
    }

    /// The server replays missing events when the client reconnects. If they are still missing after
    /// a replay, the client asks for the roster instead.
    fn on_gap(&mut self) {
        self.needs_roster |= self.replayed_after == self.seq;
    }
}
