use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::{Action, Connection, Injector, has_content, kind};
use crate::dialect::{Dialect, MessageKind};

/// How long a description is held back for a candidate.
const CANDIDATE_TIMEOUT: Duration = Duration::from_secs(1);

/// Sends each message of the server twice.
pub(super) struct DuplicateAll(pub(super) Dialect);

impl Injector for DuplicateAll {
    fn handle_from_server(&mut self, message: Message, _now: Instant) -> Vec<Action> {
        let times = if has_content(self.0, &message) { 2 } else { 1 };
        vec![Action::ToClient(message); times]
    }
}

/// Drops one message of the server.
pub(super) struct DropNth {
    pub(super) dialect: Dialect,
    /// How many messages until the dropped one; 0 if that is over.
    pub(super) left: usize,
}

impl Injector for DropNth {
    fn handle_from_server(&mut self, message: Message, _now: Instant) -> Vec<Action> {
        if self.left > 0 && has_content(self.dialect, &message) {
            self.left -= 1;
            if self.left == 0 {
                return Vec::new();
            }
        }
        vec![Action::ToClient(message)]
    }
}

/// Reverses the order of `count` messages of the server, or of those that come within `time`.
pub(super) struct Reorder {
    dialect: Dialect,
    count: usize,
    time: Duration,
    waiting: Vec<Message>,
    due: Option<Instant>,
}

impl Reorder {
    pub(super) fn new(dialect: Dialect, count: usize, time: Duration) -> Self {
        Self {
            dialect,
            count,
            time,
            waiting: Vec::new(),
            due: None,
        }
    }

    fn release(&mut self) -> Vec<Action> {
        self.due = None;
        self.waiting.drain(..).rev().map(Action::ToClient).collect()
    }
}

impl Injector for Reorder {
    fn handle_from_server(&mut self, message: Message, now: Instant) -> Vec<Action> {
        if !has_content(self.dialect, &message) {
            return vec![Action::ToClient(message)];
        }
        self.waiting.push(message);
        self.due.get_or_insert(now + self.time);
        if self.waiting.len() < self.count {
            return Vec::new();
        }
        self.release()
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.due
    }

    fn handle_timeout(&mut self, now: Instant) -> Vec<Action> {
        match self.due {
            Some(due) if due <= now => self.release(),
            _ => Vec::new(),
        }
    }
}

/// Sends each answer twice to the server, which numbers both.
pub(super) struct DuplicateAnswers(pub(super) Dialect);

impl Injector for DuplicateAnswers {
    fn handle_from_client(&mut self, message: Message, _now: Instant) -> Vec<Action> {
        let twice = kind(self.0, &message) == MessageKind::Answer;
        vec![Action::ToServer(message); if twice { 2 } else { 1 }]
    }
}

/// Holds a description back until a candidate has passed it.
pub(super) struct CandidateBeforeDescription {
    dialect: Dialect,
    waiting: Vec<Message>,
    due: Option<Instant>,
}

impl CandidateBeforeDescription {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            waiting: Vec::new(),
            due: None,
        }
    }

    fn release(&mut self) -> impl Iterator<Item = Action> {
        self.due = None;
        self.waiting.drain(..).map(Action::ToServer)
    }
}

impl Injector for CandidateBeforeDescription {
    fn handle_from_client(&mut self, message: Message, now: Instant) -> Vec<Action> {
        match kind(self.dialect, &message) {
            MessageKind::Offer | MessageKind::Answer => {
                self.waiting.push(message);
                self.due.get_or_insert(now + CANDIDATE_TIMEOUT);
                Vec::new()
            }
            MessageKind::Candidate => [Action::ToServer(message)]
                .into_iter()
                .chain(self.release())
                .collect(),
            MessageKind::Control | MessageKind::Other => vec![Action::ToServer(message)],
        }
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.due
    }

    fn handle_timeout(&mut self, now: Instant) -> Vec<Action> {
        match self.due {
            Some(due) if due <= now => self.release().collect(),
            _ => Vec::new(),
        }
    }
}

/// Holds back the first offer and everything after it until another client of the room offers too,
/// so that the offers cross.
pub(super) struct Glare {
    dialect: Dialect,
    offers: watch::Sender<usize>,
    timeout: Duration,
    waiting: Option<(Instant, Vec<Message>)>,
    done: bool,
}

impl Glare {
    pub(super) fn new(connection: &Connection, timeout: Duration) -> Self {
        Self {
            dialect: connection.dialect,
            offers: connection.offers.clone(),
            timeout,
            waiting: None,
            done: false,
        }
    }
}

impl Injector for Glare {
    fn handle_from_client(&mut self, message: Message, now: Instant) -> Vec<Action> {
        if let Some((_, waiting)) = &mut self.waiting {
            waiting.push(message);
            return Vec::new();
        }
        if self.done || kind(self.dialect, &message) != MessageKind::Offer {
            return vec![Action::ToServer(message)];
        }
        self.waiting = Some((now + self.timeout, vec![message]));
        self.offers.send_modify(|offers| *offers += 1);
        self.handle_timeout(now)
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.waiting.as_ref().map(|(due, _)| *due)
    }

    fn handle_timeout(&mut self, now: Instant) -> Vec<Action> {
        let crossed = *self.offers.borrow() > 1;
        let ready = |(due, _): &mut (Instant, _)| crossed || *due <= now;
        let Some((_, waiting)) = self.waiting.take_if(ready) else {
            return Vec::new();
        };
        self.done = true;
        waiting.into_iter().map(Action::ToServer).collect()
    }
}
