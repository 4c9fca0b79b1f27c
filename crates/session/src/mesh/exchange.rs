//! Offers, answers and candidates: which link each is for, and what becomes of those that cross, come
//! early or come late.

use videocalls_protocol::{Candidate, GlareRule, ParticipantId, Signal};

use super::repair::Cause;
use super::{ESTABLISH, Mesh};
use crate::link::{Audience, Link, RemoteDescription, RemoteEnd};
use crate::time::{Pause, Timer};
use crate::work::{News, Work};
use crate::{LinkId, LinkOp, LinkRole, Problem, Transport};

/// An offer unanswered for so long has reached nobody; giving way to another offer costs nothing.
const LOST_OFFER: Pause = Pause::from_secs(1);
/// Offers cross for so long at most; one that comes later comes from who has given up ours.
const CROSSING: Pause = Pause::from_secs(4);
/// How long the polite side waits for an answer to its own offer before it takes the other's.
const POLITE_HOLD: Pause = Pause::from_millis(250);
/// How long a newcomer to a full room of two may wait for the other one to turn out gone.
const SUCCESSOR_HOLD: Pause = Pause::from_secs(20);

impl Mesh {
    /// Takes a participant's signal.
    pub(crate) fn hear(&mut self, work: &mut Work, from: ParticipantId, signal: Signal) {
        let (id, sdp, is_offer) = match signal {
            Signal::Candidate(candidate) => return self.hear_candidate(work, from, candidate),
            Signal::Offer { id, sdp } => (id, sdp, true),
            Signal::Answer { id, sdp } => (id, sdp, false),
        };
        let Some(end) = RemoteEnd::of(&sdp) else {
            work.news.push(News::Problem(Problem::MalformedMessage));
            return;
        };
        let description = RemoteDescription { id, sdp, end };
        if is_offer {
            self.hear_offer(work, from, description);
        } else {
            self.hear_answer(work, from, description);
        }
    }

    /// The time to wait for an answer to our own offer, or for a predecessor to go, is over.
    pub(crate) fn hold_timed_out(&mut self, work: &mut Work) {
        if let Some((from, offer)) = self.held.take()
            && self.has_room_for(&from)
        {
            self.accept(work, from, offer);
        }
    }

    fn hear_offer(&mut self, work: &mut Work, from: ParticipantId, offer: RemoteDescription) {
        if self.memory.is_late_offer(&offer) {
            return;
        }
        let polite = self.is_polite_to(&from);
        if let Some(link) = self.link_to(&from) {
            match link.remote {
                Some(_) if link.continues(&offer) => {
                    if link.is_news(&offer) {
                        link.hear_offer(work, offer, polite);
                        self.deliver_early(work, &from);
                    }
                }
                // A connection of theirs that is new to us: the old one is gone, whatever it says.
                Some(_) => self.accept(work, from, offer),
                None => self.first_offers_cross(work, from, offer, polite),
            }
        } else if !self.has_room_for(&from) {
            self.held = Some((from, offer));
            work.timer(Timer::Hold, SUCCESSOR_HOLD);
        } else if self.calls_out() {
            self.first_offers_cross(work, from, offer, polite);
        } else {
            self.accept(work, from, offer);
        }
    }

    /// Both offer before either has heard of the other. The connection that made our offer can't
    /// take theirs over (its transceivers would not pair up), so giving way means a new one.
    fn first_offers_cross(
        &mut self,
        work: &mut Work,
        from: ParticipantId,
        offer: RemoteDescription,
        polite: bool,
    ) {
        let now = work.now;
        let ours = self
            .first_offer_to(&from)
            .and_then(|link| link.offered_at());
        let wait_until = match (self.capabilities.glare, ours) {
            (GlareRule::Perfect, Some(sent)) if !polite && now < sent + CROSSING => {
                self.memory.retire(offer.end.clone());
                if let Some(link) = self.link_to(&from) {
                    link.contest(work, offer);
                }
                return;
            }
            (GlareRule::Hold, Some(sent)) => sent + if polite { POLITE_HOLD } else { LOST_OFFER },
            _ => now,
        };
        if wait_until <= now {
            self.accept(work, from, offer);
        } else {
            self.held = Some((from, offer));
            work.timers.set(Timer::Hold, wait_until);
        }
    }

    /// Takes an offer on a new connection, in place of any other to the same participant.
    pub(super) fn accept(
        &mut self,
        work: &mut Work,
        from: ParticipantId,
        offer: RemoteDescription,
    ) {
        let before = self.link_of(&from).map(|link| link.attempt);
        self.stop_holding(work, &from);
        let id = self.answering(work, &from);
        self.retire_links(work, &|link| link.is_for(&from) && link.id != id);
        self.close_where(work, &|link| link.participant().is_none());
        if let Some(link) = self.link_mut(id) {
            link.attempt = before.unwrap_or_default();
            link.hear_offer(work, offer, true);
        }
        self.deliver_early(work, &from);
        work.news.push(News::Appeared(from));
    }

    /// A link to answer a participant on: one that waits for an offer, or a new one.
    fn answering(&mut self, work: &mut Work, from: &ParticipantId) -> LinkId {
        let audience = Audience::One(from.clone());
        let waiting = self.find_mut(&|link| {
            link.awaits_offer() && (link.is_for(from) || link.audience == Audience::Nobody)
        });
        match waiting {
            Some(waiting) => {
                waiting.address(work, audience);
                let id = waiting.id;
                work.timer(Timer::Establish(id), ESTABLISH);
                id
            }
            None => {
                let link = self.open(work, LinkRole::Answerer, audience);
                let id = link.id;
                self.links.push(link);
                id
            }
        }
    }

    fn hear_answer(&mut self, work: &mut Work, from: ParticipantId, answer: RemoteDescription) {
        let linked = self.links.iter().find(|link| link.is_for(&from));
        let current = linked.and_then(|link| link.remote.as_ref());
        if self.memory.is_late_answer(&answer, current) {
            return;
        }
        let anyone = self.calls_out() && self.link_of(&from).is_none() && self.has_room_for(&from);
        let Some(link) = self
            .find_mut(&|link| link.is_for(&from) || (anyone && link.audience == Audience::Anyone))
        else {
            return;
        };
        if !link.awaits(&answer) {
            let stranger = link.is_agreed() && !link.continues(&answer);
            return self.answers_miss(work, &from, stranger);
        }
        let session = answer.end.origin.session.clone();
        link.hear_answer(work, answer);
        let id = link.id;
        if link.audience == Audience::Anyone {
            link.address(work, Audience::One(from.clone()));
            link.media_only = true;
            work.timer(Timer::Establish(id), ESTABLISH);
        }
        work.news.push(News::Appeared(from.clone()));
        self.answered_while_holding(work, &from, &session);
        self.memory.reinstate(&session);
        self.deliver_early(work, &from);
    }

    /// An offer that was held for the sake of this answer is given up, unless the same connection
    /// made it: then it has overtaken its answer.
    fn answered_while_holding(&mut self, work: &mut Work, from: &ParticipantId, session: &str) {
        match self.stop_holding(work, from) {
            Some((_, offer)) if offer.end.origin.session == session => {
                if let Some(link) = self.link_to(from) {
                    link.hear_offer(work, offer, true);
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
    fn answers_miss(&mut self, work: &mut Work, from: &ParticipantId, stranger: bool) {
        let hold = self.capabilities.glare == GlareRule::Hold;
        let calls_out = self.calls_out();
        let polite = self.is_polite_to(from);
        let Some(link) = self.link_to(from) else {
            return;
        };
        if hold && link.is_agreed() && link.transport != Transport::Connected {
            let pause = if polite { LOST_OFFER } else { Pause::ZERO };
            link.attempt |= u8::from(polite);
            work.timer(Timer::Establish(link.id), pause);
        } else if stranger && calls_out && !hold {
            let id = link.id;
            self.rebuild(work, id, Cause::Broken);
        }
    }

    fn hear_candidate(&mut self, work: &mut Work, from: ParticipantId, candidate: Candidate) {
        match self.link_to(&from) {
            Some(link) if link.takes(&candidate) => {
                work.link(link.id, LinkOp::AddCandidate(candidate));
            }
            _ => self.memory.keep_early(from, candidate),
        }
    }

    /// Hands over the candidates that waited for the description that has just come.
    pub(super) fn deliver_early(&mut self, work: &mut Work, from: &ParticipantId) {
        if let Some(link) = self.links.iter().find(|link| link.is_for(from)) {
            for candidate in self
                .memory
                .take_early(from, |candidate| link.takes(candidate))
            {
                work.link(link.id, LinkOp::AddCandidate(candidate));
            }
        }
    }

    pub(super) fn stop_holding(
        &mut self,
        work: &mut Work,
        from: &ParticipantId,
    ) -> Option<(ParticipantId, RemoteDescription)> {
        let held = self.held.take_if(|(holding, _)| holding == from)?;
        work.timers.stop(Timer::Hold);
        Some(held)
    }

    /// Our own first offer that may still be answered by this participant.
    fn first_offer_to(&self, id: &ParticipantId) -> Option<&Link> {
        self.links.iter().find(|link| {
            link.remote.is_none() && (link.is_for(id) || link.audience == Audience::Anyone)
        })
    }
}
