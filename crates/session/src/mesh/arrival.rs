//! Who comes, and who was there before: the first word to each.

use std::time::Duration;

use videocalls_protocol::{Offerer, ParticipantId};

use super::{ESTABLISH, Mesh};
use crate::LinkRole;
use crate::link::Audience;
use crate::time::Timer;
use crate::work::Work;

/// How long one who was there before us may take to offer, where it is their turn.
const OVERTURE: Duration = Duration::from_secs(3);

impl Mesh {
    /// Makes the first link, with its offer and its candidates, before anyone is known: all that
    /// can be done while the socket connects and the user is asked for the devices.
    pub(crate) fn prepare(&mut self, work: &mut Work) {
        match self.capabilities.offerer {
            Offerer::Other => self.stand_by(work),
            _ => drop(self.open_offering(work, Audience::Nobody)),
        }
    }

    /// Calls out to whoever may be there, on a server that only broadcasts.
    pub(crate) fn call_out(&mut self, work: &mut Work) {
        match self.find_mut(|link| link.audience == Audience::Nobody) {
            Some(spare) => spare.address(work, Audience::Anyone),
            None => {
                self.open_offering(work, Audience::Anyone);
            }
        }
    }

    /// Turns to everyone who was there before us, once to each: offers, or waits for their offers.
    pub(crate) fn greet(&mut self, work: &mut Work, me: ParticipantId, peers: &[ParticipantId]) {
        self.me = Some(me);
        let present = self.capabilities.offerer == Offerer::Present;
        for peer in peers {
            if self.link_of(peer).is_some() || self.me.as_ref() == Some(peer) {
                continue;
            }
            match present {
                false => self.offer_to(work, peer),
                true => self.await_offer(work, peer),
            }
        }
        if self.capabilities.offerer == Offerer::Everyone {
            return self.call_out(work);
        }
        let alone = self.links.iter().all(|link| link.participant().is_none());
        if !self.waits_prepared() || !alone {
            self.close_where(work, |link| link.audience == Audience::Nobody);
        }
        self.stand_by(work);
    }

    /// Whether what is made in advance serves one who waits as well as one who comes.
    fn waits_prepared(&self) -> bool {
        matches!(self.capabilities.offerer, Offerer::Present | Offerer::Other)
    }

    /// Someone took a seat after us.
    pub(crate) fn joined(&mut self, work: &mut Work, peer: &ParticipantId) {
        let ourselves = self.me.as_ref() == Some(peer);
        let known = self.link_of(peer).is_some();
        if self.capabilities.offerer == Offerer::Present && !ourselves && !known {
            self.offer_to(work, peer);
        }
    }

    /// Offers to a participant, by the link that is made in advance if it is there still.
    pub(super) fn offer_to(&mut self, work: &mut Work, peer: &ParticipantId) {
        let audience = Audience::One(peer.clone());
        match self.find_mut(|link| link.audience == Audience::Nobody && link.offers()) {
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
