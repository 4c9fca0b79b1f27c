use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tungstenite::Message;

use super::{Act, Scene, Stage, cargo, matters};
use crate::faults::words::{Cargo, Dialect};

/// How long a message waits for one that is to come before it.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long messages wait for more that they can change places with.
const SHUFFLE: Duration = Duration::from_millis(100);

/// Each message comes twice.
pub(super) struct Twice(pub(super) Dialect);

impl Stage for Twice {
    fn down(&mut self, message: Message, _now: Instant) -> Vec<Act> {
        let times = if matters(self.0, &message) { 2 } else { 1 };
        vec![Act::ToClient(message); times]
    }
}

pub(super) struct DropNth {
    pub(super) dialect: Dialect,
    pub(super) left: usize,
}

impl Stage for DropNth {
    fn down(&mut self, message: Message, _now: Instant) -> Vec<Act> {
        if self.left > 0 && matters(self.dialect, &message) {
            self.left -= 1;
            if self.left == 0 {
                return Vec::new();
            }
        }
        vec![Act::ToClient(message)]
    }
}

/// So many messages come in the opposite order.
pub(super) struct Reorder {
    dialect: Dialect,
    window: usize,
    waiting: Vec<Message>,
    due: Option<Instant>,
}

impl Reorder {
    pub(super) fn new(dialect: Dialect, window: usize) -> Self {
        Self {
            dialect,
            window,
            waiting: Vec::new(),
            due: None,
        }
    }

    fn release(&mut self) -> Vec<Act> {
        self.due = None;
        self.waiting.drain(..).rev().map(Act::ToClient).collect()
    }
}

impl Stage for Reorder {
    fn down(&mut self, message: Message, now: Instant) -> Vec<Act> {
        if !matters(self.dialect, &message) {
            return vec![Act::ToClient(message)];
        }
        self.waiting.push(message);
        self.due.get_or_insert(now + SHUFFLE);
        if self.waiting.len() < self.window {
            return Vec::new();
        }
        self.release()
    }

    fn due(&self) -> Option<Instant> {
        self.due
    }

    fn tick(&mut self, now: Instant) -> Vec<Act> {
        match self.due {
            Some(due) if due <= now => self.release(),
            _ => Vec::new(),
        }
    }
}

/// Works on what clients say, so that the server numbers it.
pub(super) struct AnswerTwice(pub(super) Dialect);

impl Stage for AnswerTwice {
    fn up(&mut self, message: Message, _now: Instant) -> Vec<Act> {
        let twice = cargo(self.0, &message) == Cargo::Answer;
        vec![Act::ToServer(message); if twice { 2 } else { 1 }]
    }
}

/// A description waits until a candidate has overtaken it.
pub(super) struct CandidateFirst {
    dialect: Dialect,
    waiting: Vec<Message>,
    due: Option<Instant>,
}

impl CandidateFirst {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            waiting: Vec::new(),
            due: None,
        }
    }

    fn release(&mut self) -> impl Iterator<Item = Act> {
        self.due = None;
        self.waiting.drain(..).map(Act::ToServer)
    }
}

impl Stage for CandidateFirst {
    fn up(&mut self, message: Message, now: Instant) -> Vec<Act> {
        match cargo(self.dialect, &message) {
            Cargo::Offer | Cargo::Answer => {
                self.waiting.push(message);
                self.due.get_or_insert(now + PATIENCE);
                Vec::new()
            }
            Cargo::Candidate => [Act::ToServer(message)]
                .into_iter()
                .chain(self.release())
                .collect(),
            Cargo::Frame | Cargo::Other => vec![Act::ToServer(message)],
        }
    }

    fn due(&self) -> Option<Instant> {
        self.due
    }

    fn tick(&mut self, now: Instant) -> Vec<Act> {
        match self.due {
            Some(due) if due <= now => self.release().collect(),
            _ => Vec::new(),
        }
    }
}

/// The first offer, and what comes after it, waits until someone else in the room offers too.
pub(super) struct Glare {
    dialect: Dialect,
    offers: watch::Sender<usize>,
    patience: Duration,
    waiting: Option<(Instant, Vec<Message>)>,
    over: bool,
}

impl Glare {
    pub(super) fn new(scene: &Scene, patience: Duration) -> Self {
        Self {
            dialect: scene.dialect,
            offers: scene.offers.clone(),
            patience,
            waiting: None,
            over: false,
        }
    }
}

impl Stage for Glare {
    fn up(&mut self, message: Message, now: Instant) -> Vec<Act> {
        if let Some((_, waiting)) = &mut self.waiting {
            waiting.push(message);
            return Vec::new();
        }
        if self.over || cargo(self.dialect, &message) != Cargo::Offer {
            return vec![Act::ToServer(message)];
        }
        self.waiting = Some((now + self.patience, vec![message]));
        self.offers.send_modify(|offers| *offers += 1);
        self.tick(now)
    }

    fn due(&self) -> Option<Instant> {
        self.waiting.as_ref().map(|(due, _)| *due)
    }

    fn tick(&mut self, now: Instant) -> Vec<Act> {
        let crossed = *self.offers.borrow() > 1;
        let ready = |(due, _): &mut (Instant, _)| crossed || *due <= now;
        let Some((_, waiting)) = self.waiting.take_if(ready) else {
            return Vec::new();
        };
        self.over = true;
        waiting.into_iter().map(Act::ToServer).collect()
    }
}
