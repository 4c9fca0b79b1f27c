use std::time::Duration;

use crate::time::Timestamp;

/// The longest delay before each attempt to reconnect, in milliseconds; the last one stands for all
/// that follow. Since all clients of a server lose it at the same moment, each waits for a random
/// part of the delay ("full jitter"). All of them should be back 3 s after the server is.
const MAX_DELAYS: [u32; 4] = [0, 300, 1_200, 2_700];
/// How long an attempt may take. TCP repeats lost packets after ever longer delays, so after an outage
/// a new attempt succeeds sooner than one that was begun before.
const ATTEMPT: Duration = Duration::from_secs(3);
/// On a slow network, a short attempt would never succeed.
const LONG_ATTEMPT: Duration = Duration::from_secs(12);
/// One attempt of this many is a long one.
const LONG_EVERY: u32 = 4;
/// After this long, an attempt has no influence on the delays of later ones.
const SETTLED: Duration = Duration::from_secs(10);
/// An attempt younger than this is not given up in favour of another.
const YOUNG: Duration = Duration::from_secs(1);

/// The attempts to reconnect to the server: a policy without effects.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reconnect {
    phase: Phase,
    /// Whether the last attempt ended because the room was full.
    room_full: bool,
    attempts: u32,
    last_attempt: Timestamp,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    /// The next attempt has not begun.
    Waiting,
    /// The socket is being opened.
    Opening,
    /// The server has to admit us.
    Joining,
}

impl Reconnect {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            phase: Phase::Waiting,
            room_full: false,
            attempts: 0,
            last_attempt: now,
        }
    }

    /// Ends an attempt, and returns the delay until the next one. The time that the last attempt took
    /// is part of the delay.
    pub(crate) fn wait(&mut self, now: Timestamp, room_full: bool, rng: u32) -> Duration {
        self.phase = Phase::Waiting;
        self.room_full = room_full;
        let last = MAX_DELAYS.len() - 1;
        let longest = MAX_DELAYS[last.min(usize::try_from(self.attempts).unwrap_or(last))];
        let delay = Duration::from_millis((rng % (longest + 1)).into());
        delay.saturating_sub(now.since(self.last_attempt))
    }

    /// Begins an attempt, and returns how long it may take.
    pub(crate) fn begin(&mut self, now: Timestamp) -> Duration {
        self.phase = Phase::Opening;
        self.attempts += 1;
        self.last_attempt = now;
        match self.attempts % LONG_EVERY {
            0 => LONG_ATTEMPT,
            _ => ATTEMPT,
        }
    }

    /// The socket is open, and the server has to admit us.
    pub(crate) fn joining(&mut self) {
        self.phase = Phase::Joining;
    }

    pub(crate) fn is_opening(self) -> bool {
        self.phase == Phase::Opening
    }

    pub(crate) fn is_joining(self) -> bool {
        self.phase == Phase::Joining
    }

    /// Whether the last attempt ended because the room was full.
    pub(crate) fn found_room_full(self) -> bool {
        self.room_full
    }

    /// Whether the last attempt was so long ago that a new loss starts over with short delays. A
    /// server that admits clients and drops them at once keeps the long ones.
    pub(crate) fn is_settled(&self, now: Timestamp) -> bool {
        now.since(self.last_attempt) >= SETTLED
    }

    /// Whether to begin another attempt now that the network may have changed.
    pub(crate) fn prefers_new_attempt(&self, now: Timestamp) -> bool {
        match self.phase {
            Phase::Waiting => true,
            Phase::Opening => now.since(self.last_attempt) >= YOUNG,
            Phase::Joining => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(rng: u32) -> Vec<u64> {
        let mut reconnect = Reconnect::new(Timestamp::default());
        let delays = (0..7).map(|_| {
            let delay = reconnect.wait(Timestamp::default(), false, rng);
            reconnect.begin(Timestamp::default());
            u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)
        });
        delays.collect()
    }

    #[test]
    fn first_attempt_is_immediate_and_later_ones_wait_a_random_part_of_growing_delays() {
        assert_eq!(delays(0), [0; 7]);
        let some = 5_000_000;
        for (delay, longest) in delays(some).into_iter().zip([0, 300, 1_200, 2_700]) {
            assert_eq!(delay, u64::from(some) % (longest + 1));
        }
        for rng in 0..10_000 {
            assert!(delays(rng * 977).into_iter().all(|delay| delay <= 2_700));
        }
    }

    #[test]
    fn time_that_an_attempt_took_is_part_of_the_delay() {
        let mut reconnect = Reconnect::new(Timestamp::default());
        for _ in 0..9 {
            reconnect.begin(Timestamp::default());
        }
        let after = |millis| Timestamp::from_millis(millis);
        let mut wait = |millis| reconnect.wait(after(millis), false, 2_700).as_millis();
        assert_eq!([wait(0), wait(700), wait(9_000)], [2_700, 2_000, 0]);
    }

    #[test]
    fn every_fourth_attempt_is_a_long_one() {
        let mut reconnect = Reconnect::new(Timestamp::default());
        let lengths = (0..8).map(|_| reconnect.begin(Timestamp::default()) == LONG_ATTEMPT);
        let long = lengths.collect::<Vec<_>>();
        assert_eq!(long, [false, false, false, true, false, false, false, true]);
    }

    #[test]
    fn network_change_ends_a_wait_and_an_old_attempt() {
        let mut reconnect = Reconnect::new(Timestamp::default());
        assert!(reconnect.prefers_new_attempt(Timestamp::default()));
        reconnect.begin(Timestamp::from_millis(5_000));
        assert!(!reconnect.prefers_new_attempt(Timestamp::from_millis(5_900)));
        assert!(reconnect.prefers_new_attempt(Timestamp::from_millis(6_000)));
        reconnect.phase = Phase::Joining;
        assert!(!reconnect.prefers_new_attempt(Timestamp::from_millis(60_000)));
    }
}
