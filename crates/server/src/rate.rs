use std::time::Duration;

use tokio::time::Instant;

use crate::Limits;

/// A token bucket: `burst` at once, and one more each `interval`.
pub(crate) struct Bucket {
    burst: u32,
    interval: Duration,
    /// When the bucket will be full again.
    full_at: Instant,
}

impl Bucket {
    /// For the messages of one client.
    pub(crate) fn of(limits: Limits) -> Self {
        Self::new(
            limits.message_burst,
            limits.messages_per_second,
            Instant::now(),
        )
    }

    pub(crate) fn new(burst: u32, per_second: u32, now: Instant) -> Self {
        Self {
            burst,
            interval: Duration::from_secs(1) / per_second.max(1),
            full_at: now,
        }
    }

    /// Takes a token, if one is left.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
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
    fn a_burst_passes_and_then_the_rate_holds() {
        let start = Instant::now();
        let mut bucket = Bucket::new(300, 50, start);
        let taken = (0..1000).filter(|_| bucket.take(start)).count();
        assert_eq!(taken, 300);
        let second = start + Duration::from_secs(1);
        let taken = (0..1000).filter(|_| bucket.take(second)).count();
        assert_eq!(taken, 50);
    }

    #[test]
    fn idle_time_saves_no_more_than_a_burst() {
        let start = Instant::now();
        let mut bucket = Bucket::new(3, 1, start);
        let later = start + Duration::from_secs(60);
        assert_eq!((0..9).filter(|_| bucket.take(later)).count(), 3);
    }
}
