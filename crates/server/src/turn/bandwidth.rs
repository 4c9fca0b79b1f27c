use std::time::{Duration, Instant};

/// A limit on bytes per second, with one second's worth at once.
pub(crate) struct Bandwidth {
    bytes_per_second: u32,
    /// When all of it will be free again.
    free_at: Instant,
}

impl Bandwidth {
    pub(crate) fn new(bytes_per_second: u32, now: Instant) -> Self {
        Self {
            bytes_per_second: bytes_per_second.max(1),
            free_at: now,
        }
    }

    /// Counts a packet; whether it is within the limit.
    pub(crate) fn take(&mut self, bytes: usize, now: Instant) -> bool {
        let share = bytes as f64 / f64::from(self.bytes_per_second);
        let free_at = self.free_at.max(now) + Duration::from_secs_f64(share);
        let within = free_at - now <= Duration::from_secs(1);
        if within {
            self.free_at = free_at;
        }
        within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allows_one_second_at_once_then_the_rate() {
        let start = Instant::now();
        let mut bandwidth = Bandwidth::new(100_000, start);
        let taken = |bandwidth: &mut Bandwidth, now| {
            (0..1000).filter(|_| bandwidth.take(1000, now)).count()
        };
        assert!((99..=100).contains(&taken(&mut bandwidth, start)));
        let later = start + Duration::from_millis(500);
        assert!((49..=50).contains(&taken(&mut bandwidth, later)));
    }
}
