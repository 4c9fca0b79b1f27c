//! Who comes, and who was there before: the first word to each.

use std::time::Duration;

use videocalls_protocol::{Offerer, ParticipantId};

use super::{ESTABLISH, Mesh};
use crate::context::Context;
use crate::link::{Link, Target};
use crate::memory::Memory;
use crate::time::LinkTimer;
use crate::{LinkRole, Transport};

/// How long one who was there before us may take to offer, where it is their turn.
const OVERTURE: Duration = Duration::from_secs(3);

impl Mesh {
    /// Makes the first link, with its offer and its candidates, before anyone is known: all that
    /// can be done while the socket connects and the user is asked for the devices.
    pub(crate) fn prepare(&mut self, ctx: &mut Context) {
        match self.capabilities.offerer {
            Offerer::Other => self.stand_by(ctx),
            _ => drop(self.open_offering(ctx, Target::Nobody)),
        }
    }

    /// Calls out to whoever may be there, on a server that only broadcasts. A call that went out
    /// before may have been lost, or taken for one that is over.
    pub(crate) fn broadcast_offer(&mut self, ctx: &mut Context) {
        self.close_where(ctx, &|link| link.target == Target::Anyone);
        match self.find_mut(&|link| link.target == Target::Nobody) {
            Some(spare) => spare.address(ctx, Target::Anyone),
            None => {
                self.open_offering(ctx, Target::Anyone);
            }
        }
    }

    /// The same, unless somebody has been met before.
    pub(crate) fn broadcast_offer_unless_linked(&mut self, ctx: &mut Context) {
        let alone = self.links.iter().all(|link| link.participant().is_none());
        if alone {
            self.broadcast_offer(ctx);
        }
    }

    /// Turns to everyone who was there before us, once to each: offers, or waits for their offers.
    /// With whom there is a way already, there is nothing to do.
    pub(crate) fn greet(&mut self, ctx: &mut Context, me: ParticipantId, peers: &[ParticipantId]) {
        self.me = Some(me);
        if self.capabilities.offerer == Offerer::Other {
            // The server repeats the offer that it keeps, which may be one that we have given up.
            self.memory = Memory::default();
        }
        let present = self.capabilities.offerer == Offerer::Present;
        for (index, peer) in peers.iter().enumerate() {
            let twice = peers.iter().take(index).any(|other| other == peer);
            if twice || self.me.as_ref() == Some(peer) || self.keeps(ctx, peer) {
                continue;
            }
            match present {
                false => self.offer_to(ctx, peer),
                true => self.await_offer(ctx, peer),
            }
        }
        if self.capabilities.offerer == Offerer::Everyone {
            return self.broadcast_offer_unless_linked(ctx);
        }
        let alone = self.links.iter().all(|link| link.participant().is_none());
        if !self.waits_prepared() || !alone {
            self.close_where(ctx, &|link| link.target == Target::Nobody);
        }
        self.stand_by(ctx);
    }

    /// Whether there is a way to a participant that works, or a way to that way. What was said on
    /// it while there was no server may be lost, and is said again. They may have closed their end
    /// of it meanwhile, so it is looked at closely.
    ///
    /// An offer that waits for our answer is not given up: who made it makes it again on our return,
    /// and would not understand another.
    fn keeps(&mut self, ctx: &mut Context, peer: &ParticipantId) -> bool {
        let announced = self.capabilities.announces_return;
        let Some(link) = self.link_to(peer) else {
            return false;
        };
        if link.is_healthy() || announced && link.is_answering() {
            link.offer_again(ctx);
            self.suspect_one(ctx, peer);
            return true;
        }
        self.retire_links(ctx, &|link| link.is_for(peer));
        false
    }

    /// Whether what is made in advance serves one who waits as well as one who comes.
    fn waits_prepared(&self) -> bool {
        matches!(self.capabilities.offerer, Offerer::Present | Offerer::Other)
    }

    /// Someone took a seat after us, or has come back to it: what was under way with them is lost.
    pub(crate) fn joined(&mut self, ctx: &mut Context, peer: &ParticipantId) {
        let ourselves = self.me.as_ref() == Some(peer);
        let linked = self.link_of(peer).is_some_and(Link::is_healthy);
        if self.capabilities.offerer == Offerer::Present && !ourselves && !linked {
            self.retire_links(ctx, &|link| link.is_for(peer));
            self.offer_to(ctx, peer);
        }
        self.returned(ctx, peer);
    }

    /// Someone has found the way to the server again. What they missed meanwhile may be an offer.
    pub(crate) fn returned(&mut self, ctx: &mut Context, peer: &ParticipantId) {
        let announced = self.capabilities.announces_return;
        if let Some(link) = self.link_to(peer)
            && (announced || link.transport == Transport::Connected)
        {
            link.offer_again(ctx);
        }
    }

    /// Offers to a participant, by the link that is made in advance if it is there still.
    pub(super) fn offer_to(&mut self, ctx: &mut Context, peer: &ParticipantId) {
        let target = Target::One(peer.clone());
        match self.find_mut(&|link| link.target == Target::Nobody && link.offers()) {
            Some(spare) => {
                spare.address(ctx, target);
                let timer = LinkTimer::Establish(spare.id);
                ctx.timer(timer, ESTABLISH);
            }
            None => {
                self.open_offering(ctx, target);
            }
        }
    }

    /// Offers to one who keeps a link to us that we have closed, since they counted as gone.
    pub(super) fn reoffer_to_peer(&mut self, ctx: &mut Context, peer: &ParticipantId) {
        self.offer_to(ctx, peer);
        self.close_where(ctx, &|link| link.participant().is_none());
    }

    /// Leaves the first word to one who was there before us, for a while.
    fn await_offer(&mut self, ctx: &mut Context, peer: &ParticipantId) {
        let link = self.open(ctx, LinkRole::Answerer, Target::One(peer.clone()));
        ctx.timer(LinkTimer::Establish(link.id), OVERTURE);
        self.links.push(link);
    }

    /// Makes the link for whoever comes next, for one who waits alone: the browser takes longer to
    /// make a connection, and an offer on it, than to use one.
    pub(super) fn stand_by(&mut self, ctx: &mut Context) {
        if !self.links.is_empty() {
            return;
        }
        match self.capabilities.offerer {
            Offerer::Newcomer | Offerer::Other => {
                let link = self.open(ctx, LinkRole::StandBy, Target::Nobody);
                self.links.push(link);
            }
            Offerer::Present => drop(self.open_offering(ctx, Target::Nobody)),
            _ => {}
        }
    }
}
