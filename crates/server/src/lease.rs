use std::time::Duration;

use tokio::time::Instant;

/// How long a seat may be kept with the access token that was shown for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lease {
    expires: Option<Instant>,
    /// How long after the expiry another token may arrive.
    grace: Duration,
    has_warned: bool,
}

/// What is due now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Due {
    Nothing,
    /// The token has expired.
    Warn,
    /// No other token has arrived in time.
    End,
}

impl Lease {
    pub(crate) fn new(expires: Option<Instant>, grace: Duration) -> Self {
        Self {
            expires,
            grace,
            has_warned: false,
        }
    }

    /// Another token was shown.
    pub(crate) fn renew(&mut self, expires: Option<Instant>) {
        *self = Self::new(expires, self.grace);
    }

    /// When [`Lease::check`] is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        let expires = self.expires?;
        match self.has_warned {
            true => expires.checked_add(self.grace),
            false => Some(expires),
        }
    }

    pub(crate) fn check(&mut self, now: Instant) -> Due {
        if self.next().is_none_or(|next| now < next) {
            return Due::Nothing;
        }
        match std::mem::replace(&mut self.has_warned, true) {
            true => Due::End,
            false => Due::Warn,
        }
    }
}

/// In how many milliseconds a token expires, as it is sent to the client.
pub(crate) fn expires_in(expires: Option<Instant>) -> Option<u32> {
    let left = expires?.saturating_duration_since(Instant::now());
    Some(u32::try_from(left.as_millis()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn warns_at_the_expiry_and_ends_after_the_grace() {
        let start = Instant::now();
        let mut lease = Lease::new(Some(start + SECOND), SECOND);
        assert_eq!(lease.check(start), Due::Nothing);
        assert_eq!(lease.check(start + SECOND), Due::Warn);
        assert_eq!(lease.check(start + SECOND), Due::Nothing);
        assert_eq!(lease.next(), Some(start + 2 * SECOND));
        assert_eq!(lease.check(start + 2 * SECOND), Due::End);
    }

    #[test]
    fn another_token_starts_over() {
        let start = Instant::now();
        let mut lease = Lease::new(Some(start), SECOND);
        assert_eq!(lease.check(start), Due::Warn);
        lease.renew(Some(start + 5 * SECOND));
        assert_eq!(lease.check(start + 4 * SECOND), Due::Nothing);
        assert_eq!(lease.check(start + 5 * SECOND), Due::Warn);
    }

    #[test]
    fn without_an_expiry_nothing_is_due() {
        let mut lease = Lease::new(None, SECOND);
        assert_eq!(lease.next(), None);
        assert_eq!(lease.check(Instant::now()), Due::Nothing);
    }
}
