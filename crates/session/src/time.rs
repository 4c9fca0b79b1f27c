use std::ops::Add;
use std::time::Duration;

use crate::link::LinkTimer;
use crate::{LinkId, TrackKind};

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

/// What a timer is for. Each has one meaning; setting one again moves its deadline.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Timer {
    /// A timer of the connection to the server.
    Signaling(SignalingTimer),
    /// A timer of the microphone and camera.
    Device(DeviceTimer),
    /// A timer of the links.
    Topology(TopologyTimer),
}

/// The timers of the connection to the server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SignalingTimer {
    /// The socket has not opened in time.
    Open,
    /// The open server has neither admitted nor refused us in time.
    Welcome,
    /// The server has not pinged in time.
    Silence,
    /// The server has not answered our ping in time.
    Probe,
    /// The server expects a ping of ours.
    KeepAlive,
    /// The next attempt to reconnect is due.
    Retry,
    /// Reconnecting has taken as long as it may.
    Patience,
}

/// The timers of the microphone and camera.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum DeviceTimer {
    /// The person has not answered the browser's permission prompt for a while.
    PromptPending,
    /// The system has muted a track for so long that the others should know.
    SystemMuted(TrackKind),
}

/// The timers of the links.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TopologyTimer {
    /// What one link waits for.
    Link(LinkId, LinkTimer),
    /// A deferred offer has waited long enough.
    DeferredOffers,
}

impl From<SignalingTimer> for Timer {
    fn from(timer: SignalingTimer) -> Self {
        Self::Signaling(timer)
    }
}

impl From<DeviceTimer> for Timer {
    fn from(timer: DeviceTimer) -> Self {
        Self::Device(timer)
    }
}

impl From<TopologyTimer> for Timer {
    fn from(timer: TopologyTimer) -> Self {
        Self::Topology(timer)
    }
}

/// The timers that run, each with its deadline.
#[derive(Debug, Default)]
pub(crate) struct Timers(Vec<(Timer, Timestamp)>);

impl Timers {
    /// Sets a timer, or moves its deadline. At [`Timestamp::NEVER`] it does not run at all.
    pub(crate) fn set(&mut self, timer: impl Into<Timer>, deadline: Timestamp) {
        let timer = timer.into();
        self.stop(timer);
        if deadline != Timestamp::NEVER {
            self.0.push((timer, deadline));
        }
    }

    pub(crate) fn stop(&mut self, timer: impl Into<Timer>) {
        let timer = timer.into();
        self.0.retain(|(other, _)| *other != timer);
    }

    /// Stops whatever a link waits for.
    pub(crate) fn stop_link(&mut self, link: LinkId) {
        let is_of_link = |timer: &Timer| matches!(timer, Timer::Topology(TopologyTimer::Link(id, _)) if *id == link);
        self.0.retain(|(timer, _)| !is_of_link(timer));
    }

    pub(crate) fn runs(&self, timer: impl Into<Timer>) -> bool {
        let timer = timer.into();
        self.0.iter().any(|(other, _)| *other == timer)
    }

    pub(crate) fn stop_all(&mut self) {
        self.0.clear();
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.0.iter().map(|&(_, at)| at).min()
    }

    /// Takes out one timer whose deadline has passed, the earliest first.
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
        timers.set(SignalingTimer::Welcome, at(30));
        timers.set(SignalingTimer::Open, at(20));
        timers.set(TopologyTimer::DeferredOffers, at(50));
        assert_eq!(timers.next(), Some(at(20)));
        assert_eq!(timers.expired(at(10)), None);
        assert_eq!(timers.expired(at(40)), Some(SignalingTimer::Open.into()));
        assert_eq!(timers.expired(at(40)), Some(SignalingTimer::Welcome.into()));
        assert_eq!(timers.expired(at(40)), None);
        timers.stop(TopologyTimer::DeferredOffers);
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn timer_of_unlimited_duration_never_runs() {
        let mut timers = Timers::default();
        let now = Timestamp::from_millis(1);
        timers.set(SignalingTimer::Patience, now + Duration::MAX);
        assert!(!timers.runs(SignalingTimer::Patience));
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn adding_a_duration_counts_whole_milliseconds() {
        let later = Timestamp::from_millis(5) + Duration::from_micros(2_000_999);
        assert_eq!(later, Timestamp::from_millis(2_005));
    }
}
