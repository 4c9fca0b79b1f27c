//! Who comes, and who was there before: the first word to each.

use videocalls_protocol::{Offerer, ParticipantId};

use super::{ESTABLISH, Mesh};
use crate::link::{Audience, Link};
use crate::memory::Memory;
use crate::time::{Pause, Timer};
use crate::work::Work;
use crate::{LinkRole, Transport};

/// How long one who was there before us may take to offer, where it is their turn.
const OVERTURE: Pause = Pause::from_secs(3);

impl Mesh {
    /// Makes the first link, with its offer and its candidates, before anyone is known: all that
    /// can be done while the socket connects and the user is asked for the devices.
    pub(crate) fn prepare(&mut self, work: &mut Work) {
        match self.capabilities.offerer {
            Offerer::Other => self.stand_by(work),
            _ => drop(self.open_offering(work, Audience::Nobody)),
        }
    }

    /// Calls out to whoever may be there, on a server that only broadcasts. A call that went out
    /// before may have been lost, or taken for one that is over.
    pub(crate) fn call_out(&mut self, work: &mut Work) {
        self.close_where(work, &|link| link.audience == Audience::Anyone);
        match self.find_mut(&|link| link.audience == Audience::Nobody) {
            Some(spare) => spare.address(work, Audience::Anyone),
            None => {
                self.open_offering(work, Audience::Anyone);
            }
        }
    }

    /// The same, unless somebody has been met before.
    pub(crate) fn call_out_unless_linked(&mut self, work: &mut Work) {
        let alone = self.links.iter().all(|link| link.participant().is_none());
        if alone {
            self.call_out(work);
        }
    }

    /// Turns to everyone who was there before us, once to each: offers, or waits for their offers.
    /// With whom there is a way already, there is nothing to do.
    pub(crate) fn greet(&mut self, work: &mut Work, me: ParticipantId, peers: &[ParticipantId]) {
        self.me = Some(me);
        if self.capabilities.offerer == Offerer::Other {
            // The server repeats the offer that it keeps, which may be one that we have given up.
            self.memory = Memory::default();
        }
        let present = self.capabilities.offerer == Offerer::Present;
        for (index, peer) in peers.iter().enumerate() {
            let twice = peers.iter().take(index).any(|other| other == peer);
            if twice || self.me.as_ref() == Some(peer) || self.keeps(work, peer) {
                continue;
            }
            match present {
                false => self.offer_to(work, peer),
                true => self.await_offer(work, peer),
            }
        }
        if self.capabilities.offerer == Offerer::Everyone {
            return self.call_out_unless_linked(work);
        }
        let alone = self.links.iter().all(|link| link.participant().is_none());
        if !self.waits_prepared() || !alone {
            self.close_where(work, &|link| link.audience == Audience::Nobody);
        }
        self.stand_by(work);
    }

    /// Whether there is a way to a participant that works, or a way to that way. What was said on
    /// it while there was no server may be lost, and is said again. They may have closed their end
    /// of it meanwhile, so it is looked at closely.
    ///
    /// An offer that waits for our answer is not given up: who made it makes it again on our return,
    /// and would not understand another.
    fn keeps(&mut self, work: &mut Work, peer: &ParticipantId) -> bool {
        let told = self.capabilities.resume;
        let Some(link) = self.link_to(peer) else {
            return false;
        };
        if link.is_healthy() || told && link.is_answering() {
            link.offer_again(work);
            self.doubt_one(work, peer);
            return true;
        }
        self.retire_links(work, &|link| link.is_for(peer));
        false
    }

    /// Whether what is made in advance serves one who waits as well as one who comes.
    fn waits_prepared(&self) -> bool {
        matches!(self.capabilities.offerer, Offerer::Present | Offerer::Other)
    }

    /// Someone took a seat after us, or has come back to it: what was under way with them is lost.
    pub(crate) fn joined(&mut self, work: &mut Work, peer: &ParticipantId) {
        let ourselves = self.me.as_ref() == Some(peer);
        let linked = self.link_of(peer).is_some_and(Link::is_healthy);
        if self.capabilities.offerer == Offerer::Present && !ourselves && !linked {
            self.retire_links(work, &|link| link.is_for(peer));
            self.offer_to(work, peer);
        }
        self.returned(work, peer);
    }

    /// Someone has found the way to the server again. What they missed meanwhile may be an offer.
    pub(crate) fn returned(&mut self, work: &mut Work, peer: &ParticipantId) {
        let told = self.capabilities.resume;
        if let Some(link) = self.link_to(peer)
            && (told || link.transport == Transport::Connected)
        {
            link.offer_again(work);
        }
    }

    /// Offers to a participant, by the link that is made in advance if it is there still.
    pub(super) fn offer_to(&mut self, work: &mut Work, peer: &ParticipantId) {
        let audience = Audience::One(peer.clone());
        match self.find_mut(&|link| link.audience == Audience::Nobody && link.offers()) {
            Some(spare) => {
                spare.address(work, audience);
                let timer = Timer::Establish(spare.id);
                work.timer(timer, ESTABLISH);
            }
            None => {
                self.open_offering(work, audience);
            }
        }
    }

    /// Offers to one who keeps a link to us that we have closed, since they counted as gone.
    pub(super) fn call_back(&mut self, work: &mut Work, peer: &ParticipantId) {
        self.offer_to(work, peer);
        self.close_where(work, &|link| link.participant().is_none());
    }

    /// Leaves the first word to one who was there before us, for a while.
    fn await_offer(&mut self, work: &mut Work, peer: &ParticipantId) {
        let link = self.open(work, LinkRole::Answerer, Audience::One(peer.clone()));
        work.timer(Timer::Establish(link.id), OVERTURE);
        self.links.push(link);
    }

    /// Makes the link for whoever comes next, for one who waits alone: the browser takes longer to
    /// make a connection, and an offer on it, than to use one.
    pub(super) fn stand_by(&mut self, work: &mut Work) {
        if !self.links.is_empty() {
            return;
        }
        match self.capabilities.offerer {
            Offerer::Newcomer | Offerer::Other => {
                let link = self.open(work, LinkRole::StandBy, Audience::Nobody);
                self.links.push(link);
            }
            Offerer::Present => drop(self.open_offering(work, Audience::Nobody)),
            _ => {}
        }
    }
}
