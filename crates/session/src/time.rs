use std::ops::{Add, Mul};
use std::time::Duration;

use crate::{LinkId, TrackKind};

/// A point in time, in milliseconds since some fixed moment of the driver's choice.
///
/// It must not run backwards; that it stands still is fine.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Makes a timestamp out of whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// The milliseconds since the driver's fixed moment.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The time from an earlier moment until this one; zero if it is not earlier.
    pub const fn since(self, earlier: Self) -> Pause {
        Pause(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Pause> for Timestamp {
    type Output = Self;

    fn add(self, pause: Pause) -> Self {
        Self(self.0.saturating_add(pause.0))
    }
}

/// A length of time in whole milliseconds. [`Duration`] counts what nobody here asks for, and needs
/// wide numbers for it, which browsers have to be sent.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Pause(u64);

impl Pause {
    /// None at all.
    pub const ZERO: Self = Self(0);

    /// Makes a pause out of whole seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds * 1_000)
    }

    /// Makes a pause out of whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// The whole milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// What is left of it after another; zero if nothing is.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Mul<u32> for Pause {
    type Output = Self;

    fn mul(self, times: u32) -> Self {
        Self(self.0.saturating_mul(times.into()))
    }
}

impl From<Duration> for Pause {
    fn from(duration: Duration) -> Self {
        Self(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }
}

/// Why a session wants to be woken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Timer {
    /// An offer should have been answered by now.
    Answer(LinkId),
    /// The socket should be open by now.
    Connect,
    /// A link lost its way to the other end, and nobody else will tell whether they have gone.
    Departure(LinkId),
    /// A link should have connected by now.
    Establish(LinkId),
    /// A description has waited long enough for its candidates.
    Gathering(LinkId),
    /// An offer that was held back is to be decided on.
    DeferredOffer,
    /// The server wants to hear from us.
    KeepAlive,
    /// It is time to see what comes in by a link.
    Measure(LinkId),
    /// A link has had the time to heal by itself.
    RestartIce(LinkId),
    /// A lost server was sought for long enough.
    Patience,
    /// The server should have said that it is alive by now.
    Probe,
    /// The server is to be sought again.
    Retry,
    /// The server should have pinged by now.
    Silence,
    /// The system has silenced a track for so long that the others are to know.
    Silenced(TrackKind),
    /// The person should have answered the browser's question for devices by now.
    Unanswered,
    /// The server should have let us in, or refused, by now.
    Welcome,
}

/// The timers that run, each with its deadline.
#[derive(Debug, Default)]
pub(crate) struct Timers(Vec<(Timer, Timestamp)>);

impl Timers {
    pub(crate) fn set(&mut self, timer: Timer, deadline: Timestamp) {
        self.stop(timer);
        self.0.push((timer, deadline));
    }

    pub(crate) fn stop(&mut self, timer: Timer) {
        self.0.retain(|(other, _)| *other != timer);
    }

    pub(crate) fn runs(&self, timer: Timer) -> bool {
        self.0.iter().any(|(other, _)| *other == timer)
    }

    pub(crate) fn stop_all(&mut self) {
        self.0.clear();
    }

    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.0.iter().map(|&(_, at)| at).min()
    }

    /// Takes out one timer whose deadline is past, the earliest first.
    pub(crate) fn expired(&mut self, now: Timestamp) -> Option<Timer> {
        let earliest = self.next().filter(|&at| at <= now)?;
        let index = self.0.iter().position(|&(_, at)| at == earliest)?;
        Some(self.0.remove(index).0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_expire_in_the_order_of_their_deadlines() {
        let at = Timestamp::from_millis;
        let mut timers = Timers::default();
        timers.set(Timer::Welcome, at(30));
        timers.set(Timer::Connect, at(20));
        timers.set(Timer::DeferredOffer, at(50));
        assert_eq!(timers.next(), Some(at(20)));
        assert_eq!(timers.expired(at(10)), None);
        assert_eq!(timers.expired(at(40)), Some(Timer::Connect));
        assert_eq!(timers.expired(at(40)), Some(Timer::Welcome));
        assert_eq!(timers.expired(at(40)), None);
        timers.stop(Timer::DeferredOffer);
        assert_eq!(timers.next(), None);
    }
}
