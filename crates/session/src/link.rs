//! One `RTCPeerConnection`: whom it leads to, its negotiation, its network path and its recovery.

mod description;
mod exchange;
mod path;
mod recovery;
mod signal_queue;
mod unanswered;

use std::time::Duration;

use videocalls_protocol::{ParticipantId, Source};

pub(crate) use self::description::{RemoteDescription, RemoteEnd};
pub(crate) use self::exchange::Fate;
pub(crate) use self::recovery::Attempts;
pub(crate) use self::unanswered::Unanswered;

use self::exchange::Exchange;
use self::path::Path;
use self::recovery::Recovery;
use self::signal_queue::SignalQueue;
use crate::context::Context;
use crate::receive_monitor::ReceiveMonitor;
use crate::time::Timestamp;
use crate::timers::{LinkTimer, TopologyTimer};
use crate::topology::DataState;
use crate::{LinkId, LinkOp, LinkRole, Transport};

#[derive(Debug)]
pub(crate) struct Link {
    id: LinkId,
    target: Target,
    departure: DepartureSign,
    /// Whether the peer has sent a description, if only by another connection.
    peer_has_sent: bool,
    /// The sources whose tracks are received.
    received: Vec<Source>,
    path: Path,
    recovery: Recovery,
    exchange: Exchange,
    signals: SignalQueue,
    /// Whether the browser's data channels are open.
    is_data_open: bool,
}

/// Whom a link's signals are for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Target {
    /// Nobody yet: the link is made in advance.
    Nobody,
    /// Whoever receives it, on a server that only broadcasts.
    Anyone,
    /// This participant.
    One(ParticipantId),
}

impl Target {
    pub(crate) fn participant(&self) -> Option<&ParticipantId> {
        match self {
            Self::One(id) => Some(id),
            Self::Anyone | Self::Nobody => None,
        }
    }
}

/// What shows that a link's participant has left.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum DepartureSign {
    /// The server reports it.
    ServerReport,
    /// Only the loss of media shows it: the server reports no departures, or the participant has
    /// lost their seat already.
    LossOfMedia,
}

impl Link {
    pub(crate) fn open(
        ctx: &mut Context,
        role: LinkRole,
        target: Target,
        departure: DepartureSign,
        trickle: bool,
    ) -> Self {
        let id = ctx.link_id();
        ctx.link(id, LinkOp::Open(role));
        Self {
            id,
            target,
            departure,
            peer_has_sent: false,
            received: Vec::new(),
            path: Path::new(),
            recovery: Recovery::default(),
            exchange: Exchange::default(),
            signals: SignalQueue::new(trickle),
            is_data_open: false,
        }
    }

    pub(crate) fn close(self, ctx: &mut Context) {
        ctx.stop_timers_of(self.id);
        ctx.link(self.id, LinkOp::Close);
    }

    pub(crate) fn id(&self) -> LinkId {
        self.id
    }

    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    pub(crate) fn participant(&self) -> Option<&ParticipantId> {
        self.target.participant()
    }

    pub(crate) fn is_for(&self, id: &ParticipantId) -> bool {
        self.participant() == Some(id)
    }

    /// Sets whom the link is for, and sends them what waits to be sent.
    pub(crate) fn set_target(&mut self, ctx: &mut Context, target: Target) {
        self.target = target;
        self.signals.flush(ctx, &self.target);
    }

    /// Sends the description that waits for candidates with those that are known by now.
    pub(crate) fn stop_gathering(&mut self, ctx: &mut Context) {
        self.signals.finish(ctx, &self.target);
    }

    /// Whether only the loss of media shows that the participant has left.
    pub(crate) fn shows_departure_by_media(&self) -> bool {
        self.departure == DepartureSign::LossOfMedia
    }

    pub(crate) fn set_departure_sign(&mut self, departure: DepartureSign) {
        self.departure = departure;
    }

    pub(crate) fn received(&self) -> &[Source] {
        &self.received
    }

    pub(crate) fn set_received(&mut self, sources: Vec<Source>) {
        self.received = sources;
    }

    /// Whether the peer has sent a description, on this link or on its predecessor.
    pub(crate) fn has_heard_from_peer(&self) -> bool {
        self.remote().is_some() || self.peer_has_sent
    }

    pub(crate) fn transport(&self) -> Transport {
        self.path.transport()
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.transport() == Transport::Connected
    }

    /// Whether there has been a connection.
    pub(crate) fn was_connected(&self) -> bool {
        self.path.was_found()
    }

    /// Whether media gets through and nothing has to be replaced.
    pub(crate) fn is_healthy(&self) -> bool {
        self.is_connected() && !self.is_broken()
    }

    /// Whether nothing arrives though it should.
    pub(crate) fn is_silent(&self) -> bool {
        self.path.monitor().is_some_and(ReceiveMonitor::is_silent)
    }

    /// Sets whether media should arrive by the link.
    pub(crate) fn expect_media(&mut self, now: Timestamp, expected: bool) {
        if let Some(monitor) = self.path.monitor_mut() {
            monitor.expect(now, expected);
        }
    }

    /// What arrives by the link, as soon as there has been a connection.
    pub(crate) fn monitor_mut(&mut self) -> Option<&mut ReceiveMonitor> {
        self.path.monitor_mut()
    }

    /// Whether there was a connection by which nothing arrives any more.
    pub(crate) fn is_not_receiving(&self) -> bool {
        self.path.monitor().is_some_and(|monitor| {
            let is_lost = match self.transport() {
                // Some browsers report this of a path that only loses many packets.
                Transport::Disconnected => !monitor.is_established(),
                Transport::Failed => true,
                _ => false,
            };
            monitor.is_silent() || is_lost
        })
    }

    /// Whether a link that should have recovered by now has not.
    pub(crate) fn needs_rebuild(&self) -> bool {
        !self.is_healthy() || self.is_silent() || self.is_reported_by_peer()
    }

    /// Whether the participant at the other end has data channels, as their descriptions say.
    pub(crate) fn data_state(&self) -> DataState {
        match self.remote().map(RemoteEnd::has_data_channels) {
            Some(false) => DataState::Absent,
            Some(true) if self.is_data_open => DataState::Open,
            _ => DataState::Pending,
        }
    }

    pub(crate) fn set_data_open(&mut self, is_open: bool) {
        self.is_data_open = is_open;
    }

    pub(crate) fn start(&self, ctx: &mut Context, timer: LinkTimer, time: Duration) {
        ctx.start_timer(TopologyTimer::Link(self.id, timer), time);
    }

    pub(crate) fn stop(&self, ctx: &mut Context, timer: LinkTimer) {
        ctx.stop_timer(TopologyTimer::Link(self.id, timer));
    }
}
