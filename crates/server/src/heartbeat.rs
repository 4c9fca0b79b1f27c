use std::time::Duration;

use tokio::time::Instant;

/// When to ask a peer for a sign of life, and when to give it up.
pub(crate) struct Heartbeat {
    interval: Duration,
    patience: Duration,
    ask_at: Instant,
    dead_at: Instant,
}

/// What is due.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Beat {
    Rest,
    Ask,
    Dead,
}

impl Heartbeat {
    /// Starts with a peer that is alive now.
    pub(crate) fn new(interval: Duration, patience: Duration, now: Instant) -> Self {
        Self {
            interval,
            patience,
            ask_at: now + interval,
            dead_at: now + patience,
        }
    }

    pub(crate) fn next(&self) -> Instant {
        self.ask_at.min(self.dead_at)
    }

    pub(crate) fn alive(&mut self, now: Instant) {
        self.dead_at = now + self.patience;
    }

    pub(crate) fn beat(&mut self, now: Instant) -> Beat {
        if now >= self.dead_at {
            Beat::Dead
        } else if now >= self.ask_at {
            self.ask_at = now + self.interval;
            Beat::Ask
        } else {
            Beat::Rest
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_silent_peer_is_asked_thrice_and_given_up() {
        let start = Instant::now();
        let mut heart = Heartbeat::new(5 * SECOND, 16 * SECOND, start);
        let mut asked = 0;
        let end = loop {
            let now = heart.next();
            match heart.beat(now) {
                Beat::Ask => asked += 1,
                Beat::Dead => break now,
                Beat::Rest => panic!("nothing was due"),
            }
        };
        assert_eq!((asked, end), (3, start + 16 * SECOND));
    }

    #[test]
    fn an_answer_starts_the_wait_anew() {
        let start = Instant::now();
        let mut heart = Heartbeat::new(5 * SECOND, 15 * SECOND, start);
        heart.alive(start + 14 * SECOND);
        assert_eq!(heart.beat(start + 16 * SECOND), Beat::Ask);
        assert_eq!(heart.beat(start + 16 * SECOND), Beat::Rest);
        assert_eq!(heart.beat(start + 29 * SECOND), Beat::Dead);
    }
}
