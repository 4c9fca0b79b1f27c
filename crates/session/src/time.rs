use std::ops::Add;
use std::time::Duration;

/// A point in time, in milliseconds since some fixed moment of the driver's choice.
///
/// It must not run backwards. It may stand still.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Later than anything that happens.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// Makes a timestamp out of whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds since the driver's fixed moment.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Returns the time since an earlier moment; zero if that is not earlier.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Counts whole milliseconds. A sum that does not fit is `NEVER`.
impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(whole_millis(duration)))
    }
}

/// Returns the whole milliseconds of a duration. Unlike [`Duration::as_millis`] it needs no 128-bit
/// arithmetic, which WebAssembly has to bring along.
fn whole_millis(duration: Duration) -> u64 {
    let seconds = duration.as_secs().saturating_mul(1_000);
    seconds.saturating_add(duration.subsec_millis().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adding_a_duration_counts_whole_milliseconds() {
        let later = Timestamp::from_millis(5) + Duration::from_micros(2_000_999);
        assert_eq!(later, Timestamp::from_millis(2_005));
    }
}
