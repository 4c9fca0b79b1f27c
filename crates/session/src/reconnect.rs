use std::time::Duration;

use crate::time::Timestamp;

/// How long to wait at most before each try to reach the server again, in milliseconds: the first
/// follows at once, the last stands for all that follow. A server that has come back meets all its
/// clients at the same moment, so each waits for a random part of it ("full jitter"). All of them are to
/// be in again 3 s after it is back.
const PAUSES: [u32; 4] = [0, 300, 1_200, 2_700];
/// How long a try may take. A network that was dark lets a packet through that is sent when it is
/// bright again, and TCP sends each again after ever longer pauses; so most tries are short.
const TRY: Duration = Duration::from_secs(3);
/// On a slow network a short try would never do.
const LONG_TRY: Duration = Duration::from_secs(12);
/// Of how many tries one is a long one.
const LONG_EVERY: u32 = 4;
/// How long a way to the server must last to be a good one.
const CALM: Duration = Duration::from_secs(10);
/// A try that is younger is not given up for a better moment.
const YOUNG: Duration = Duration::from_secs(1);

/// The search for a way back to the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reconnect {
    stage: Stage,
    /// Whether the last attempt ended because the room was full.
    full: bool,
    tries: u32,
    tried: Timestamp,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    /// Until the next try.
    Waiting,
    /// The socket is being opened.
    Opening,
    /// The server is to let us in.
    Joining,
}

impl Reconnect {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            stage: Stage::Waiting,
            full: false,
            tries: 0,
            tried: now,
        }
    }

    /// Gives up a try, and returns how long to wait for the next one. What the last one took counts.
    pub(crate) fn wait(&mut self, now: Timestamp, full: bool, rng: u32) -> Duration {
        self.stage = Stage::Waiting;
        self.full = full;
        let last = PAUSES.len() - 1;
        let longest = PAUSES[last.min(usize::try_from(self.tries).unwrap_or(last))];
        let pause = Duration::from_millis((rng % (longest + 1)).into());
        pause.saturating_sub(now.since(self.tried))
    }

    /// Begins a try, and returns how long it may take.
    pub(crate) fn begin(&mut self, now: Timestamp) -> Duration {
        self.stage = Stage::Opening;
        self.tries += 1;
        self.tried = now;
        match self.tries % LONG_EVERY {
            0 => LONG_TRY,
            _ => TRY,
        }
    }

    /// The socket is open, and the server has to admit us.
    pub(crate) fn joining(&mut self) {
        self.stage = Stage::Joining;
    }

    pub(crate) fn is_opening(self) -> bool {
        self.stage == Stage::Opening
    }

    pub(crate) fn is_joining(self) -> bool {
        self.stage == Stage::Joining
    }

    /// Whether the last attempt ended because the room was full.
    pub(crate) fn found_room_full(self) -> bool {
        self.full
    }

    /// Whether it was so long ago that another has nothing to do with it: a server that lets in and
    /// drops at once must not be stormed.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        now.since(self.tried) >= CALM
    }

    /// Whether this is a better moment than that of the try that is under way.
    pub(crate) fn would_rather_try(&self, now: Timestamp) -> bool {
        match self.stage {
            Stage::Waiting => true,
            Stage::Opening => now.since(self.tried) >= YOUNG,
            Stage::Joining => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(rng: u32) -> Vec<u64> {
        let mut reconnect = Reconnect::new(Timestamp::default());
        let tries = (0..7).map(|_| {
            let pause = reconnect.wait(Timestamp::default(), false, rng);
            reconnect.begin(Timestamp::default());
            u64::try_from(pause.as_millis()).unwrap_or(u64::MAX)
        });
        tries.collect()
    }

    #[test]
    fn the_first_try_follows_at_once_and_the_others_after_random_parts_of_growing_pauses() {
        assert_eq!(pauses(0), [0; 7]);
        let some = 5_000_000;
        for (pause, longest) in pauses(some).into_iter().zip([0, 300, 1_200, 2_700]) {
            assert_eq!(pause, u64::from(some) % (longest + 1));
        }
        for rng in 0..10_000 {
            assert!(pauses(rng * 977).into_iter().all(|pause| pause <= 2_700));
        }
    }

    #[test]
    fn what_a_try_took_is_not_waited_again() {
        let mut reconnect = Reconnect::new(Timestamp::default());
        for _ in 0..9 {
            reconnect.begin(Timestamp::default());
        }
        let after = |millis| Timestamp::from_millis(millis);
        let mut wait = |millis| reconnect.wait(after(millis), false, 2_700).as_millis();
        assert_eq!([wait(0), wait(700), wait(9_000)], [2_700, 2_000, 0]);
    }

    #[test]
    fn every_fourth_try_is_a_long_one() {
        let mut reconnect = Reconnect::new(Timestamp::default());
        let lengths = (0..8).map(|_| reconnect.begin(Timestamp::default()) == LONG_TRY);
        let long = lengths.collect::<Vec<_>>();
        assert_eq!(long, [false, false, false, true, false, false, false, true]);
    }

    #[test]
    fn a_better_moment_cuts_a_wait_and_an_old_try_short() {
        let mut reconnect = Reconnect::new(Timestamp::default());
        assert!(reconnect.would_rather_try(Timestamp::default()));
        reconnect.begin(Timestamp::from_millis(5_000));
        assert!(!reconnect.would_rather_try(Timestamp::from_millis(5_900)));
        assert!(reconnect.would_rather_try(Timestamp::from_millis(6_000)));
        reconnect.stage = Stage::Joining;
        assert!(!reconnect.would_rather_try(Timestamp::from_millis(60_000)));
    }
}
