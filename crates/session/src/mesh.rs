//! The mesh: one link to each other participant.
//!
//! Nothing above this module knows which link carries which participant.

mod data;
mod deferred_offers;
mod monitoring;
mod rebuild;
mod reoffer;
mod roster;
mod routes;
mod signals;
mod topology;

use std::time::Duration;

use videocalls_protocol::{Capabilities, Departure, LeaveReason, Offerer, ParticipantId};

use self::deferred_offers::DeferredOffers;
use self::rebuild::Cause;
use self::routes::Routes;
use crate::context::Context;
use crate::link::{DepartureSign, Fate, Link, Target};
use crate::signal_history::SignalHistory;
use crate::timers::LinkTimer;
use crate::topology_event::TopologyEvent;
use crate::{LinkId, LinkReport, LinkRole, Problem, Transport};

/// How long a link may take to connect before it is replaced: ICE's own checks take at most 5 s on
/// the worst of usable networks, and 5 s are to spare.
const CONNECT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Mesh {
    capabilities: Capabilities,
    me: Option<ParticipantId>,
    /// In the order in which they were opened.
    links: Vec<Link>,
    history: SignalHistory,
    /// Whether the server can be reached.
    online: bool,
    /// Whether the driver can measure what a link receives.
    measures: bool,
    deferred_offers: DeferredOffers,
    routes: Routes,
    /// The participants who send no track.
    not_sending: Vec<ParticipantId>,
}

impl Mesh {
    pub(crate) fn new(
        capabilities: Capabilities,
        me: Option<ParticipantId>,
        measures: bool,
    ) -> Self {
        Self {
            capabilities,
            me,
            links: Vec::new(),
            history: SignalHistory::default(),
            online: true,
            measures,
            deferred_offers: DeferredOffers::default(),
            routes: Routes::default(),
            not_sending: Vec::new(),
        }
    }

    /// A participant who had lost their seat has one again.
    fn seated(&mut self, id: &ParticipantId) {
        let departure = self.departure_sign();
        if let Some(link) = self.link_to(id) {
            link.set_departure_sign(departure);
        }
    }

    /// A participant's seat is free: closes the link, unless media goes on and only the seat was
    /// lost. Returns whether the link is kept.
    fn left(&mut self, ctx: &mut Context, id: &ParticipantId, reason: LeaveReason) -> bool {
        let roster_is_complete = self.capabilities.roster_is_complete;
        if let (LeaveReason::Lost, Some(link)) = (reason, self.link_to(id)) {
            let has_media = link.is_healthy() && !link.is_silent();
            // Missing from an incomplete roster, the participant may still be there.
            let may_recover = !roster_is_complete && link.transport() == Transport::Disconnected;
            if has_media || may_recover {
                link.set_departure_sign(DepartureSign::LossOfMedia);
                return true;
            }
        }
        self.routes.end(id);
        self.not_sending.retain(|it| it != id);
        self.drop_participant(ctx, id);
        false
    }

    /// Handles what the browser reports of a link. Reports of closed links are ignored.
    fn report(&mut self, ctx: &mut Context, id: LinkId, report: LinkReport) {
        let never_offers = self.peer_always_offers();
        let Some(link) = self.link_mut(id) else {
            return;
        };
        let participant = link.participant().cloned();
        match report {
            LinkReport::Transport(transport) => self.transport_changed(ctx, id, transport),
            LinkReport::Measured(received) => self.measured(ctx, id, received),
            LinkReport::TracksChanged(sources) => {
                link.set_received(sources);
                if let Some(participant) = participant {
                    ctx.report(TopologyEvent::Changed(participant));
                }
            }
            LinkReport::DataOpened
            | LinkReport::DataClosed
            | LinkReport::Data(_)
            | LinkReport::Text(_) => self.data_reported(ctx, id, report),
            LinkReport::NegotiationNeeded if never_offers => {}
            report => match (link.handle_report(ctx, report), participant) {
                (Fate::Broken, participant) => self.negotiation_failed(ctx, id, participant),
                // A deferred offer may have been accepted.
                (Fate::Alive, Some(participant)) => self.add_early_candidates(ctx, &participant),
                (Fate::Alive, None) => {}
            },
        }
    }

    /// Handles the expiry of a link's timer.
    fn link_timed_out(&mut self, ctx: &mut Context, id: LinkId, timer: LinkTimer) {
        match timer {
            LinkTimer::Connect
            | LinkTimer::FirstOffer
            | LinkTimer::PeerRebuild
            | LinkTimer::Rebuild
            | LinkTimer::BroadcastRetry => self.rebuild_due(ctx, id, timer),
            LinkTimer::IceRestart | LinkTimer::PeerIceRestart => {
                self.ice_restart_timed_out(ctx, id, timer);
            }
            LinkTimer::Route => self.route_timed_out(ctx, id),
            LinkTimer::PeerReport | LinkTimer::IceRestartRetry => self.ice_restart_due(ctx, id),
            LinkTimer::Answer => self.answer_timed_out(ctx, id),
            LinkTimer::Gathering => self.gathering_timed_out(ctx, id),
            LinkTimer::Measure => self.measure(ctx, id),
            LinkTimer::Departure => self.departure_timed_out(ctx, id),
        }
    }

    /// The browser has failed, or the peer has sent what can't be used: that costs the peer its
    /// link. The first failures are followed by a new link at once, others by ever longer pauses.
    fn negotiation_failed(
        &mut self,
        ctx: &mut Context,
        id: LinkId,
        participant: Option<ParticipantId>,
    ) {
        let problem = Problem::NegotiationFailed;
        ctx.report(TopologyEvent::Problem(problem, participant));
        if let Some(link) = self.link_mut(id) {
            link.attempts_mut().count_failure(ctx.now());
        }
        self.rebuild(ctx, id, Cause::Broken);
    }

    /// A candidate that has not been found by now is not worth waiting for.
    fn gathering_timed_out(&mut self, ctx: &mut Context, id: LinkId) {
        if let Some(link) = self.link_mut(id) {
            link.stop_gathering(ctx);
        }
    }

    fn drop_participant(&mut self, ctx: &mut Context, id: &ParticipantId) {
        self.drop_deferred_offer(ctx, id);
        self.retire_links(ctx, &|link| link.is_for(id));
        self.history.forget_candidates(id);
        self.open_standby(ctx);
    }

    fn open(&mut self, ctx: &mut Context, role: LinkRole, target: Target) -> &mut Link {
        let departure = self.departure_sign();
        let link = Link::open(ctx, role, target, departure, self.capabilities.trickle);
        if link.participant().is_some() {
            link.recover_by(ctx, LinkTimer::Connect, CONNECT);
        }
        self.links.push(link);
        let last = self.links.len() - 1;
        &mut self.links[last]
    }

    fn open_offering(&mut self, ctx: &mut Context, target: Target) -> &mut Link {
        let link = self.open(ctx, LinkRole::Offerer, target);
        link.offer(ctx);
        link
    }

    /// Closes links and remembers their remote connections, so that late signals from there are
    /// recognized.
    fn retire_links(&mut self, ctx: &mut Context, which: &dyn Fn(&Link) -> bool) {
        for link in self.links.iter().filter(|link| which(link)) {
            if let (Some(participant), Some(end)) = (link.participant(), link.remote()) {
                self.history.retire(participant, end.clone());
            }
        }
        self.close_where(ctx, which);
    }

    fn close_where(&mut self, ctx: &mut Context, which: &dyn Fn(&Link) -> bool) {
        while let Some(index) = self.links.iter().position(which) {
            self.links.remove(index).close(ctx);
        }
    }

    /// What shows that a participant with a seat has left.
    fn departure_sign(&self) -> DepartureSign {
        match self.capabilities.departure {
            Departure::Unannounced => DepartureSign::LossOfMedia,
            _ => DepartureSign::ServerReport,
        }
    }

    /// Whether we never send an offer.
    fn peer_always_offers(&self) -> bool {
        self.capabilities.offerer == Offerer::Other
    }

    /// Whether offers are sent to whoever may be there.
    fn broadcasts_offers(&self) -> bool {
        self.capabilities.offerer == Offerer::Everyone
    }

    /// Whether we are the polite end. Both ends compare the same ids, so one of them is.
    fn is_polite_to(&self, other: &ParticipantId) -> bool {
        self.me.as_ref().is_some_and(|me| me > other)
    }

    fn is_alone(&self) -> bool {
        self.links.iter().all(|link| link.participant().is_none())
    }

    /// Whether there is room for a participant who has no link.
    fn has_room(&self) -> bool {
        self.has_room_besides(&|_| true)
    }

    fn has_room_for(&self, from: &ParticipantId) -> bool {
        self.has_room_besides(&|id| id != from)
    }

    fn has_room_besides(&self, counts: &dyn Fn(&ParticipantId) -> bool) -> bool {
        let participants = self.links.iter().filter_map(Link::participant);
        let others = participants.filter(|id| counts(id)).count();
        let capacity = self.capabilities.capacity;
        capacity.is_none_or(|capacity| others + 1 < capacity)
    }

    fn participants_where(&self, which: &dyn Fn(&Link) -> bool) -> Vec<ParticipantId> {
        let mut participants = Vec::new();
        for link in &self.links {
            if let Some(participant) = link.participant().filter(|_| which(link)) {
                participants.push(participant.clone());
            }
        }
        participants
    }

    fn link(&self, id: LinkId) -> Option<&Link> {
        self.links.iter().find(|link| link.id() == id)
    }

    fn link_of(&self, id: &ParticipantId) -> Option<&Link> {
        self.links.iter().find(|link| link.is_for(id))
    }

    fn link_to(&mut self, id: &ParticipantId) -> Option<&mut Link> {
        self.find_mut(&|link| link.is_for(id))
    }

    fn link_mut(&mut self, id: LinkId) -> Option<&mut Link> {
        self.find_mut(&|link| link.id() == id)
    }

    fn find_mut(&mut self, which: &dyn Fn(&Link) -> bool) -> Option<&mut Link> {
        self.links.iter_mut().find(|link| which(link))
    }
}
