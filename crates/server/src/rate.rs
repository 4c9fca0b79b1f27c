use std::time::Duration;

use tokio::time::Instant;

use crate::config::Limits;

/// A token bucket: `burst` events at once, then one more per `interval`.
pub struct RateLimit {
    burst: u32,
    interval: Duration,
    /// When the bucket will be full again.
    full_at: Instant,
}

impl RateLimit {
    /// The limit on one client's messages.
    pub fn messages(limits: Limits) -> Self {
        Self::new(
            limits.message_burst,
            limits.messages_per_second,
            Instant::now(),
        )
    }

    /// Allows `burst` events at once and `per_second` in the long run.
    pub fn new(burst: u32, per_second: u32, now: Instant) -> Self {
        Self {
            burst,
            interval: Duration::from_secs(1) / per_second.max(1),
            full_at: now,
        }
    }

    /// Whether a whole burst is allowed.
    pub(crate) fn is_full(&self, now: Instant) -> bool {
        self.full_at <= now
    }

    /// Counts an event; whether it is within the limit.
    pub fn take(&mut self, now: Instant) -> bool {
        let full_at = self.full_at.max(now) + self.interval;
        let within = full_at - now <= self.interval * self.burst;
        if within {
            self.full_at = full_at;
        }
        within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allows_a_burst_then_the_rate() {
        let start = Instant::now();
        let mut bucket = RateLimit::new(300, 50, start);
        let taken = (0..1000).filter(|_| bucket.take(start)).count();
        assert_eq!(taken, 300);
        let second = start + Duration::from_secs(1);
        let taken = (0..1000).filter(|_| bucket.take(second)).count();
        assert_eq!(taken, 50);
    }

    #[test]
    fn idle_time_saves_at_most_one_burst() {
        let start = Instant::now();
        let mut bucket = RateLimit::new(3, 1, start);
        let later = start + Duration::from_secs(60);
        assert_eq!((0..9).filter(|_| bucket.take(later)).count(), 3);
    }
}
