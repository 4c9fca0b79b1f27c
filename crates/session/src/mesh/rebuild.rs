//! Links that are lost: they are replaced, or their participants count as gone.

use std::time::Duration;

use videocalls_protocol::{Departure, LeaveReason, Offerer, ParticipantId};

use super::{CONNECT, Mesh};
use crate::context::Context;
use crate::link::{Attempts, Link, Target};
use crate::timers::LinkTimer;
use crate::topology_event::TopologyEvent;
use crate::{LinkId, Problem, Transport};

/// How long an interrupted link may take to recover before its participant counts as gone. Browsers
/// report `disconnected` 5 to 8 s after the last packet, so a participant who disappears counts as
/// gone after 9 to 12 s.
const DEPARTURE: Duration = Duration::from_secs(4);

/// How long to wait at least between attempts once no network path was found.
const NO_ROUTE_RETRY: Duration = Duration::from_secs(30);
/// The largest random addition to that, in milliseconds. Both ends make attempts, and offers that
/// cross each time would never lead to a connection.
const NO_ROUTE_JITTER: u32 = 5_000;

/// Why a link is replaced.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Cause {
    /// It did not connect, or its connection is lost.
    Silence,
    /// The browser has failed, or the peer's connection is another one.
    Broken,
}

impl Mesh {
    /// The time for a link to recover is over.
    pub(super) fn rebuild_due(&mut self, ctx: &mut Context, id: LinkId, timer: LinkTimer) {
        let Some(link) = self.link(id) else {
            return;
        };
        if !self.online {
            link.recover_by(ctx, timer, CONNECT);
        } else if link.needs_rebuild() {
            self.rebuild(ctx, id, Cause::Silence);
        }
    }

    pub(super) fn departure_timed_out(&mut self, ctx: &mut Context, id: LinkId) {
        let Some(link) = self.link(id) else {
            return;
        };
        if !self.online {
            link.start(ctx, LinkTimer::Departure, DEPARTURE);
        } else if let Some(participant) = link.participant().cloned() {
            self.participant_lost(ctx, &participant);
        }
    }

    /// Recovers the links that were lost while the server could not be reached.
    pub(super) fn recover_lost_links(&mut self, ctx: &mut Context) {
        let is_lost = |link: &&Link| {
            let transport = link.transport();
            let is_interrupted = matches!(transport, Transport::Failed | Transport::Disconnected);
            is_interrupted || link.is_silent() || link.is_broken()
        };
        let lost: Vec<_> = self.links.iter().filter(is_lost).map(Link::id).collect();
        for id in lost {
            let has_failed = self
                .link(id)
                .is_some_and(|link| link.transport() == Transport::Failed);
            if !self.restart_ice(ctx, id) && has_failed {
                self.rebuild(ctx, id, Cause::Silence);
            }
        }
    }

    pub(super) fn transport_changed(
        &mut self,
        ctx: &mut Context,
        id: LinkId,
        transport: Transport,
    ) {
        let Some(link) = self.link_mut(id) else {
            return;
        };
        link.set_transport(transport);
        let Some(participant) = link.participant().cloned() else {
            return;
        };
        link.stop(ctx, LinkTimer::Departure);
        match transport {
            Transport::Connected if !link.is_broken() => {
                if link.connected(ctx) {
                    self.start_measuring(ctx, id);
                }
                self.routes.end(&participant);
                ctx.report(TopologyEvent::Changed(participant));
            }
            Transport::Disconnected => self.interrupted(ctx, id, participant),
            Transport::Failed | Transport::Closed => {
                self.connection_lost(ctx, id, participant, transport);
            }
            _ => ctx.report(TopologyEvent::Changed(participant)),
        }
    }

    fn interrupted(&mut self, ctx: &mut Context, id: LinkId, participant: ParticipantId) {
        let has_successor = self.deferred_offers.has_successor();
        match self.link(id) {
            Some(link) if link.shows_departure_by_media() => {
                link.start(ctx, LinkTimer::Departure, DEPARTURE);
                if has_successor {
                    return self.participant_lost(ctx, &participant);
                }
            }
            _ => drop(self.restart_ice(ctx, id)),
        }
        ctx.report(TopologyEvent::Changed(participant));
    }

    fn connection_lost(
        &mut self,
        ctx: &mut Context,
        id: LinkId,
        participant: ParticipantId,
        transport: Transport,
    ) {
        let is_gone = self.link(id).is_some_and(Link::shows_departure_by_media);
        if !self.online {
            ctx.report(TopologyEvent::Changed(participant));
        } else if !self.link(id).is_some_and(Link::was_connected) {
            self.no_path_found(ctx, id, participant);
        } else if is_gone {
            self.participant_lost(ctx, &participant);
        } else {
            ctx.report(TopologyEvent::Changed(participant));
            if transport == Transport::Closed || !self.restart_ice(ctx, id) {
                self.rebuild(ctx, id, Cause::Silence);
            }
        }
    }

    /// ICE has given up before there was a path. It does so at once where there are no candidates,
    /// so only the first link is replaced without waiting for the time it has to connect.
    fn no_path_found(&mut self, ctx: &mut Context, id: LinkId, participant: ParticipantId) {
        let is_first = self.link(id).is_some_and(|link| link.attempts().is_first());
        let is_known = self.routes.is_missing(&participant);
        ctx.report(TopologyEvent::Changed(participant));
        if is_first && !is_known {
            self.rebuild(ctx, id, Cause::Silence);
        }
    }

    /// Tells the app if there is no network path to a participant. If the server answers pings, it
    /// has to show first that our own network works.
    pub(super) fn check_route(&mut self, ctx: &mut Context, id: &ParticipantId) {
        if !self.routes.is_due(id, ctx.now()) {
            return;
        }
        if self.capabilities.answers_ping {
            ctx.report(TopologyEvent::ServerSuspect);
        } else {
            self.report_missing_routes(ctx);
        }
    }

    pub(super) fn report_missing_routes(&mut self, ctx: &mut Context) {
        for id in self.routes.take_reports() {
            let event = TopologyEvent::Problem(Problem::NoRoute, Some(id));
            ctx.report(event);
        }
    }

    /// Limits the time that a participant's link may take to connect.
    pub(super) fn limit_connect_time(&self, ctx: &mut Context, id: &ParticipantId) {
        let time = self.at_least_retry_pause(ctx, id, CONNECT);
        if let Some(link) = self.link_of(id) {
            link.recover_by(ctx, LinkTimer::Connect, time);
        }
    }

    /// The time until the next attempt: longer each time, and long if there is no network path.
    fn attempt_time(&self, ctx: &mut Context, id: &ParticipantId, attempts: Attempts) -> Duration {
        self.at_least_retry_pause(ctx, id, attempts.scale(CONNECT))
    }

    fn at_least_retry_pause(
        &self,
        ctx: &mut Context,
        id: &ParticipantId,
        time: Duration,
    ) -> Duration {
        if !self.routes.is_missing(id) {
            return time;
        }
        let jitter = Duration::from_millis((ctx.random() % NO_ROUTE_JITTER).into());
        time.max(NO_ROUTE_RETRY) + jitter
    }

    /// Replaces a link, or decides that its participant is gone or that the peer is to replace it.
    ///
    /// Both ends notice that a connection is lost; then the impolite end offers. A broken link is
    /// known at this end alone.
    pub(super) fn rebuild(&mut self, ctx: &mut Context, id: LinkId, cause: Cause) {
        let polite = self.is_polite_in(id);
        let Some(link) = self.link_mut(id) else {
            return;
        };
        let Some(participant) = link.participant().cloned() else {
            return self.rebuild_without_participant(ctx, id, cause);
        };
        link.attempts_mut().next();
        self.check_route(ctx, &participant);
        if self.is_given_up(id) {
            return self.participant_lost(ctx, &participant);
        }
        if let Some(waiting) = self.rebuild_has_to_wait(id, cause, polite) {
            return self.wait_to_rebuild(ctx, id, waiting);
        }
        self.replace(ctx, id, participant);
    }

    /// Whether the participant of a link that does not recover counts as gone. Where a server would
    /// report a departure, the participant is there as long as they have a seat. One without a seat
    /// can't be sent an offer, and a peer that always offers does not expect one.
    fn is_given_up(&self, id: LinkId) -> bool {
        let is_unreachable = self.capabilities.departure == Departure::Announced;
        let peer_offers = self.peer_always_offers();
        let has_successor = self.deferred_offers.has_successor();
        self.link(id).is_some_and(|link| {
            let is_used_up = link.attempts().are_used_up();
            link.shows_departure_by_media()
                && (is_unreachable || peer_offers || is_used_up || has_successor)
        })
    }

    /// What a rebuild has to wait for, if anything.
    fn rebuild_has_to_wait(&mut self, id: LinkId, cause: Cause, polite: bool) -> Option<LinkTimer> {
        let link = self.link_mut(id)?;
        match cause {
            Cause::Broken => link.attempts().need_pause().then_some(LinkTimer::Rebuild),
            Cause::Silence => {
                let is_known_to_peer = !link.is_broken() && !link.awaits_first_offer();
                let waits = polite && is_known_to_peer && link.attempts_mut().polite_end_waits();
                waits.then_some(LinkTimer::PeerRebuild)
            }
        }
    }

    fn wait_to_rebuild(&self, ctx: &mut Context, id: LinkId, timer: LinkTimer) {
        if let Some(link) = self.link(id)
            && let Some(participant) = link.participant()
        {
            let time = self.attempt_time(ctx, participant, link.attempts());
            link.recover_by(ctx, timer, time);
        }
    }

    /// Opens a new link in the place of another one, with an offer.
    fn replace(&mut self, ctx: &mut Context, id: LinkId, participant: ParticipantId) {
        let Some(link) = self.link(id) else {
            return;
        };
        let (attempts, has_heard) = (link.attempts(), link.has_heard_from_peer());
        self.retire_links(ctx, &|link| link.is_for(&participant));
        // The new offer takes the place of a stored one.
        self.close_where(ctx, &|link| *link.target() == Target::Anyone);
        let time = self.attempt_time(ctx, &participant, attempts);
        let link = self.open_offering(ctx, Target::One(participant.clone()));
        link.take_over(attempts, has_heard);
        link.recover_by(ctx, LinkTimer::Connect, time);
        ctx.report(TopologyEvent::Changed(participant));
    }

    /// Replaces a link that leads to nobody yet. Only a broadcast offer is needed again; a link
    /// that was prepared in advance may be missing.
    fn rebuild_without_participant(&mut self, ctx: &mut Context, id: LinkId, cause: Cause) {
        let Some(link) = self.link(id) else {
            return;
        };
        let is_broadcast = *link.target() == Target::Anyone;
        if is_broadcast && cause == Cause::Broken {
            return link.recover_by(ctx, LinkTimer::BroadcastRetry, CONNECT);
        }
        self.close_where(ctx, &|link| link.id() == id);
        if is_broadcast {
            self.open_offering(ctx, Target::Anyone);
        }
    }

    /// The room is full, and someone has come: possibly the new page of a participant who has
    /// reloaded. A participant whose link is silent counts as gone; the others are measured more
    /// often for a while.
    pub(super) fn look_for_predecessor(&mut self, ctx: &mut Context) {
        let is_gone = |link: &&Link| link.shows_departure_by_media() && link.is_silent();
        let gone = self.links.iter().find(is_gone).and_then(Link::participant);
        match gone.cloned() {
            Some(gone) => self.participant_lost(ctx, &gone),
            None => self.suspect_all(ctx),
        }
    }

    /// A participant can't be reached any more, and counts as gone.
    fn participant_lost(&mut self, ctx: &mut Context, id: &ParticipantId) {
        let had_sent = self.link_of(id).is_some_and(Link::has_heard_from_peer);
        self.drop_participant(ctx, id);
        ctx.report(TopologyEvent::Lost(id.clone(), LeaveReason::Lost));
        self.accept_successors(ctx);
        // The participant may only have lost the connection and wait as we do, or another may join.
        if self.broadcasts_offers() && self.links.is_empty() {
            self.open_offering(ctx, Target::Anyone);
        } else if had_sent && self.capabilities.offerer == Offerer::Present {
            self.offer_to_lost(ctx, id);
        }
    }

    /// Offers twice to a participant who counts as gone.
    fn offer_to_lost(&mut self, ctx: &mut Context, id: &ParticipantId) {
        self.offer_to(ctx, id);
        let polite = self.is_polite_to(id);
        let attempts = Attempts::last_two(polite);
        let time = self.attempt_time(ctx, id, attempts);
        if let Some(link) = self.link_to(id) {
            *link.attempts_mut() = attempts;
            link.recover_by(ctx, LinkTimer::Connect, time);
        }
    }
}
