//! Whether links receive media, and ICE restarts on those that do not.

use std::time::Duration;

use videocalls_protocol::{MediaState, ParticipantId, TrackKind, TrackState};

use super::Mesh;
use super::rebuild::Cause;
use crate::context::Context;
use crate::link::Link;
use crate::timers::LinkTimer;
use crate::topology_event::TopologyEvent;
use crate::{LinkId, LinkOp, Transport};

/// A link that was cut off for a short while recovers by itself this soon after the network is back.
const RECOVERY: Duration = Duration::from_millis(500);
/// How long to wait before an ICE restart that was not possible is tried again.
const RESTART_RETRY: Duration = Duration::from_secs(1);

impl Mesh {
    /// A link has connected: from now on it is measured.
    pub(super) fn start_measuring(&mut self, ctx: &mut Context, id: LinkId) {
        let (now, not_sending) = (ctx.now(), self.not_sending.clone());
        let measures = self.measures;
        let Some(link) = self.link_mut(id).filter(|_| measures) else {
            return;
        };
        let sends = !link
            .participant()
            .is_some_and(|it| not_sending.contains(it));
        link.expect_media(now, sends);
        link.start(ctx, LinkTimer::Measure, Duration::ZERO);
    }

    /// A participant's tracks have changed. If none sends, nothing is expected to arrive. Muted sound
    /// still sends packets; muted pictures may not.
    pub(super) fn media_changed(
        &mut self,
        ctx: &mut Context,
        id: &ParticipantId,
        media: &MediaState,
    ) {
        let sends = media.tracks().any(|(source, state)| match source.kind() {
            TrackKind::Audio => state.has_device(),
            TrackKind::Video => state == TrackState::Live,
        });
        self.not_sending.retain(|it| it != id);
        if !sends {
            self.not_sending.push(id.clone());
        }
        if let Some(link) = self.link_to(id) {
            link.expect_media(ctx.now(), sends);
        }
    }

    pub(super) fn measure(&mut self, ctx: &mut Context, id: LinkId) {
        let now = ctx.now();
        let Some(link) = self.link_mut(id) else {
            return;
        };
        if let Some(interval) = link.monitor_mut().map(|monitor| monitor.interval(now)) {
            ctx.link(id, LinkOp::Measure);
            link.start(ctx, LinkTimer::Measure, interval);
        }
    }

    /// Has all links measured more often for a while: the network may be another.
    pub(super) fn suspect_all(&mut self, ctx: &mut Context) {
        self.suspect(ctx, &|_| true);
    }

    /// Has one link measured more often for a while: its participant has lost the connection to the
    /// server.
    pub(super) fn suspect_one(&mut self, ctx: &mut Context, participant: &ParticipantId) {
        self.suspect(ctx, &|link| link.is_for(participant));
    }

    fn suspect(&mut self, ctx: &mut Context, which: &dyn Fn(&Link) -> bool) {
        if !self.measures {
            return;
        }
        let now = ctx.now();
        for link in self.links.iter_mut().filter(|link| which(link)) {
            if let Some(monitor) = link.monitor_mut() {
                monitor.suspect(now);
                link.start(ctx, LinkTimer::Measure, Duration::ZERO);
            }
        }
    }

    /// The browser has counted what a link has received.
    pub(super) fn measured(&mut self, ctx: &mut Context, id: LinkId, received: u64) {
        let now = ctx.now();
        let Some(link) = self.link_mut(id) else {
            return;
        };
        let Some(monitor) = link.monitor_mut() else {
            return;
        };
        let was_silent = monitor.is_silent();
        monitor.measured(now, received);
        let is_silent = monitor.is_silent();
        if monitor.is_overdue(now) {
            ctx.report(TopologyEvent::ServerSuspect);
        }
        if was_silent != is_silent {
            let participant = link.participant().cloned();
            if let Some(participant) = participant {
                ctx.report(TopologyEvent::Changed(participant));
            }
        }
        if !is_silent {
            if was_silent {
                link.recovered(ctx);
            }
        } else if self.deferred_offers.has_successor() {
            self.look_for_predecessor(ctx);
        } else {
            self.restart_ice(ctx, id);
        }
    }

    /// A participant reports, through the server, whether they miss our media.
    pub(super) fn reported_by_peer(
        &mut self,
        ctx: &mut Context,
        participant: &ParticipantId,
        not_receiving: bool,
    ) {
        let may_recover = self.measures;
        let Some(link) = self.link_to(participant) else {
            if not_receiving {
                self.offer_to_returned(ctx, participant);
            }
            return;
        };
        let is_known = link.is_reported_by_peer();
        link.set_reported_by_peer(not_receiving);
        if !not_receiving {
            link.stop(ctx, LinkTimer::PeerReport);
            link.stop(ctx, LinkTimer::IceRestartRetry);
            if !link.is_not_receiving() {
                link.recovered(ctx);
            }
        } else if !is_known {
            let is_lost = !may_recover || link.transport() == Transport::Failed;
            let time = if is_lost { Duration::ZERO } else { RECOVERY };
            link.start(ctx, LinkTimer::PeerReport, time);
            // If packets are lost in one direction, they may be lost in the other.
            self.suspect_one(ctx, participant);
        }
    }

    /// A link on which the peer receives nothing has had time to recover by itself, or to finish
    /// the exchange that was under way.
    pub(super) fn ice_restart_due(&mut self, ctx: &mut Context, id: LinkId) {
        self.restart_ice_now(ctx, id);
        if let Some(link) = self.link(id).filter(|link| link.is_ice_restart_idle()) {
            link.start(ctx, LinkTimer::IceRestartRetry, RESTART_RETRY);
        }
    }

    /// Something has arrived from the server, so the network is there: ICE can be restarted where
    /// the connection is lost.
    pub(super) fn restart_ice_where_waiting(&mut self, ctx: &mut Context) {
        let waiting = self.links.iter_mut().filter_map(|link| {
            let is_due = link.take_waiting_ice_restart();
            is_due.then_some(link.id())
        });
        let waiting: Vec<_> = waiting.collect();
        for id in waiting {
            self.restart_ice_now(ctx, id);
        }
    }

    /// Has ICE restarted on a link by which nothing arrives. Returns whether that can help.
    ///
    /// A restart that the peer can't answer yet does harm: Chromium 156 switches to the new
    /// credentials at once, and Firefox 153 accepts no packet with them before it has answered. So
    /// where peers exchange receive reports, silence alone restarts nothing, since the network may
    /// come back by itself: we report it, and the peer, which now knows that the server reaches
    /// both, restarts. A connection that has failed waits only for our own server. Without receive
    /// reports, silence has to do. Where the server stores the last offer, that offer may be
    /// answered by a new page of the peer, which can't answer a restart: it is by a new connection.
    pub(super) fn restart_ice(&mut self, ctx: &mut Context, id: LinkId) -> bool {
        let has_reports = self.capabilities.receive_reports;
        if !self.can_restart_ice(id) {
            return false;
        }
        if self.capabilities.stores_offer {
            self.store_offer(ctx);
        } else if !has_reports {
            self.restart_ice_now(ctx, id);
        } else if let Some(link) = self.link_mut(id)
            && link.transport() == Transport::Failed
        {
            link.restart_ice_when_online();
            ctx.report(TopologyEvent::ServerSuspect);
        }
        true
    }

    /// Restarts ICE on a link, unless a restart is under way.
    fn restart_ice_now(&mut self, ctx: &mut Context, id: LinkId) {
        let is_possible = self.can_restart_ice(id);
        let polite = self.is_polite_in(id);
        if let Some(link) = self.link_mut(id)
            && is_possible
            && link.is_ice_restart_idle()
        {
            link.restart_ice(ctx, polite);
        }
    }

    /// A link has not connected with the ICE servers that it began with: restarts ICE with those that
    /// the server has offered meanwhile.
    pub(super) fn route_timed_out(&mut self, ctx: &mut Context, id: LinkId) {
        let online = self.online;
        if let Some(link) = self.link_mut(id).filter(|_| online) {
            link.look_for_other_route(ctx, super::CONNECT);
        }
    }

    fn can_restart_ice(&self, id: LinkId) -> bool {
        let is_possible = self.online && !self.peer_always_offers();
        is_possible && self.link(id).is_some_and(Link::can_restart_ice)
    }

    /// Whether we are the polite end of a link.
    pub(super) fn is_polite_in(&self, id: LinkId) -> bool {
        let participant = self.link(id).and_then(Link::participant);
        participant.is_some_and(|other| self.is_polite_to(other))
    }

    /// An ICE restart has not helped in time: tries another one, or replaces the link.
    pub(super) fn ice_restart_timed_out(
        &mut self,
        ctx: &mut Context,
        id: LinkId,
        timer: LinkTimer,
    ) {
        let online = self.online;
        let Some(link) = self.link_mut(id) else {
            return;
        };
        if !online {
            link.recover_by(ctx, timer, super::CONNECT);
        } else if link.may_restart_ice_again() {
            link.restart_ice(ctx, false);
        } else if link.needs_rebuild() {
            self.rebuild(ctx, id, Cause::Silence);
        }
    }
}
