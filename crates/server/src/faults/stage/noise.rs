use std::time::Duration;

use tokio::time::Instant;
use tungstenite::Message;

use super::{Act, Scene, Stage, lets_in, matters};
use crate::faults::words::Dialect;

/// How often a flood rises.
const WAVE: Duration = Duration::from_millis(10);

/// Each message is followed by another that is none.
pub(super) struct Beside {
    pub(super) extra: Message,
    pub(super) dialect: Dialect,
}

impl Stage for Beside {
    fn down(&mut self, message: Message, _now: Instant) -> Vec<Act> {
        let followed = matters(self.dialect, &message) || lets_in(self.dialect, &message);
        let extra = followed.then(|| Act::ToClient(self.extra.clone()));
        [Act::ToClient(message)].into_iter().chain(extra).collect()
    }
}

/// More messages than anybody wants.
pub(super) struct Flood {
    dialect: Dialect,
    per_second: u64,
    time: Duration,
    rise: Option<Rise>,
}

struct Rise {
    began: Instant,
    next: Instant,
    sent: u64,
}

impl Rise {
    fn at(now: Instant) -> Self {
        Self {
            began: now,
            next: now,
            sent: 0,
        }
    }
}

impl Flood {
    pub(super) fn new(scene: &Scene, per_second: u64, time: Duration) -> Self {
        Self {
            dialect: scene.dialect,
            per_second,
            time,
            rise: scene.connected.then(|| Rise::at(scene.now)),
        }
    }
}

impl Stage for Flood {
    fn down(&mut self, message: Message, now: Instant) -> Vec<Act> {
        if lets_in(self.dialect, &message) {
            self.rise = Some(Rise::at(now));
        }
        vec![Act::ToClient(message)]
    }

    fn due(&self) -> Option<Instant> {
        self.rise.as_ref().map(|rise| rise.next)
    }

    fn tick(&mut self, now: Instant) -> Vec<Act> {
        let Some(rise) = self.rise.as_mut().filter(|rise| rise.next <= now) else {
            return Vec::new();
        };
        let elapsed = (now - rise.began).min(self.time);
        let millis = u64::try_from(elapsed.as_millis()).unwrap_or_default();
        let due = self.per_second * millis / 1000;
        let wave = due - rise.sent;
        (rise.sent, rise.next) = (due, now + WAVE);
        if elapsed == self.time {
            self.rise = None;
        }
        let unknown = Message::text(self.dialect.unknown());
        (0..wave).map(|_| Act::ToClient(unknown.clone())).collect()
    }
}
