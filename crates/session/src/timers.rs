use crate::time::Timestamp;
use crate::{LinkId, TrackKind};

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
    /// Another access token is to be fetched.
    RenewToken,
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

/// What a link waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LinkTimer {
    /// The link should have connected by now.
    Connect,
    /// The link should have connected by now if the ICE servers that it has are enough.
    Route,
    /// A participant who was in the room before us should have sent the first offer by now.
    FirstOffer,
    /// An ICE restart of ours should have helped by now.
    IceRestart,
    /// The peer, whose turn it is, should have restarted ICE by now.
    PeerIceRestart,
    /// The peer, whose turn it is, should have replaced the link by now.
    PeerRebuild,
    /// The pause before a link that failed repeatedly is replaced is over.
    Rebuild,
    /// The pause before a broadcast offer that the browser failed to make is made again is over.
    BroadcastRetry,
    /// A link on which the peer receives nothing has had time to recover.
    PeerReport,
    /// An ICE restart that was not possible before is to be tried again.
    IceRestartRetry,
    /// An offer should have been answered by now.
    Answer,
    /// A description has waited long enough for its candidates.
    Gathering,
    /// It is time to measure what the link receives.
    Measure,
    /// An interrupted link has had time to recover before its participant counts as gone.
    Departure,
}

impl LinkTimer {
    /// The timers that decide how a link recovers. At most one of them runs: each recovery step
    /// replaces the one before.
    pub(crate) const RECOVERY: [Self; 7] = [
        Self::Connect,
        Self::FirstOffer,
        Self::IceRestart,
        Self::PeerIceRestart,
        Self::PeerRebuild,
        Self::Rebuild,
        Self::BroadcastRetry,
    ];
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
    pub(crate) fn set(&mut self, timer: Timer, deadline: Timestamp) {
        self.stop(timer);
        if deadline != Timestamp::NEVER {
            self.0.push((timer, deadline));
        }
    }

    pub(crate) fn stop(&mut self, timer: Timer) {
        self.0.retain(|(other, _)| *other != timer);
    }

    /// Stops whatever a link waits for.
    pub(crate) fn stop_link(&mut self, link: LinkId) {
        let is_of_link = |timer: &Timer| matches!(timer, Timer::Topology(TopologyTimer::Link(id, _)) if *id == link);
        self.0.retain(|(timer, _)| !is_of_link(timer));
    }

    pub(crate) fn runs(&self, timer: Timer) -> bool {
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
    use std::time::Duration;

    use super::*;

    #[test]
    fn timers_expire_in_the_order_of_their_deadlines() {
        let at = Timestamp::from_millis;
        let mut timers = Timers::default();
        timers.set(SignalingTimer::Welcome.into(), at(30));
        timers.set(SignalingTimer::Open.into(), at(20));
        timers.set(TopologyTimer::DeferredOffers.into(), at(50));
        assert_eq!(timers.next(), Some(at(20)));
        assert_eq!(timers.expired(at(10)), None);
        assert_eq!(timers.expired(at(40)), Some(SignalingTimer::Open.into()));
        assert_eq!(timers.expired(at(40)), Some(SignalingTimer::Welcome.into()));
        assert_eq!(timers.expired(at(40)), None);
        timers.stop(TopologyTimer::DeferredOffers.into());
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn timer_of_unlimited_duration_never_runs() {
        let mut timers = Timers::default();
        let now = Timestamp::from_millis(1);
        timers.set(SignalingTimer::Patience.into(), now + Duration::MAX);
        assert!(!timers.runs(SignalingTimer::Patience.into()));
        assert_eq!(timers.next(), None);
    }
}
