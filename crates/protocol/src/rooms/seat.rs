use crate::{Resume, Welcome};

/// How many messages are kept for a server that may not have taken them, and how long they may be
/// together.
const MAX_KEPT: usize = 64;
const MAX_KEPT_BYTES: usize = 256 * 1024;

/// What a client remembers of its seat, to take it again with nothing lost in either direction.
#[derive(Clone, Debug, Default)]
pub(super) struct Seat {
    token: Option<String>,
    epoch: Option<String>,
    /// The number of the last event before which none is missing; `None` as long as events are not
    /// numbered.
    seq: Option<u64>,
    /// The number after which the server has said everything again: it won't do so once more.
    repeated: Option<u64>,
    /// Whether something is missing, here or there, that only the whole roster can mend.
    astray: bool,
    /// The messages that the server may not have taken yet.
    kept: Vec<String>,
    /// How many messages came before those.
    taken: u64,
    /// Whether the seat is not ours yet on a new socket: until it is, what is said is only kept.
    returning: bool,
}

/// How an event's number follows those before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Turn {
    Next,
    Again,
    /// Events are missing before this one.
    Gap,
}

impl Seat {
    pub(super) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Remembers no more than the token, as after a reload.
    pub(super) fn inherit(&mut self, token: String) {
        *self = Self {
            token: Some(token),
            ..Self::default()
        };
    }

    /// A new socket is to lead to the same seat.
    pub(super) fn reopen(&mut self) {
        self.returning = self.token.is_some();
    }

    /// What to say to have it.
    pub(super) fn claim(&self) -> Option<Resume> {
        Some(Resume {
            token: self.token.clone()?,
            epoch: self.epoch.clone(),
            seq: self.seq.filter(|_| !self.astray),
        })
    }

    /// Keeps a message, and returns whether it can be sent now.
    pub(super) fn say(&mut self, message: &str) -> bool {
        if self.token.is_some() {
            self.keep(message);
        }
        !self.returning
    }

    fn keep(&mut self, message: &str) {
        self.kept.push(message.to_owned());
        let bytes: usize = self.kept.iter().map(String::len).sum();
        if self.kept.len() > MAX_KEPT || bytes > MAX_KEPT_BYTES {
            self.kept.clear();
            self.astray = true;
        }
    }

    /// The server has taken so many of this seat's messages.
    pub(super) fn heard(&mut self, heard: u64) {
        while self.taken < heard && !self.kept.is_empty() {
            self.kept.remove(0);
            self.taken += 1;
        }
    }

    /// Takes a seat, and returns what the server has missed if it is the old one.
    pub(super) fn take(&mut self, welcome: &Welcome) -> Vec<String> {
        self.returning = false;
        self.token.clone_from(&welcome.resume);
        self.epoch.clone_from(&welcome.epoch);
        self.seq = welcome.seq;
        self.astray = false;
        self.repeated = welcome.seq.filter(|_| welcome.resumed);
        if welcome.resumed {
            self.heard(welcome.heard.unwrap_or_default());
        } else {
            self.kept.clear();
            self.taken = 0;
        }
        self.kept.clone()
    }

    /// Whether the event of this number has not come, though it was sent before this was said.
    pub(super) fn misses(&mut self, last: u64) -> bool {
        let missing = self.seq.is_some_and(|seq| seq < last);
        if missing {
            self.ask_again();
        }
        missing
    }

    /// An event of this number has come.
    pub(super) fn turn(&mut self, number: u64) -> Turn {
        let Some(last) = self.seq else {
            return Turn::Next;
        };
        if number <= last {
            return Turn::Again;
        }
        if number == last + 1 {
            self.seq = Some(number);
            return Turn::Next;
        }
        self.ask_again();
        Turn::Gap
    }

    /// What is missing is said again to who comes back; where that did not mend it, the whole roster
    /// will.
    fn ask_again(&mut self) {
        self.astray |= self.repeated == self.seq;
    }
}
