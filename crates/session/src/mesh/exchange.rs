//! Offers, answers and candidates: which link each is for, and what becomes of those that cross, come
//! early or come late.

use std::time::Duration;

use videocalls_protocol::{Candidate, GlareRule, ParticipantId, Signal};

use super::repair::Cause;
use super::{ESTABLISH, Mesh};
use crate::context::{Context, MeshEvent};
use crate::link::{Link, RemoteDescription, RemoteEnd, Target};
use crate::time::LinkTimer;
use crate::{LinkId, LinkOp, LinkRole, Problem, Transport};

/// An offer unanswered for so long has reached nobody; giving way to another offer costs nothing.
const LOST_OFFER: Duration = Duration::from_secs(1);
/// Offers cross for so long at most; one that comes later comes from who has given up ours.
const CROSSING: Duration = Duration::from_secs(4);
/// How long the polite side waits for an answer to its own offer before it takes the other's.
const POLITE_HOLD: Duration = Duration::from_millis(250);
/// How long a newcomer to a full room of two may wait for the other one to turn out gone.
const SUCCESSOR_HOLD: Duration = Duration::from_secs(20);

impl Mesh {
    /// Takes a participant's signal.
    pub(crate) fn hear(&mut self, ctx: &mut Context, from: ParticipantId, signal: Signal) {
        let (id, sdp, is_offer) = match signal {
            Signal::Candidate(candidate) => return self.hear_candidate(ctx, from, candidate),
            Signal::Offer { id, sdp } => (id, sdp, true),
            Signal::Answer { id, sdp } => (id, sdp, false),
        };
        let Some(end) = RemoteEnd::of(&sdp) else {
            ctx.mesh_events
                .push(MeshEvent::Problem(Problem::MalformedMessage, Some(from)));
            return;
        };
        let description = RemoteDescription { id, sdp, end };
        if is_offer {
            self.hear_offer(ctx, from, description);
        } else {
            self.hear_answer(ctx, from, description);
        }
    }

    /// The time to wait for an answer to our own offer, or for a predecessor to go, is over.
    pub(crate) fn deferred_offer_timed_out(&mut self, ctx: &mut Context) {
        if let Some((from, offer)) = self.deferred_offer.take()
            && self.has_room_for(&from)
        {
            self.accept(ctx, from, offer);
        }
    }

    fn hear_offer(&mut self, ctx: &mut Context, from: ParticipantId, offer: RemoteDescription) {
        if self.memory.is_late_offer(&offer) {
            return;
        }
        let polite = self.is_polite_to(&from);
        if let Some(link) = self.link_to(&from) {
            match link.remote {
                Some(_) if link.continues(&offer) => {
                    if link.is_news(&offer) {
                        link.hear_offer(ctx, offer, polite);
                        self.deliver_early(ctx, &from);
                    }
                }
                // A connection of theirs that is new to us: the old one is gone, whatever it says.
                Some(_) => self.accept(ctx, from, offer),
                None => self.first_offers_cross(ctx, from, offer, polite),
            }
        } else if !self.has_room_for(&from) {
            self.deferred_offer = Some((from, offer));
            ctx.timer(LinkTimer::DeferredOffer, SUCCESSOR_HOLD);
        } else if self.broadcasts_offers() {
            self.first_offers_cross(ctx, from, offer, polite);
        } else {
            self.accept(ctx, from, offer);
        }
    }

    /// Both offer before either has heard of the other. The connection that made our offer can't
    /// take theirs over (its transceivers would not pair up), so giving way means a new one.
    fn first_offers_cross(
        &mut self,
        ctx: &mut Context,
        from: ParticipantId,
        offer: RemoteDescription,
        polite: bool,
    ) {
        let now = ctx.now;
        let ours = self
            .first_offer_to(&from)
            .and_then(|link| link.offered_at());
        let wait_until = match (self.capabilities.glare, ours) {
            (GlareRule::Perfect, Some(sent)) if !polite && now < sent + CROSSING => {
                self.memory.retire(offer.end.clone());
                if let Some(link) = self.link_to(&from) {
                    link.contest(ctx, offer);
                }
                return;
            }
            (GlareRule::Hold, Some(sent)) => sent + if polite { POLITE_HOLD } else { LOST_OFFER },
            _ => now,
        };
        if wait_until <= now {
            self.accept(ctx, from, offer);
        } else {
            self.deferred_offer = Some((from, offer));
            ctx.timers.set(LinkTimer::DeferredOffer, wait_until);
        }
    }

    /// Takes an offer on a new connection, in place of any other to the same participant.
    pub(super) fn accept(
        &mut self,
        ctx: &mut Context,
        from: ParticipantId,
        offer: RemoteDescription,
    ) {
        let before = self.link_of(&from).map(|link| link.attempt);
        self.drop_deferred_offer(ctx, &from);
        let id = self.answering(ctx, &from);
        self.retire_links(ctx, &|link| link.is_for(&from) && link.id != id);
        self.close_where(ctx, &|link| link.participant().is_none());
        if let Some(link) = self.link_mut(id) {
            link.attempt = before.unwrap_or_default();
            link.hear_offer(ctx, offer, true);
        }
        self.deliver_early(ctx, &from);
        ctx.mesh_events.push(MeshEvent::Appeared(from));
    }

    /// A link to answer a participant on: one that waits for an offer, or a new one.
    fn answering(&mut self, ctx: &mut Context, from: &ParticipantId) -> LinkId {
        let target = Target::One(from.clone());
        let waiting = self.find_mut(&|link| {
            link.awaits_offer() && (link.is_for(from) || link.target == Target::Nobody)
        });
        match waiting {
            Some(waiting) => {
                waiting.address(ctx, target);
                let id = waiting.id;
                ctx.timer(LinkTimer::Establish(id), ESTABLISH);
                id
            }
            None => {
                let link = self.open(ctx, LinkRole::Answerer, target);
                let id = link.id;
                self.links.push(link);
                id
            }
        }
    }

    fn hear_answer(&mut self, ctx: &mut Context, from: ParticipantId, answer: RemoteDescription) {
        let linked = self.links.iter().find(|link| link.is_for(&from));
        let current = linked.and_then(|link| link.remote.as_ref());
        if self.memory.is_late_answer(&answer, current) {
            return;
        }
        let anyone =
            self.broadcasts_offers() && self.link_of(&from).is_none() && self.has_room_for(&from);
        let Some(link) =
            self.find_mut(&|link| link.is_for(&from) || (anyone && link.target == Target::Anyone))
        else {
            return;
        };
        if !link.awaits(&answer) {
            let stranger = link.is_agreed() && !link.continues(&answer);
            return self.answers_miss(ctx, &from, stranger);
        }
        let session = answer.end.origin.session.clone();
        link.hear_answer(ctx, answer);
        let id = link.id;
        if link.target == Target::Anyone {
            link.address(ctx, Target::One(from.clone()));
            link.media_only = true;
            ctx.timer(LinkTimer::Establish(id), ESTABLISH);
        }
        ctx.mesh_events.push(MeshEvent::Appeared(from.clone()));
        self.answered_while_deferred(ctx, &from, &session);
        self.memory.reinstate(&session);
        self.deliver_early(ctx, &from);
    }

    /// An offer that was held for the sake of this answer is given up, unless the same connection
    /// made it: then it has overtaken its answer.
    fn answered_while_deferred(&mut self, ctx: &mut Context, from: &ParticipantId, session: &str) {
        match self.drop_deferred_offer(ctx, from) {
            Some((_, offer)) if offer.end.origin.session == session => {
                if let Some(link) = self.link_to(from) {
                    link.hear_offer(ctx, offer, true);
                }
            }
            Some((_, offer)) => self.memory.retire(offer.end),
            None => {}
        }
    }

    /// An answer to an offer that we have given up for theirs: where nobody is told whose turn it
    /// is, both may give way, and then both wait for what will not come.
    ///
    /// Where nobody else offers, an answer by a connection that is new to us is to an offer that the
    /// server has kept: who was there has come back, and the old connection is gone.
    fn answers_miss(&mut self, ctx: &mut Context, from: &ParticipantId, stranger: bool) {
        let hold = self.capabilities.glare == GlareRule::Hold;
        let stores_offer = self.capabilities.stores_offer;
        let polite = self.is_polite_to(from);
        let Some(link) = self.link_to(from) else {
            return;
        };
        if hold && link.is_agreed() && link.transport != Transport::Connected {
            let pause = if polite { LOST_OFFER } else { Duration::ZERO };
            link.attempt |= u8::from(polite);
            ctx.timer(LinkTimer::Establish(link.id), pause);
        } else if stranger && stores_offer {
            let id = link.id;
            self.rebuild(ctx, id, Cause::Broken);
        }
    }

    fn hear_candidate(&mut self, ctx: &mut Context, from: ParticipantId, candidate: Candidate) {
        match self.link_to(&from) {
            Some(link) if link.takes(&candidate) => {
                ctx.link(link.id, LinkOp::AddCandidate(candidate));
            }
            _ => self.memory.keep_early(from, candidate),
        }
    }

    /// Hands over the candidates that waited for the description that has just come.
    pub(super) fn deliver_early(&mut self, ctx: &mut Context, from: &ParticipantId) {
        if let Some(link) = self.links.iter().find(|link| link.is_for(from)) {
            for candidate in self
                .memory
                .take_early(from, |candidate| link.takes(candidate))
            {
                ctx.link(link.id, LinkOp::AddCandidate(candidate));
            }
        }
    }

    pub(super) fn drop_deferred_offer(
        &mut self,
        ctx: &mut Context,
        from: &ParticipantId,
    ) -> Option<(ParticipantId, RemoteDescription)> {
        let held = self
            .deferred_offer
            .take_if(|(holding, _)| holding == from)?;
        ctx.timers.stop(LinkTimer::DeferredOffer);
        Some(held)
    }

    /// Our own first offer that may still be answered by this participant.
    fn first_offer_to(&self, id: &ParticipantId) -> Option<&Link> {
        self.links.iter().find(|link| {
            link.remote.is_none() && (link.is_for(id) || link.target == Target::Anyone)
        })
    }
}
