use crate::time::{Pause, Timestamp};

/// How often a link is measured, and how often when there is doubt.
const EVERY: Pause = Pause::from_secs(1);
const OFTEN: Pause = Pause::from_millis(200);
/// How long nothing may come in before it counts as silence, and when there is doubt. Browsers say
/// `disconnected` after 5 to 8 s only, and a short gap heals by itself; who sends silence says so every
/// 0.4 s.
const SILENCE: Pause = Pause::from_secs(2);
const DOUBTFUL_SILENCE: Pause = Pause::from_millis(600);
/// How long a doubt lasts.
const DOUBT: Pause = Pause::from_secs(3);
/// After how many measurements in a row with something new a silence means something: a link by
/// which nobody sends is silent by right.
const STEADY: u8 = 3;

/// What comes in by a link, as the browser counts it.
#[derive(Debug)]
pub(crate) struct Flow {
    received: u64,
    /// When something new was last seen.
    moved: Timestamp,
    steady: u8,
    pub(crate) silent: bool,
    doubt_until: Timestamp,
}

impl Flow {
    pub(crate) fn new() -> Self {
        Self {
            received: 0,
            moved: Timestamp::default(),
            steady: 0,
            silent: false,
            doubt_until: Timestamp::default(),
        }
    }

    /// There is reason to look closely, for a while.
    pub(crate) fn doubt(&mut self, now: Timestamp) {
        self.doubt_until = now + DOUBT;
    }

    /// When to measure again: often until it is known what to expect, and when that is missed.
    pub(crate) fn pause(&self, now: Timestamp) -> Pause {
        if self.steady < STEADY || self.doubts(now) || self.is_missed(now, EVERY) {
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
            self.steady = self.steady.saturating_add(1);
            return;
        }
        let limit = if self.doubts(now) {
            DOUBTFUL_SILENCE
        } else {
            SILENCE
        };
        self.silent |= self.is_missed(now, limit);
        // What comes now and then only is not missed.
        if self.steady < STEADY {
            self.steady = 0;
        }
    }

    /// Whether something comes in all the time.
    pub(crate) fn is_steady(&self) -> bool {
        self.steady >= STEADY && !self.silent
    }

    /// Whether something should have come in by now.
    pub(crate) fn is_doubtful(&self, now: Timestamp) -> bool {
        self.is_missed(now, if self.doubts(now) { OFTEN } else { EVERY })
    }

    fn is_missed(&self, now: Timestamp, limit: Pause) -> bool {
        self.steady >= STEADY && now.since(self.moved) >= limit
    }

    fn doubts(&self, now: Timestamp) -> bool {
        now < self.doubt_until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    /// A link by which something came at each of the first seconds.
    fn flowing() -> Flow {
        let mut flow = Flow::new();
        (1..=4).for_each(|second| flow.measured(at(second * 1_000), second));
        flow
    }

    #[test]
    fn two_seconds_without_anything_new_are_silence() {
        let mut flow = flowing();
        flow.measured(at(5_000), 4);
        assert!(!flow.silent);
        assert_eq!(
            flow.pause(at(5_000)),
            OFTEN,
            "one is enough to look closely"
        );
        flow.measured(at(5_999), 4);
        assert!(!flow.silent);
        flow.measured(at(6_000), 4);
        assert!(flow.silent);
        flow.measured(at(6_250), 5);
        assert!(!flow.silent);
        assert_eq!(flow.pause(at(6_250)), EVERY);
    }

    #[test]
    fn in_doubt_less_is_enough() {
        let mut flow = flowing();
        flow.doubt(at(4_100));
        assert_eq!(flow.pause(at(4_100)), OFTEN);
        flow.measured(at(4_500), 4);
        assert!(!flow.silent);
        flow.measured(at(4_750), 4);
        assert!(flow.silent);
    }

    #[test]
    fn what_came_now_and_then_only_is_not_missed() {
        let mut flow = Flow::new();
        for second in 1..60 {
            flow.measured(at(second * 1_000), second / 4);
            assert!(!flow.silent);
        }
    }

    /// The browser forgets the counts of ways that it has given up.
    #[test]
    fn a_count_that_falls_is_news_as_well() {
        let mut flow = flowing();
        flow.measured(at(8_000), 1);
        assert!(!flow.silent);
    }
}
