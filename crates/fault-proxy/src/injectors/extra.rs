use std::time::Duration;

use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::{Action, Connection, Injector, has_content, is_welcome};
use crate::dialect::Dialect;

/// The time between two batches of a flood.
const FLOOD_INTERVAL: Duration = Duration::from_millis(10);

/// Sends an extra message after each one of the server.
pub(super) struct ExtraMessage {
    pub(super) extra: Message,
    pub(super) dialect: Dialect,
}

impl Injector for ExtraMessage {
    fn handle_from_server(&mut self, message: Message, _now: Instant) -> Vec<Action> {
        let followed = has_content(self.dialect, &message) || is_welcome(self.dialect, &message);
        let extra = followed.then(|| Action::ToClient(self.extra.clone()));
        [Action::ToClient(message)]
            .into_iter()
            .chain(extra)
            .collect()
    }
}

/// Sends messages at a fixed rate for some time after the client has joined.
pub(super) struct Flood {
    dialect: Dialect,
    per_second: u64,
    time: Duration,
    progress: Option<FloodProgress>,
}

struct FloodProgress {
    began: Instant,
    next: Instant,
    sent: u64,
}

impl FloodProgress {
    fn from(now: Instant) -> Self {
        Self {
            began: now,
            next: now,
            sent: 0,
        }
    }
}

impl Flood {
    pub(super) fn new(connection: &Connection, per_second: u64, time: Duration) -> Self {
        Self {
            dialect: connection.dialect,
            per_second,
            time,
            progress: connection
                .joined
                .then(|| FloodProgress::from(connection.now)),
        }
    }
}

impl Injector for Flood {
    fn handle_from_server(&mut self, message: Message, now: Instant) -> Vec<Action> {
        if is_welcome(self.dialect, &message) {
            self.progress = Some(FloodProgress::from(now));
        }
        vec![Action::ToClient(message)]
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.progress.as_ref().map(|progress| progress.next)
    }

    fn handle_timeout(&mut self, now: Instant) -> Vec<Action> {
        let Some(progress) = self
            .progress
            .as_mut()
            .filter(|progress| progress.next <= now)
        else {
            return Vec::new();
        };
        let elapsed = (now - progress.began).min(self.time);
        let millis = u64::try_from(elapsed.as_millis()).unwrap_or_default();
        let due = self.per_second * millis / 1000;
        let batch = due - progress.sent;
        (progress.sent, progress.next) = (due, now + FLOOD_INTERVAL);
        if elapsed == self.time {
            self.progress = None;
        }
        let unknown = Message::text(self.dialect.unknown());
        (0..batch)
            .map(|_| Action::ToClient(unknown.clone()))
            .collect()
    }
}
