//! Offers, answers and candidates: which link each is for, and what to do with those that cross,
//! come early or come late.

use std::time::Duration;

use videocalls_protocol::{Candidate, GlareRule, ParticipantId, Signal};

use super::Mesh;
use super::deferred_offers::{DeferReason, DeferredOffer};
use super::rebuild::Cause;
use crate::context::Context;
use crate::link::{DepartureSign, Link, RemoteDescription, RemoteEnd, Target};
use crate::time::Timestamp;
use crate::timers::{LinkTimer, TopologyTimer};
use crate::topology_event::TopologyEvent;
use crate::{LinkOp, LinkRole, Problem};

/// An offer unanswered for so long has reached nobody: yielding to another offer costs nothing.
const LOST_OFFER: Duration = Duration::from_secs(1);
/// Offers cross for so long at most. One that comes later comes from a peer that has given up ours.
const CROSSING: Duration = Duration::from_secs(4);
/// How long a polite end waits for an answer to its own offer before it accepts the peer's.
const POLITE_WAIT: Duration = Duration::from_millis(250);
/// How long a newcomer to a full room may wait for a participant to turn out gone.
const SUCCESSOR_WAIT: Duration = Duration::from_secs(20);

impl Mesh {
    /// Handles a signal from a participant.
    pub(super) fn handle_signal(&mut self, ctx: &mut Context, from: ParticipantId, signal: Signal) {
        let (id, sdp, sources, is_offer) = match signal {
            Signal::Candidate(candidate) => return self.handle_candidate(ctx, from, candidate),
            Signal::Offer { id, sdp, sources } => (id, sdp, sources, true),
            Signal::Answer { id, sdp, sources } => (id, sdp, sources, false),
        };
        let Some(end) = RemoteEnd::of(&sdp) else {
            return self.handle_unreadable(ctx, from);
        };
        let description = RemoteDescription {
            id,
            sdp,
            sources,
            end,
        };
        if is_offer {
            self.handle_offer(ctx, from, description);
        } else {
            self.handle_answer(ctx, from, description);
        }
    }

    /// Handles a description that is unreadable. The peer's negotiation is stuck without an answer,
    /// so its link is replaced.
    fn handle_unreadable(&mut self, ctx: &mut Context, from: ParticipantId) {
        if let Some(link) = self.link_to(&from) {
            if !link.is_broken() {
                link.give_up();
                let id = link.id();
                self.negotiation_failed(ctx, id, Some(from));
            }
        } else if self.history.is_first_unreadable(&from) {
            let event = TopologyEvent::Problem(Problem::NegotiationFailed, Some(from));
            ctx.report(event);
        }
    }

    /// Accepts the deferred offers that have waited for an answer to ours long enough, and drops
    /// those that have waited for room in vain.
    pub(super) fn deferred_offers_due(&mut self, ctx: &mut Context) {
        while let Some(deferred) = self.deferred_offers.take_due(ctx.now()) {
            if self.has_room_for(&deferred.from) {
                self.accept(ctx, deferred.from, deferred.offer);
            }
        }
        self.schedule_deferred_offers(ctx);
    }

    /// A participant is gone: accepts the offers that waited for room.
    pub(super) fn accept_successors(&mut self, ctx: &mut Context) {
        while self.has_room()
            && let Some(deferred) = self.deferred_offers.take_successor()
        {
            self.accept(ctx, deferred.from, deferred.offer);
        }
        self.schedule_deferred_offers(ctx);
    }

    fn schedule_deferred_offers(&self, ctx: &mut Context) {
        match self.deferred_offers.next_deadline() {
            Some(deadline) => ctx.start_timer_until(TopologyTimer::DeferredOffers, deadline),
            None => ctx.stop_timer(TopologyTimer::DeferredOffers),
        }
    }

    fn handle_offer(&mut self, ctx: &mut Context, from: ParticipantId, offer: RemoteDescription) {
        if self.history.is_late_offer(&from, &offer) {
            return;
        }
        let polite = self.is_polite_to(&from);
        if let Some(link) = self.link_to(&from) {
            if link.remote().is_none() {
                self.first_offers_cross(ctx, from, offer, polite);
            } else if !link.is_by_known_connection(&offer) {
                // The peer has a new connection, so its old one is gone.
                self.accept(ctx, from, offer);
            } else if link.is_new_offer(&offer) {
                link.handle_offer(ctx, offer, polite);
                self.add_early_candidates(ctx, &from);
            }
        } else if !self.has_room_for(&from) {
            let until = ctx.now() + SUCCESSOR_WAIT;
            self.defer_offer(ctx, from, offer, DeferReason::NoRoom, until);
            self.look_for_predecessor(ctx);
        } else if self.broadcasts_offers() {
            self.first_offers_cross(ctx, from, offer, polite);
        } else {
            self.accept(ctx, from, offer);
        }
    }

    /// Both ends offer before either has received anything from the other. The connection that made
    /// our offer can't accept theirs (its transceivers would not pair up), so yielding means a new
    /// connection.
    fn first_offers_cross(
        &mut self,
        ctx: &mut Context,
        from: ParticipantId,
        offer: RemoteDescription,
        polite: bool,
    ) {
        let ours = self.first_offer_to(&from).and_then(Link::offered_at);
        let until = match (self.capabilities.glare, ours) {
            (GlareRule::Perfect, Some(sent)) if !polite && ctx.now() < sent + CROSSING => {
                self.history.retire(&from, offer.end.clone());
                if let Some(link) = self.link_to(&from) {
                    link.defer_losing_offer(ctx, offer);
                }
                return;
            }
            (GlareRule::Hold, Some(sent)) => sent + if polite { POLITE_WAIT } else { LOST_OFFER },
            _ => ctx.now(),
        };
        if until <= ctx.now() {
            self.accept(ctx, from, offer);
        } else {
            self.defer_offer(ctx, from, offer, DeferReason::Crossing, until);
        }
    }

    fn defer_offer(
        &mut self,
        ctx: &mut Context,
        from: ParticipantId,
        offer: RemoteDescription,
        reason: DeferReason,
        until: Timestamp,
    ) {
        self.deferred_offers.insert(DeferredOffer {
            from,
            offer,
            until,
            reason,
        });
        self.schedule_deferred_offers(ctx);
    }

    /// Accepts an offer on a new connection, in place of any other to the same participant.
    pub(super) fn accept(
        &mut self,
        ctx: &mut Context,
        from: ParticipantId,
        offer: RemoteDescription,
    ) {
        self.check_route(ctx, &from);
        self.routes.begin(&from, ctx.now());
        let attempts = self.link_of(&from).map(Link::attempts);
        self.drop_deferred_offer(ctx, &from);
        let id = self.link_to_answer(ctx, &from).id();
        self.retire_links(ctx, &|link| link.is_for(&from) && link.id() != id);
        self.close_where(ctx, &|link| link.participant().is_none());
        if let Some(link) = self.link_mut(id) {
            link.take_over(attempts.unwrap_or_default(), true);
            link.handle_offer(ctx, offer, true);
        }
        self.limit_connect_time(ctx, &from);
        self.add_early_candidates(ctx, &from);
        ctx.report(TopologyEvent::Appeared(from));
    }

    /// A link to answer a participant on: one that waits for an offer, or a new one.
    fn link_to_answer(&mut self, ctx: &mut Context, from: &ParticipantId) -> &mut Link {
        let target = Target::One(from.clone());
        let waiting = self.links.iter().position(|link| {
            link.awaits_first_offer() && (link.is_for(from) || *link.target() == Target::Nobody)
        });
        let Some(index) = waiting else {
            return self.open(ctx, LinkRole::Answerer, target);
        };
        let link = &mut self.links[index];
        link.set_target(ctx, target);
        link
    }

    fn handle_answer(&mut self, ctx: &mut Context, from: ParticipantId, answer: RemoteDescription) {
        let linked = self.links.iter().find(|link| link.is_for(&from));
        let current = linked.and_then(Link::remote);
        if self.history.is_late_answer(&from, &answer, current) {
            return;
        }
        let answers_broadcast = match linked {
            None => self.broadcasts_offers() && self.has_room_for(&from),
            // A new page of the peer has got the stored offer.
            Some(link) => self.has_broadcast_offer() && !link.is_by_known_connection(&answer),
        };
        let is_asked = |link: &Link| match answers_broadcast {
            true => *link.target() == Target::Anyone,
            false => link.is_for(&from),
        };
        let Some(link) = self.find_mut(&is_asked) else {
            return;
        };
        if !link.awaits_answer(&answer) {
            let is_by_stranger = link.is_agreed() && !link.is_by_known_connection(&answer);
            return self.unexpected_answer(ctx, &from, is_by_stranger);
        }
        let end = answer.end.clone();
        link.handle_answer(ctx, answer);
        if *link.target() == Target::Anyone {
            link.set_target(ctx, Target::One(from.clone()));
            link.set_departure_sign(DepartureSign::LossOfMedia);
        }
        let (id, was_connected) = (link.id(), link.was_connected());
        // An answer to a stored offer is by a new page, which replaces the old one.
        self.retire_links(ctx, &|link| link.is_for(&from) && link.id() != id);
        if !was_connected {
            self.routes.begin(&from, ctx.now());
            self.limit_connect_time(ctx, &from);
        }
        ctx.report(TopologyEvent::Appeared(from.clone()));
        self.answered_while_deferred(ctx, &from, &end);
        self.history.reinstate(&from, &end);
        self.add_early_candidates(ctx, &from);
    }

    /// An offer that was deferred for the sake of this answer is given up, unless the same
    /// connection made it: then it has overtaken its answer.
    fn answered_while_deferred(
        &mut self,
        ctx: &mut Context,
        from: &ParticipantId,
        end: &RemoteEnd,
    ) {
        let Some(offer) = self.drop_deferred_offer(ctx, from) else {
            return;
        };
        if !offer.end.is_same_connection(end) {
            self.history.retire(from, offer.end);
        } else if let Some(link) = self.link_to(from) {
            link.handle_offer(ctx, offer, true);
        }
    }

    /// Handles an answer that no open offer waits for.
    ///
    /// Where ends hold crossing offers, both may have yielded, and both then wait for what will not
    /// come. Where the server stores the last offer, an answer by an unknown connection is to the
    /// stored offer: the peer has come back, and its old connection is gone.
    fn unexpected_answer(&mut self, ctx: &mut Context, from: &ParticipantId, is_by_stranger: bool) {
        let holds = self.capabilities.glare == GlareRule::Hold;
        let stores_offer = self.capabilities.stores_offer;
        let polite = self.is_polite_to(from);
        let Some(link) = self.link_to(from) else {
            return;
        };
        let id = link.id();
        if holds && link.is_agreed() && !link.is_connected() {
            if polite {
                link.attempts_mut().take_turn();
                link.recover_by(ctx, LinkTimer::PeerRebuild, LOST_OFFER);
            } else {
                link.recover_by(ctx, LinkTimer::Rebuild, Duration::ZERO);
            }
        } else if is_by_stranger && stores_offer {
            self.rebuild(ctx, id, Cause::Broken);
        }
    }

    fn handle_candidate(&mut self, ctx: &mut Context, from: ParticipantId, candidate: Candidate) {
        match self.link_of(&from) {
            Some(link) if link.accepts_candidate(&candidate) => {
                ctx.link(link.id(), LinkOp::AddCandidate(candidate));
            }
            _ => self.history.keep_candidate(&from, candidate),
        }
    }

    /// Adds the candidates that came before the description that they belong to.
    pub(super) fn add_early_candidates(&mut self, ctx: &mut Context, from: &ParticipantId) {
        if let Some(link) = self.links.iter().find(|link| link.is_for(from)) {
            let fits = |candidate: &Candidate| link.accepts_candidate(candidate);
            while let Some(candidate) = self.history.take_candidate(from, fits) {
                ctx.link(link.id(), LinkOp::AddCandidate(candidate));
            }
        }
    }

    pub(super) fn drop_deferred_offer(
        &mut self,
        ctx: &mut Context,
        from: &ParticipantId,
    ) -> Option<RemoteDescription> {
        let deferred = self.deferred_offers.take(from)?;
        self.schedule_deferred_offers(ctx);
        Some(deferred.offer)
    }

    /// Whether an offer to anyone waits for its answer.
    fn has_broadcast_offer(&self) -> bool {
        let mut links = self.links.iter();
        links.any(|link| *link.target() == Target::Anyone && link.has_open_offer())
    }

    /// Our own first offer that this participant may still answer.
    fn first_offer_to(&self, id: &ParticipantId) -> Option<&Link> {
        self.links.iter().find(|link| {
            link.remote().is_none() && (link.is_for(id) || *link.target() == Target::Anyone)
        })
    }
}
