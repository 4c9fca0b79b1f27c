//! What may have reached nobody, where no server keeps it for who is away: it is said again.

use std::time::Duration;

use videocalls_protocol::ParticipantId;

use super::Mesh;
use super::repair::Cause;
use crate::context::Context;
use crate::link::Link;
use crate::time::LinkTimer;
use crate::{LinkId, Transport};

/// How often an offer to somebody we are connected with is repeated. Who has not answered by then does
/// not take turns, or is away for longer than most.
const REPETITIONS: u8 = 5;
/// How long the first may take to be answered, and how much longer each of the others.
const ANSWER: Duration = Duration::from_millis(ANSWER_MILLIS as u64);
const ANSWER_MILLIS: u32 = 5_000;

impl Mesh {
    /// To whom there is a link, be it one that calls somebody back who counts as gone.
    pub(crate) fn linked(&self) -> Vec<ParticipantId> {
        let linked = self.links.iter().filter_map(Link::participant);
        linked.cloned().collect()
    }

    /// With whom nothing needs to start anew.
    pub(crate) fn living(&self) -> Vec<ParticipantId> {
        let living = self.links.iter().filter(|link| link.is_healthy());
        living.filter_map(Link::participant).cloned().collect()
    }

    /// We are back on a server that keeps nothing for who is away. Where nobody hears of that, what
    /// was under way begins anew.
    pub(super) fn say_again(&mut self, ctx: &mut Context) {
        if self.capabilities.redelivers {
            return;
        }
        for link in self.links.iter_mut().filter(|link| link.is_healthy()) {
            link.offer_again(ctx);
        }
        if self.broadcasts_offers() {
            let begun =
                |link: &Link| matches!(link.transport, Transport::New | Transport::Connecting);
            let begun = self
                .links
                .iter()
                .filter(|link| begun(link))
                .map(|link| link.id);
            for id in begun.collect::<Vec<_>>() {
                if self
                    .link(id)
                    .is_some_and(|link| link.participant().is_some())
                {
                    self.rebuild(ctx, id, Cause::Broken);
                }
            }
        }
    }

    /// An offer should have been answered by now. The other one may have been away when it was made,
    /// and no server tells when they are back.
    pub(crate) fn answer_timed_out(&mut self, ctx: &mut Context, id: LinkId) {
        let online = self.online;
        if self.capabilities.redelivers {
            return;
        }
        let Some(link) = self.find_mut(&|link| link.id == id && link.offered_at().is_some()) else {
            return;
        };
        if online && link.is_contested() {
            self.give_way(ctx, id);
        } else if !online || !link.is_healthy() {
            ctx.timer(LinkTimer::Answer(id), link.answer_patience());
        } else if link.repeats < REPETITIONS {
            link.repeats += 1;
            link.offer_again(ctx);
        }
    }

    /// Takes the offer that has lost against ours, since ours is not answered: where a dialect makes
    /// ids up, both may believe that it is the other's part to give way.
    fn give_way(&mut self, ctx: &mut Context, id: LinkId) {
        let Some(link) = self.link_mut(id) else {
            return;
        };
        let (Some(from), Some(offer)) = (link.participant().cloned(), link.give_way()) else {
            return;
        };
        if link.remote.is_some() {
            link.hear_offer(ctx, offer, true);
            self.deliver_early(ctx, &from);
        } else {
            self.memory.reinstate(&offer.end.origin.session);
            self.accept(ctx, from, offer);
        }
    }
}

impl Link {
    /// Whether sound and picture get through.
    pub(crate) fn is_healthy(&self) -> bool {
        self.transport == Transport::Connected && !self.is_broken()
    }

    /// An open offer is to be answered in time, if there is a way already, which is not given up for
    /// it, or if an offer of theirs has lost against it. Of two who both wait for that, chance has
    /// one wait for longer.
    pub(crate) fn expect_answer(&self, ctx: &mut Context) {
        let mut pause = self.answer_patience();
        if self.is_contested() {
            pause += Duration::from_millis((ctx.random() % ANSWER_MILLIS).into());
        } else if !self.has_connected || !self.has_offered() {
            return;
        }
        ctx.timer(LinkTimer::Answer(self.id), pause);
    }

    /// How long an answer may take.
    pub(crate) fn answer_patience(&self) -> Duration {
        ANSWER * u32::from(self.repeats + 1)
    }
}
