//! Ways that are lost: links that are made anew, and participants who are given up.

use std::time::Duration;

use videocalls_protocol::{Departure, LeaveReason, Offerer, ParticipantId};

use super::{ESTABLISH, Mesh};
use crate::context::{Context, MeshEvent};
use crate::link::{Link, Target};
use crate::time::LinkTimer;
use crate::{LinkId, Transport};

/// How often a link is made anew before there is a pause, or, where no server would know better,
/// before its participant counts as gone.
const ATTEMPTS: u8 = 3;
/// How long a lost way may take to heal before its participant counts as gone. Browsers say
/// `disconnected` after 5 to 8 s of silence, so someone who vanished is gone after 9 to 12 s.
const DEPARTURE: Duration = Duration::from_secs(4);

/// Why a link is made anew.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Cause {
    /// It found no way, or lost it.
    Silence,
    /// The browser has failed.
    Broken,
}

impl Mesh {
    pub(crate) fn establish_timed_out(&mut self, ctx: &mut Context, id: LinkId) {
        if !self.online {
            return ctx.timer(LinkTimer::Establish(id), ESTABLISH);
        }
        if self.restart_again(ctx, id) {
            return;
        }
        let useless = |link: &Link| {
            link.transport != Transport::Connected
                || link.receiving.silent
                || link.reported_by_peer
                || link.is_broken()
        };
        if self.link(id).is_some_and(useless) {
            self.rebuild(ctx, id, Cause::Silence);
        }
    }

    pub(crate) fn departure_timed_out(&mut self, ctx: &mut Context, id: LinkId) {
        if !self.online {
            return ctx.timer(LinkTimer::Departure(id), DEPARTURE);
        }
        if let Some(participant) = self.link(id).and_then(Link::participant).cloned() {
            self.vanish(ctx, &participant);
        }
    }

    /// What could not be mended while there was no server is mended now.
    pub(super) fn catch_up(&mut self, ctx: &mut Context) {
        let lost = self.links.iter().filter(|link| {
            link.transport == Transport::Failed
                || link.transport == Transport::Disconnected
                || link.receiving.silent
                || link.is_broken()
        });
        let lost: Vec<_> = lost.map(|link| link.id).collect();
        for id in lost {
            let gone = self
                .link(id)
                .is_some_and(|link| link.transport == Transport::Failed);
            if !self.restart_ice(ctx, id) && gone {
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
        let online = self.online;
        let Some(link) = self.link_mut(id) else {
            return;
        };
        link.transport = transport;
        let Some(participant) = link.participant().cloned() else {
            return;
        };
        ctx.timers.stop(LinkTimer::Departure(id));
        match transport {
            Transport::Connected if !link.is_broken() => {
                link.attempt = 0;
                link.restarts = 0;
                ctx.timers.stop(LinkTimer::Establish(id));
                if !std::mem::replace(&mut link.has_connected, true) {
                    link.expect_answer(ctx);
                    self.watch(ctx, id);
                }
            }
            Transport::Disconnected if link.media_only => {
                ctx.timer(LinkTimer::Departure(id), DEPARTURE);
                if self.deferred_offer.is_some() {
                    return self.vanish(ctx, &participant);
                }
            }
            Transport::Disconnected => {
                self.restart_ice(ctx, id);
            }
            Transport::Failed | Transport::Closed if !online => {}
            Transport::Failed | Transport::Closed if link.media_only => {
                return self.vanish(ctx, &participant);
            }
            Transport::Failed | Transport::Closed => {
                ctx.mesh_events.push(MeshEvent::Changed(participant));
                if transport == Transport::Closed || !self.restart_ice(ctx, id) {
                    self.rebuild(ctx, id, Cause::Silence);
                }
                return;
            }
            _ => {}
        }
        ctx.mesh_events.push(MeshEvent::Changed(participant));
    }

    /// Makes a link anew. After a silence, which both ends notice, the impolite side offers, and
    /// the polite one every other time, in case the other takes no turns. A broken link is known
    /// at this end alone. Who can't be reached in the end has gone, unless a server would know;
    /// who has no seat any more can't be told of a new link, and who offers always need not be.
    pub(super) fn rebuild(&mut self, ctx: &mut Context, id: LinkId, cause: Cause) {
        let Some(link) = self.link_mut(id) else {
            return;
        };
        let Some(participant) = link.participant().cloned() else {
            return self.rebuild_call(ctx, id, cause);
        };
        link.attempt = link.attempt.saturating_add(1);
        let (attempt, pause, media_only) = (link.attempt, link.patience(), link.media_only);
        let (broken, unasked) = (link.is_broken(), link.awaits_offer());
        let was_heard = link.was_heard();
        let seatless = self.capabilities.departure == Departure::Announced;
        let theirs = self.capabilities.offerer == Offerer::Other;
        if media_only && (seatless || theirs || attempt > ATTEMPTS || self.deferred_offer.is_some())
        {
            return self.vanish(ctx, &participant);
        }
        let waits = match cause {
            Cause::Broken => attempt > ATTEMPTS,
            Cause::Silence => {
                !broken && !unasked && attempt % 2 == 1 && self.is_polite_to(&participant)
            }
        };
        if waits {
            return ctx.timer(LinkTimer::Establish(id), pause);
        }
        self.retire_links(ctx, &|link| link.is_for(&participant));
        let id = self.open_offering(ctx, Target::One(participant.clone()));
        if let Some(link) = self.link_mut(id) {
            link.attempt = attempt;
            if was_heard {
                link.overhear();
            }
            ctx.timer(LinkTimer::Establish(id), link.patience());
        }
        ctx.mesh_events.push(MeshEvent::Changed(participant));
    }

    /// Makes a link anew that leads to nobody yet. One that was made in advance may be missing.
    fn rebuild_call(&mut self, ctx: &mut Context, id: LinkId, cause: Cause) {
        let calls = self
            .links
            .iter()
            .any(|link| link.id == id && link.target == Target::Anyone);
        if calls && cause == Cause::Broken {
            return ctx.timer(LinkTimer::Establish(id), ESTABLISH);
        }
        self.close_where(ctx, &|link| link.id == id);
        if calls {
            self.open_offering(ctx, Target::Anyone);
        }
    }

    fn vanish(&mut self, ctx: &mut Context, id: &ParticipantId) {
        let was_there = self.link_of(id).is_some_and(Link::was_heard);
        self.drop_participant(ctx, id);
        ctx.mesh_events
            .push(MeshEvent::Vanished(id.clone(), LeaveReason::Lost));
        if self
            .deferred_offer
            .as_ref()
            .is_some_and(|(from, _)| from != id)
        {
            ctx.timers.stop(LinkTimer::DeferredOffer);
            self.deferred_offer_timed_out(ctx);
        }
        // They may have been cut off only, and wait as we do; or somebody else may come.
        if self.broadcasts_offers() && self.links.is_empty() {
            self.open_offering(ctx, Target::Anyone);
        } else if was_there && self.capabilities.offerer == Offerer::Present {
            self.reoffer(ctx, id);
        }
    }

    /// Offers to someone who counts as gone, twice, by what is known of them: the polite side takes
    /// more turns for that. Who answers, and is lost again, is called again.
    fn reoffer(&mut self, ctx: &mut Context, id: &ParticipantId) {
        self.offer_to(ctx, id);
        let polite = u8::from(self.is_polite_to(id));
        if let Some(link) = self.link_to(id) {
            link.attempt = ATTEMPTS - 1 - polite;
            ctx.timer(LinkTimer::Establish(link.id), link.patience());
        }
    }
}
