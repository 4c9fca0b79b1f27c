use std::time::Duration;

use crate::time::Timestamp;

/// How often a link is measured, and how often while it is suspect.
const INTERVAL: Duration = Duration::from_secs(1);
const SUSPECT_INTERVAL: Duration = Duration::from_millis(200);
/// How long nothing may arrive before a link counts as silent, and while it is suspect. Browsers
/// report `disconnected` after 5 to 8 s only, and short gaps end by themselves. A muted microphone
/// sends a packet every 0.4 s.
const SILENCE: Duration = Duration::from_secs(2);
const SUSPECT_SILENCE: Duration = Duration::from_millis(600);
/// How long a link stays suspect.
const SUSPICION: Duration = Duration::from_secs(3);
/// After how many measurements in a row with something new a silence means a loss: a link by which
/// nothing is sent is rightly silent.
const ESTABLISHED: u8 = 3;

/// Watches what a link receives, as the browser counts it.
#[derive(Debug)]
pub(crate) struct ReceiveMonitor {
    received: u64,
    /// When the count was last found changed.
    changed: Timestamp,
    /// How many measurements in a row found the count changed, until it is established.
    samples: u8,
    expectation: Expectation,
    is_silent: bool,
    suspect_until: Timestamp,
}

/// Whether media should arrive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Expectation {
    /// It should, once it has for a while.
    Media,
    /// The participant has nothing to send.
    Nothing,
}

impl ReceiveMonitor {
    pub(crate) fn new() -> Self {
        Self {
            received: 0,
            changed: Timestamp::default(),
            samples: 0,
            expectation: Expectation::Media,
            is_silent: false,
            suspect_until: Timestamp::default(),
        }
    }

    /// Sets whether media should arrive. If not, nothing is missing; if it should again, it has to
    /// arrive for a while before it can be missing.
    pub(crate) fn expect(&mut self, now: Timestamp, media: bool) {
        let expectation = match media {
            true => Expectation::Media,
            false => Expectation::Nothing,
        };
        if expectation != self.expectation {
            self.expectation = expectation;
            self.samples = 0;
            self.changed = now;
            self.is_silent = false;
        }
    }

    /// There is reason to measure more often, for a while.
    pub(crate) fn suspect(&mut self, now: Timestamp) {
        self.suspect_until = now + SUSPICION;
    }

    /// How long until the next measurement: short until it is known what to expect, and when that is
    /// missing.
    pub(crate) fn interval(&self, now: Timestamp) -> Duration {
        let is_unsettled = self.samples < ESTABLISHED || self.is_missing(now, INTERVAL);
        if self.expectation == Expectation::Nothing {
            INTERVAL
        } else if is_unsettled || self.is_suspect(now) {
            SUSPECT_INTERVAL
        } else {
            INTERVAL
        }
    }

    /// Takes a measurement: any number that changes as long as something arrives.
    pub(crate) fn measured(&mut self, now: Timestamp, received: u64) {
        if received != self.received {
            self.received = received;
            self.changed = now;
            self.is_silent = false;
            if self.expectation == Expectation::Media {
                self.samples = self.samples.saturating_add(1);
            }
            return;
        }
        let limit = if self.is_suspect(now) {
            SUSPECT_SILENCE
        } else {
            SILENCE
        };
        self.is_silent |= self.is_missing(now, limit);
        // What arrives only now and then is not missing in between.
        if self.samples < ESTABLISHED {
            self.samples = 0;
        }
    }

    /// Whether nothing arrives though it should.
    pub(crate) fn is_silent(&self) -> bool {
        self.is_silent
    }

    /// Whether something arrives all the time.
    pub(crate) fn is_established(&self) -> bool {
        self.samples >= ESTABLISHED && !self.is_silent
    }

    /// Whether something should have arrived by now.
    pub(crate) fn is_overdue(&self, now: Timestamp) -> bool {
        let limit = if self.is_suspect(now) {
            SUSPECT_INTERVAL
        } else {
            INTERVAL
        };
        self.is_missing(now, limit)
    }

    fn is_missing(&self, now: Timestamp, limit: Duration) -> bool {
        self.samples >= ESTABLISHED && now.since(self.changed) >= limit
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

    /// A monitor that saw something arrive in each of the first four seconds.
    fn established() -> ReceiveMonitor {
        let mut monitor = ReceiveMonitor::new();
        (1..=4).for_each(|second| monitor.measured(at(second * 1_000), second));
        monitor
    }

    #[test]
    fn two_seconds_without_change_are_silence() {
        let mut monitor = established();
        monitor.measured(at(5_000), 4);
        assert!(!monitor.is_silent());
        assert_eq!(
            monitor.interval(at(5_000)),
            SUSPECT_INTERVAL,
            "one second is enough to measure more often"
        );
        monitor.measured(at(5_999), 4);
        assert!(!monitor.is_silent());
        monitor.measured(at(6_000), 4);
        assert!(monitor.is_silent());
        monitor.measured(at(6_250), 5);
        assert!(!monitor.is_silent());
        assert_eq!(monitor.interval(at(6_250)), INTERVAL);
    }

    #[test]
    fn suspect_link_is_silent_earlier() {
        let mut monitor = established();
        monitor.suspect(at(4_100));
        assert_eq!(monitor.interval(at(4_100)), SUSPECT_INTERVAL);
        monitor.measured(at(4_500), 4);
        assert!(!monitor.is_silent());
        monitor.measured(at(4_750), 4);
        assert!(monitor.is_silent());
    }

    #[test]
    fn link_that_receives_only_now_and_then_is_never_silent() {
        let mut monitor = ReceiveMonitor::new();
        for second in 1..60 {
            monitor.measured(at(second * 1_000), second / 4);
            assert!(!monitor.is_silent());
        }
    }

    /// The browser forgets the counts of paths that it has given up.
    #[test]
    fn falling_count_means_that_something_arrives() {
        let mut monitor = established();
        monitor.measured(at(8_000), 1);
        assert!(!monitor.is_silent());
    }
}
