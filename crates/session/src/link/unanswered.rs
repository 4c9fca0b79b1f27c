//! Offers that are not answered in time.

use std::time::Duration;

use super::Link;
use crate::context::Context;
use crate::timers::LinkTimer;

/// How long the first answer may take, and how much longer the answer to each repeated offer.
const ANSWER: Duration = Duration::from_secs(5);
/// How often an offer is repeated on a connected link. A peer that has not answered by then is
/// away for longer than most, or never answers a second offer.
const MAX_REPEATS: u8 = 5;

/// What is to be done about an offer that was not answered in time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unanswered {
    /// The offer is answered by now, or was repeated often enough.
    Nothing,
    /// Wait longer.
    Wait,
    /// Send it again.
    Repeat,
    /// Accept the peer's offer that has lost against ours.
    Yield,
}

impl Link {
    /// Decides what to do about an offer whose [`LinkTimer::Answer`] has expired.
    pub(crate) fn offer_unanswered(&mut self, online: bool) -> Unanswered {
        if self.offered_at().is_none() {
            return Unanswered::Nothing;
        }
        if online && self.has_won_glare() {
            Unanswered::Yield
        } else if !online || !self.is_healthy() {
            Unanswered::Wait
        } else if self.exchange.repeats < MAX_REPEATS {
            self.exchange.repeats += 1;
            Unanswered::Repeat
        } else {
            Unanswered::Nothing
        }
    }

    /// Waits for the answer to the open offer, for longer each time.
    pub(crate) fn wait_for_answer(&self, ctx: &mut Context) {
        self.start(ctx, LinkTimer::Answer, self.answer_time());
    }

    /// Limits the time for an answer where there is a connection, which is not given up for an
    /// offer, or where a crossing offer waits. If both ends wait for the other to yield, chance
    /// lets one wait longer.
    pub(super) fn limit_answer_time(&self, ctx: &mut Context) {
        let mut time = self.answer_time();
        if self.has_won_glare() {
            time += random_part(ctx, ANSWER);
        } else if !self.was_connected() || !self.has_open_offer() {
            return;
        }
        self.start(ctx, LinkTimer::Answer, time);
    }

    fn answer_time(&self) -> Duration {
        ANSWER * u32::from(self.exchange.repeats + 1)
    }

    /// Whether a crossing offer of the peer has lost against our open one.
    fn has_won_glare(&self) -> bool {
        self.has_open_offer() && self.exchange.deferred.is_some()
    }
}

/// A random number of milliseconds below a number of whole seconds.
fn random_part(ctx: &mut Context, whole: Duration) -> Duration {
    Duration::from_millis(u64::from(ctx.random()) % (whole.as_secs() * 1_000))
}
