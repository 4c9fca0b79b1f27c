//! Offers that may have reached nobody are sent again, unless the server redelivers them.

use super::Mesh;
use super::rebuild::Cause;
use crate::context::Context;
use crate::link::{Link, Unanswered};
use crate::{LinkId, Transport};

impl Mesh {
    /// The server is back. What was sent while it was away is lost, unless the server redelivers.
    /// Links for which an exchange was under way are replaced where offers are broadcast, since no
    /// peer learns there that we are back.
    pub(super) fn repeat_open_offers(&mut self, ctx: &mut Context) {
        if self.capabilities.redelivers {
            return;
        }
        for link in self.links.iter_mut().filter(|link| link.is_healthy()) {
            link.reoffer(ctx);
        }
        if self.broadcasts_offers() {
            for id in self.begun_links() {
                self.rebuild(ctx, id, Cause::Broken);
            }
        }
    }

    /// The links to participants that have not connected yet.
    fn begun_links(&self) -> Vec<LinkId> {
        let is_begun = |link: &&Link| {
            let transport = link.transport();
            let is_new = matches!(transport, Transport::New | Transport::Connecting);
            is_new && link.participant().is_some()
        };
        self.links.iter().filter(is_begun).map(Link::id).collect()
    }

    /// An offer should have been answered by now. The peer may have been away when it was sent, and
    /// no server tells when it is back.
    pub(super) fn answer_timed_out(&mut self, ctx: &mut Context, id: LinkId) {
        let online = self.online;
        if self.capabilities.redelivers {
            return;
        }
        let Some(link) = self.link_mut(id) else {
            return;
        };
        match link.offer_unanswered(online) {
            Unanswered::Nothing => {}
            Unanswered::Wait => link.wait_for_answer(ctx),
            Unanswered::Repeat => link.reoffer(ctx),
            Unanswered::Yield => self.yield_to_losing_offer(ctx, id),
        }
    }

    /// Accepts the offer that has lost against ours, since ours is not answered: where clients make
    /// up their ids, both ends may believe that the other is the polite one.
    fn yield_to_losing_offer(&mut self, ctx: &mut Context, id: LinkId) {
        let Some(link) = self.link_mut(id) else {
            return;
        };
        let (Some(from), Some(offer)) = (link.participant().cloned(), link.take_losing_offer())
        else {
            return;
        };
        if link.remote().is_some() {
            link.handle_offer(ctx, offer, true);
            self.add_early_candidates(ctx, &from);
        } else {
            self.history.reinstate(&from, &offer.end);
            self.accept(ctx, from, offer);
        }
    }
}
