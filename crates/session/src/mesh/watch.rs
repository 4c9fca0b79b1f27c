//! Whether something comes in by the links, and what is done about silence.

use std::time::Duration;

use videocalls_protocol::{Offerer, ParticipantId};

use super::Mesh;
use crate::context::{Context, MeshEvent};
use crate::link::Link;
use crate::time::LinkTimer;
use crate::{LinkId, LinkOp, Transport};

/// How often ICE is restarted on a link before the link is made anew.
const RESTARTS: u8 = 2;
/// How long a restart may take: an exchange of descriptions and ICE's own checks on a slow network.
const RESTART: Duration = Duration::from_secs(4);
/// How long the polite end waits for a restart of the other's.
const TURN: Duration = Duration::from_secs(1);
/// What was cut off for a short while heals by itself, so soon after the network is back.
const HEALING: Duration = Duration::from_millis(500);

impl Mesh {
    /// A link is there: from now on it is measured.
    pub(super) fn watch(&self, ctx: &mut Context, id: LinkId) {
        if self.measures {
            ctx.timer(LinkTimer::Measure(id), Duration::ZERO);
        }
    }

    /// It is time to measure a link.
    pub(crate) fn measure(&mut self, ctx: &mut Context, id: LinkId) {
        let now = ctx.now;
        if let Some(link) = self.link_mut(id) {
            ctx.link(id, LinkOp::Measure);
            ctx.timer(LinkTimer::Measure(id), link.receiving.pause(now));
        }
    }

    /// Has all links looked at closely: the network may be another.
    pub(crate) fn suspect_all(&mut self, ctx: &mut Context) {
        self.suspect(ctx, |_| true);
    }

    /// Has one looked at closely, whose connection to the server is lost.
    pub(crate) fn suspect_one(&mut self, ctx: &mut Context, participant: &ParticipantId) {
        self.suspect(ctx, |link| link.is_for(participant));
    }

    fn suspect(&mut self, ctx: &mut Context, which: impl Fn(&Link) -> bool) {
        let now = ctx.now;
        let watched = self.measures;
        for link in self.links.iter_mut().filter(|link| which(link)) {
            if watched && link.has_connected {
                link.receiving.suspect(now);
                ctx.timer(LinkTimer::Measure(link.id), Duration::ZERO);
            }
        }
    }

    /// The browser has counted what came in by a link.
    pub(super) fn measured(&mut self, ctx: &mut Context, id: LinkId, received: u64) {
        let now = ctx.now;
        let Some(link) = self.link_mut(id) else {
            return;
        };
        let before = link.receiving.silent;
        link.receiving.measured(now, received);
        let silent = link.receiving.silent;
        if before != silent {
            let participant = link.participant().cloned();
            ctx.mesh_events.extend(participant.map(MeshEvent::Changed));
        }
        if link.receiving.is_overdue(now) {
            ctx.mesh_events.push(MeshEvent::ServerSuspect);
        }
        match (before, silent) {
            (_, true) => drop(self.restart_ice(ctx, id)),
            (true, false) => self.recovered(ctx, id),
            (false, false) => {}
        }
    }

    /// Something comes in again.
    pub(super) fn recovered(&mut self, ctx: &mut Context, id: LinkId) {
        if let Some(link) = self.find_mut(&|link| link.id == id && link.restarts > 0) {
            link.restarts = 0;
            ctx.timers.stop(LinkTimer::Establish(id));
        }
    }

    /// A participant says, by the server, whether they can hear us.
    pub(crate) fn reported_by_peer(
        &mut self,
        ctx: &mut Context,
        participant: &ParticipantId,
        deaf: bool,
    ) {
        let heals = self.measures;
        let Some(link) = self.link_to(participant) else {
            if deaf {
                self.reoffer_to_peer(ctx, participant);
            }
            return;
        };
        let (id, timer) = (link.id, LinkTimer::RestartIce(link.id));
        let before = std::mem::replace(&mut link.reported_by_peer, deaf);
        if deaf && !before {
            let lost = !heals || link.transport == Transport::Failed;
            ctx.timer(timer, if lost { Duration::ZERO } else { HEALING });
            // What does not get through in one direction may not in the other.
            self.suspect_one(ctx, participant);
        } else if !deaf {
            ctx.timers.stop(timer);
            if !link.is_not_receiving() {
                self.recovered(ctx, id);
            }
        }
    }

    /// A link has had the time to heal, or to come out of what it was in, by itself.
    pub(crate) fn restart_ice_timed_out(&mut self, ctx: &mut Context, id: LinkId) {
        self.restart_ice_now(ctx, id);
        if self.link(id).is_some_and(|link| link.restarts == 0) {
            ctx.timer(LinkTimer::RestartIce(id), TURN);
        }
    }

    /// The server is heard, so the network is there: what is lost for good can be mended.
    pub(crate) fn reachable(&mut self, ctx: &mut Context) {
        let lost = self.links.iter_mut().filter_map(|link| {
            let waits = std::mem::take(&mut link.awaits_server);
            (waits && link.is_not_receiving()).then_some(link.id)
        });
        let lost: Vec<_> = lost.collect();
        lost.into_iter()
            .for_each(|id| self.restart_ice_now(ctx, id));
    }

    /// Has a link mended that was there and is silent or lost. Returns whether there is hope.
    ///
    /// A restart that the other end can't answer yet does harm: Chromium 156 turns to the new way
    /// at once, and Firefox 153 takes nothing from there before it has answered. So a silence,
    /// which may be that of a network gone dark and heals by itself, is told to the room, and who
    /// is told by the other end, and so knows that both can be reached, restarts. What is lost for
    /// good waits only for our own way to the server. Where nothing is told, a silence has to do.
    pub(super) fn restart_ice(&mut self, ctx: &mut Context, id: LinkId) -> bool {
        let told = self.capabilities.receive_reports;
        if !self.can_restart_ice(id) {
            return false;
        }
        match self.link_mut(id) {
            Some(link) if told && link.transport == Transport::Failed => {
                link.awaits_server = true;
                ctx.mesh_events.push(MeshEvent::ServerSuspect);
            }
            Some(_) if !told => self.restart_ice_now(ctx, id),
            _ => {}
        }
        true
    }

    /// Restarts ICE on a link, unless that is under way.
    fn restart_ice_now(&mut self, ctx: &mut Context, id: LinkId) {
        let rests = self.link(id).is_some_and(|link| link.restarts == 0);
        if rests && self.can_restart_ice(id) {
            self.restart(ctx, id);
        }
    }

    fn can_restart_ice(&self, id: LinkId) -> bool {
        let possible = self.online && self.capabilities.offerer != Offerer::Other;
        let link = self.link(id).filter(|_| possible);
        link.is_some_and(|it| it.has_connected && it.is_agreed() && !it.is_broken())
    }

    /// Restarts ICE. Both ends notice a silence, and browsers do not take it well when both restart
    /// at once; so the polite one leaves the first turn to the other.
    fn restart(&mut self, ctx: &mut Context, id: LinkId) {
        let polite = self.leaves_first_turn(id);
        if let Some(link) = self.link_mut(id) {
            link.restarts += 1;
            let waits = polite && link.restarts == 1;
            // An offer that is still to be answered starts ICE anew already, or comes before that.
            if !waits && link.is_agreed() {
                ctx.link(id, LinkOp::RestartIce);
            }
            let real = link.restarts - u8::from(polite);
            let pause = RESTART * u32::from(real);
            ctx.timer(LinkTimer::Establish(id), if waits { TURN } else { pause });
        }
    }

    fn leaves_first_turn(&self, id: LinkId) -> bool {
        let participant = self.link(id).and_then(Link::participant);
        participant.is_some_and(|other| self.is_polite_to(other))
    }

    /// A restart has not helped in time. Returns whether another is tried.
    pub(super) fn restart_again(&mut self, ctx: &mut Context, id: LinkId) -> bool {
        let most = RESTARTS + u8::from(self.leaves_first_turn(id));
        let again = self.link(id).is_some_and(|link| {
            let wanted = link.reported_by_peer || link.is_not_receiving();
            wanted && (1..most).contains(&link.restarts) && link.transport != Transport::Closed
        });
        if again {
            self.restart(ctx, id);
        }
        again
    }

    /// Whom we can't hear or see, though we should.
    pub(crate) fn not_receiving(&self) -> Vec<ParticipantId> {
        let not_receiving = self.links.iter().filter(|link| link.is_not_receiving());
        not_receiving
            .filter_map(Link::participant)
            .cloned()
            .collect()
    }
}

impl Link {
    /// Whether it was there, and nothing comes in by it.
    fn is_not_receiving(&self) -> bool {
        let lost = match self.transport {
            // Some browsers say so of a way that only loses much.
            Transport::Disconnected => !self.receiving.is_established(),
            Transport::Failed => true,
            _ => false,
        };
        self.has_connected && (self.receiving.silent || lost)
    }
}
