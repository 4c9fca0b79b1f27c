//! How a link that does not work is made to work again: ICE restarts first, a new link then.

use std::time::Duration;

use super::Link;
use crate::context::Context;
use crate::time::Timestamp;
use crate::timers::LinkTimer;
use crate::{LinkOp, Transport};

/// How often ICE is restarted on a link before the link is replaced.
const MAX_RESTARTS: u8 = 2;

/// How long an ICE restart may take: an exchange of descriptions and ICE's own checks on a slow
/// network.
const ICE_RESTART: Duration = Duration::from_secs(4);
/// How long a link may look for a route with the ICE servers of the page alone, where the server has
/// offered others. Where a route exists, browsers find it in a few round trips.
const ROUTE: Duration = Duration::from_secs(1);
/// How long a polite end waits for the peer to restart ICE.
const PEER_ICE_RESTART: Duration = Duration::from_secs(1);

/// After so long without a failure of the negotiation the earlier ones are forgotten.
const CALM: Duration = Duration::from_secs(5 * 60);

/// What has been done so far to get a link to work.
#[derive(Debug, Default)]
pub(super) struct Recovery {
    pub(super) attempts: Attempts,
    pub(super) ice: IceRestart,
    /// Whether the peer reports that it receives nothing from us.
    pub(super) reported_by_peer: bool,
}

/// How often the link to a participant was replaced. Outlives the link: its successor goes on
/// counting.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Attempts {
    count: u8,
    polite_turn: Turn,
    failures: Failures,
}

/// How often negotiation has failed with a participant. A connection in between does not count, but
/// a long time without a failure does.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Failures {
    count: u8,
    last: Timestamp,
}

/// Which end replaces a link that both ends have seen fail, as the polite end counts it. The
/// impolite end never waits.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Turn {
    #[default]
    Peer,
    Ours,
}

impl Attempts {
    /// After so many attempts there is a pause before each further one, or, where no server reports
    /// departures, the participant counts as gone.
    pub(crate) const MAX: u8 = 3;

    /// The state of an offer to a participant who counts as gone: two attempts are left. A polite
    /// end needs one more, since it waits for the peer in between.
    pub(crate) fn last_two(polite: bool) -> Self {
        Self {
            count: Self::MAX - 1 - u8::from(polite),
            polite_turn: Turn::Ours,
            failures: Failures::default(),
        }
    }

    /// Whether the link is the first one.
    pub(crate) fn is_first(self) -> bool {
        self.count == 0
    }

    /// Counts one more.
    pub(crate) fn next(&mut self) {
        self.count = self.count.saturating_add(1);
    }

    /// Counts a failure of the negotiation.
    pub(crate) fn count_failure(&mut self, now: Timestamp) {
        let Failures { count, last } = self.failures;
        let recent = if now.since(last) > CALM { 0 } else { count };
        self.failures = Failures {
            count: recent.saturating_add(1),
            last: now,
        };
    }

    /// The link has connected.
    fn reset(&mut self) {
        self.count = 0;
        self.polite_turn = Turn::Peer;
    }

    /// Whether the usual number of attempts is used up.
    pub(crate) fn are_used_up(self) -> bool {
        self.count > Self::MAX
    }

    /// Whether there is a pause before a link on which the negotiation has failed is replaced.
    pub(crate) fn need_pause(self) -> bool {
        self.count.max(self.failures.count) > Self::MAX
    }

    /// Whether a polite end leaves this attempt to the peer. It takes turns with it, in case the
    /// peer never replaces a link.
    pub(crate) fn polite_end_waits(&mut self) -> bool {
        let waits = self.polite_turn == Turn::Peer;
        self.polite_turn = if waits { Turn::Ours } else { Turn::Peer };
        waits
    }

    /// Lets a polite end replace the link the next time.
    pub(crate) fn take_turn(&mut self) {
        self.polite_turn = Turn::Ours;
    }

    /// Scales the time that an attempt may take: each may take longer than the one before.
    pub(crate) fn scale(self, first: Duration) -> Duration {
        let tried = self.count.max(self.failures.count);
        first * u32::from(tried.clamp(1, 6))
    }
}

/// Where a link stands with restarting ICE.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum IceRestart {
    /// No restart is needed, or none is possible yet.
    #[default]
    Idle,
    /// ICE is to be restarted as soon as something arrives from the server.
    AwaitsServer,
    /// We are polite, and have left the first restart to the peer.
    AwaitsPeer,
    /// This many restarts of ours have been tried.
    Tried(u8),
}

impl IceRestart {
    /// Whether a restart may begin.
    pub(super) fn is_idle(self) -> bool {
        matches!(self, Self::Idle | Self::AwaitsServer)
    }

    /// Whether another restart may follow the one that has not helped.
    pub(super) fn may_repeat(self) -> bool {
        match self {
            Self::Idle | Self::AwaitsServer => false,
            Self::AwaitsPeer => true,
            Self::Tried(count) => count < MAX_RESTARTS,
        }
    }

    /// The state after the next step; only the first one is left to the peer.
    pub(super) fn next(self, peer_first: bool) -> Self {
        match self {
            Self::Idle | Self::AwaitsServer if peer_first => Self::AwaitsPeer,
            Self::Idle | Self::AwaitsServer | Self::AwaitsPeer => Self::Tried(1),
            Self::Tried(count) => Self::Tried(count.saturating_add(1)),
        }
    }
}

impl Link {
    /// Takes the browser's report of the network path.
    pub(crate) fn set_transport(&mut self, transport: Transport) {
        self.path.set_transport(transport);
    }

    /// The link has connected: nothing needs to recover. Returns whether it is the first time.
    pub(crate) fn connected(&mut self, ctx: &mut Context) -> bool {
        self.recovery.attempts.reset();
        self.recovery.ice = IceRestart::Idle;
        self.stop_recovery(ctx);
        let first = self.path.found();
        if first {
            self.limit_answer_time(ctx);
        }
        self.negotiate_if_due(ctx);
        first
    }

    pub(crate) fn attempts(&self) -> Attempts {
        self.recovery.attempts
    }

    pub(crate) fn attempts_mut(&mut self) -> &mut Attempts {
        &mut self.recovery.attempts
    }

    /// Takes over what is known from the link that this one replaces.
    pub(crate) fn take_over(&mut self, attempts: Attempts, has_heard_from_peer: bool) {
        self.recovery.attempts = attempts;
        self.peer_has_sent |= has_heard_from_peer;
    }

    /// Whether the peer reports that it receives nothing from us.
    pub(crate) fn is_reported_by_peer(&self) -> bool {
        self.recovery.reported_by_peer
    }

    pub(crate) fn set_reported_by_peer(&mut self, not_receiving: bool) {
        self.recovery.reported_by_peer = not_receiving;
    }

    /// There are ICE servers now that the link does not have, if it has begun to gather candidates.
    pub(crate) fn lacks_ice_servers(&mut self) {
        let has_begun = !self.awaits_first_offer();
        self.path.set_lacks_servers(has_begun);
    }

    /// Descriptions are exchanged: a link that lacks ICE servers gets them if it needs them.
    pub(super) fn limit_route_search(&self, ctx: &mut Context) {
        if self.path.lacks_servers() {
            self.start(ctx, LinkTimer::Route, ROUTE);
        }
    }

    /// Restarts ICE, which makes use of all ICE servers, if that is what is missing.
    pub(crate) fn look_for_other_route(&mut self, ctx: &mut Context, time: Duration) {
        if self.path.lacks_servers() && self.is_agreed() {
            self.path.set_lacks_servers(false);
            ctx.link(self.id, LinkOp::RestartIce);
            self.recover_by(ctx, LinkTimer::Connect, time);
        }
    }

    /// Whether ICE can be restarted on this link.
    pub(crate) fn can_restart_ice(&self) -> bool {
        self.was_connected() && self.is_agreed() && !self.is_broken()
    }

    /// Whether no ICE restart is under way.
    pub(crate) fn is_ice_restart_idle(&self) -> bool {
        self.recovery.ice.is_idle()
    }

    /// Has ICE restarted as soon as something arrives from the server.
    pub(crate) fn restart_ice_when_online(&mut self) {
        if self.recovery.ice.is_idle() {
            self.recovery.ice = IceRestart::AwaitsServer;
        }
    }

    /// Whether ICE was to be restarted as soon as something arrives from the server: now.
    pub(crate) fn take_waiting_ice_restart(&mut self) -> bool {
        let waited = self.recovery.ice == IceRestart::AwaitsServer;
        if waited {
            self.recovery.ice = IceRestart::Idle;
        }
        waited && self.is_not_receiving()
    }

    /// Restarts ICE, or leaves the first restart to the peer. Both ends notice when nothing
    /// arrives, and browsers do not cope well with two restarts at once.
    pub(crate) fn restart_ice(&mut self, ctx: &mut Context, peer_first: bool) {
        self.recovery.ice = self.recovery.ice.next(peer_first);
        match self.recovery.ice {
            IceRestart::Tried(count) => {
                // An offer that is still to be answered restarts ICE already, or comes first.
                if self.is_agreed() {
                    ctx.link(self.id, LinkOp::RestartIce);
                }
                let time = ICE_RESTART * u32::from(count);
                self.recover_by(ctx, LinkTimer::IceRestart, time);
            }
            _ => self.recover_by(ctx, LinkTimer::PeerIceRestart, PEER_ICE_RESTART),
        }
    }

    /// Whether an ICE restart that has not helped in time may be followed by another.
    pub(crate) fn may_restart_ice_again(&self) -> bool {
        let is_wanted = self.is_reported_by_peer() || self.is_not_receiving();
        let is_possible = self.transport() != Transport::Closed;
        is_wanted && is_possible && self.recovery.ice.may_repeat()
    }

    /// Something arrives again.
    pub(crate) fn recovered(&mut self, ctx: &mut Context) {
        if !self.recovery.ice.is_idle() {
            self.recovery.ice = IceRestart::Idle;
            self.stop_recovery(ctx);
        }
    }

    /// Starts the one timer that decides on the next recovery step.
    pub(crate) fn recover_by(&self, ctx: &mut Context, timer: LinkTimer, time: Duration) {
        self.stop_recovery(ctx);
        self.start(ctx, timer, time);
    }

    fn stop_recovery(&self, ctx: &mut Context) {
        for timer in LinkTimer::RECOVERY {
            self.stop(ctx, timer);
        }
    }
}
