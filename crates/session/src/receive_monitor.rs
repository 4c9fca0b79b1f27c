use std::time::Duration;

use crate::time::Timestamp;

/// How often a link is measured, and how often when there is doubt.
const EVERY: Duration = Duration::from_secs(1);
const OFTEN: Duration = Duration::from_millis(200);
/// How long nothing may come in before it counts as silence, and when there is doubt. Browsers say
/// `disconnected` after 5 to 8 s only, and a short gap heals by itself; who sends silence says so every
/// 0.4 s.
const SILENCE: Duration = Duration::from_secs(2);
const SUSPECT_SILENCE: Duration = Duration::from_millis(600);
/// How long a doubt lasts.
const SUSPICION: Duration = Duration::from_secs(3);
/// After how many measurements in a row with something new a silence means something: a link by
/// which nobody sends is silent by right.
const ESTABLISHED: u8 = 3;

/// What comes in by a link, as the browser counts it.
#[derive(Debug)]
pub(crate) struct ReceiveMonitor {
    received: u64,
    /// When something new was last seen.
    moved: Timestamp,
    samples: u8,
    pub(crate) silent: bool,
    suspect_until: Timestamp,
}

impl ReceiveMonitor {
    pub(crate) fn new() -> Self {
        Self {
            received: 0,
            moved: Timestamp::default(),
            samples: 0,
            silent: false,
            suspect_until: Timestamp::default(),
        }
    }

    /// There is reason to look closely, for a while.
    pub(crate) fn suspect(&mut self, now: Timestamp) {
        self.suspect_until = now + SUSPICION;
    }

    /// When to measure again: often until it is known what to expect, and when that is missed.
    pub(crate) fn pause(&self, now: Timestamp) -> Duration {
        if self.samples < ESTABLISHED || self.is_suspect(now) || self.is_missed(now, EVERY) {
            OFTEN
        } else {
            EVERY
        }
    }

    /// Takes a measurement: any number that changes as long as something comes in.
    pub(crate) fn measured(&mut self, now: Timestamp, received: u64) {
        if received != self.received {
            self.received = received;
            self.moved = now;
            self.silent = false;
            self.samples = self.samples.saturating_add(1);
            return;
        }
        let limit = if self.is_suspect(now) {
            SUSPECT_SILENCE
        } else {
            SILENCE
        };
        self.silent |= self.is_missed(now, limit);
        // What comes now and then only is not missed.
        if self.samples < ESTABLISHED {
            self.samples = 0;
        }
    }

    /// Whether something comes in all the time.
    pub(crate) fn is_established(&self) -> bool {
        self.samples >= ESTABLISHED && !self.silent
    }

    /// Whether something should have come in by now.
    pub(crate) fn is_overdue(&self, now: Timestamp) -> bool {
        self.is_missed(now, if self.is_suspect(now) { OFTEN } else { EVERY })
    }

    fn is_missed(&self, now: Timestamp, limit: Duration) -> bool {
        self.samples >= ESTABLISHED && now.since(self.moved) >= limit
    }

    fn is_suspect(&self, now: Timestamp) -> bool {
        now < self.suspect_until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    /// A link by which something came at each of the first seconds.
    fn flowing() -> ReceiveMonitor {
        let mut monitor = ReceiveMonitor::new();
        (1..=4).for_each(|second| monitor.measured(at(second * 1_000), second));
        monitor
    }

    #[test]
    fn two_seconds_without_anything_new_are_silence() {
        let mut monitor = flowing();
        monitor.measured(at(5_000), 4);
        assert!(!monitor.silent);
        assert_eq!(
            monitor.pause(at(5_000)),
            OFTEN,
            "one is enough to look closely"
        );
        monitor.measured(at(5_999), 4);
        assert!(!monitor.silent);
        monitor.measured(at(6_000), 4);
        assert!(monitor.silent);
        monitor.measured(at(6_250), 5);
        assert!(!monitor.silent);
        assert_eq!(monitor.pause(at(6_250)), EVERY);
    }

    #[test]
    fn in_doubt_less_is_enough() {
        let mut monitor = flowing();
        monitor.suspect(at(4_100));
        assert_eq!(monitor.pause(at(4_100)), OFTEN);
        monitor.measured(at(4_500), 4);
        assert!(!monitor.silent);
        monitor.measured(at(4_750), 4);
        assert!(monitor.silent);
    }

    #[test]
    fn what_came_now_and_then_only_is_not_missed() {
        let mut monitor = ReceiveMonitor::new();
        for second in 1..60 {
            monitor.measured(at(second * 1_000), second / 4);
            assert!(!monitor.silent);
        }
    }

    /// The browser forgets the counts of ways that it has given up.
    #[test]
    fn a_count_that_falls_is_news_as_well() {
        let mut monitor = flowing();
        monitor.measured(at(8_000), 1);
        assert!(!monitor.silent);
    }
}
