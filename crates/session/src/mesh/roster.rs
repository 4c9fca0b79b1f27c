//! Participants who join, return, or were in the room before us, and which end sends the first offer.

use std::time::Duration;

use videocalls_protocol::{Offerer, ParticipantId};

use super::{CONNECT, Mesh};
use crate::LinkRole;
use crate::context::Context;
use crate::link::{Link, Target};
use crate::signal_history::SignalHistory;
use crate::timers::LinkTimer;

/// How long a participant who was in the room before us may take to offer, where it is their turn.
const FIRST_OFFER: Duration = Duration::from_secs(3);

impl Mesh {
    /// Sends an offer to whoever may be there, unless there is a link to a participant. An offer
    /// that was broadcast before may have been lost, or belong to a call that is over.
    pub(super) fn broadcast_offer_unless_linked(&mut self, ctx: &mut Context) {
        if !self.is_alone() {
            return;
        }
        self.close_where(ctx, &|link| *link.target() == Target::Anyone);
        match self.find_mut(&|link| *link.target() == Target::Nobody) {
            Some(prepared) => prepared.set_target(ctx, Target::Anyone),
            None => drop(self.open_offering(ctx, Target::Anyone)),
        }
    }

    /// Has the server store an offer by a new connection, beside the links that are there. It waits
    /// for an answer, however long.
    pub(super) fn store_offer(&mut self, ctx: &mut Context) {
        if self.links.iter().all(|it| *it.target() != Target::Anyone) {
            self.open_offering(ctx, Target::Anyone);
        }
    }

    /// We are in a room with these others: offers to each, or waits for their offers. Links that
    /// work are kept.
    pub(super) fn greet(&mut self, ctx: &mut Context, me: ParticipantId, peers: &[ParticipantId]) {
        self.me = Some(me);
        if self.peer_always_offers() {
            // The server repeats the offer that it stores, which may be one that we have given up.
            self.history = SignalHistory::default();
        }
        for (index, peer) in peers.iter().enumerate() {
            let is_repeated = peers[..index].contains(peer);
            let is_ours = self.me.as_ref() == Some(peer);
            if !is_repeated && !is_ours && !self.keep_link(ctx, peer) {
                self.greet_one(ctx, peer);
            }
        }
        if self.broadcasts_offers() {
            return self.broadcast_offer_unless_linked(ctx);
        }
        if !self.waits_with_prepared_link() || !self.is_alone() {
            self.close_where(ctx, &|link| *link.target() == Target::Nobody);
        }
        self.open_standby(ctx);
    }

    fn greet_one(&mut self, ctx: &mut Context, peer: &ParticipantId) {
        if self.capabilities.offerer == Offerer::Present {
            self.await_first_offer(ctx, peer);
        } else {
            self.offer_to(ctx, peer);
        }
    }

    /// Keeps the link to a participant if it works. An offer that was sent on it while the server
    /// was away may be lost, and is sent again. The peer may have closed its end meanwhile, so the
    /// link is suspect.
    ///
    /// Where returns are announced, an offer that waits for our answer is kept as well: the peer
    /// repeats it on our return, and would not expect an offer of ours.
    fn keep_link(&mut self, ctx: &mut Context, peer: &ParticipantId) -> bool {
        let peer_repeats = self.capabilities.announces_return;
        let Some(link) = self.link_to(peer) else {
            return false;
        };
        if link.is_healthy() || peer_repeats && link.is_answering() {
            link.reoffer(ctx);
            self.suspect_one(ctx, peer);
            return true;
        }
        self.retire_links(ctx, &|link| link.is_for(peer));
        false
    }

    /// Whether the link that is prepared in advance also serves to wait for a participant.
    fn waits_with_prepared_link(&self) -> bool {
        matches!(self.capabilities.offerer, Offerer::Present | Offerer::Other)
    }

    /// A participant has joined after us, or has taken their seat again: an exchange that was under
    /// way with them is lost.
    pub(super) fn joined(&mut self, ctx: &mut Context, peer: &ParticipantId) {
        let is_ours = self.me.as_ref() == Some(peer);
        let has_link = self.link_of(peer).is_some_and(Link::is_healthy);
        if self.capabilities.offerer == Offerer::Present && !is_ours && !has_link {
            self.retire_links(ctx, &|link| link.is_for(peer));
            self.offer_to(ctx, peer);
        }
        self.returned(ctx, peer);
    }

    /// A participant can reach the server again, and may have missed our offer.
    pub(super) fn returned(&mut self, ctx: &mut Context, peer: &ParticipantId) {
        let is_announced = self.capabilities.announces_return;
        if let Some(link) = self.link_to(peer)
            && (is_announced || link.is_connected())
        {
            link.reoffer(ctx);
        }
    }

    /// Offers to a participant, by the link that was prepared in advance if it is still there.
    pub(super) fn offer_to(&mut self, ctx: &mut Context, peer: &ParticipantId) {
        let target = Target::One(peer.clone());
        let is_prepared =
            |link: &Link| *link.target() == Target::Nobody && link.is_first_offer_ours();
        match self.find_mut(&is_prepared) {
            Some(prepared) => {
                prepared.set_target(ctx, target);
                prepared.recover_by(ctx, LinkTimer::Connect, CONNECT);
            }
            None => drop(self.open_offering(ctx, target)),
        }
    }

    /// Offers to a participant who still has a link to us that we have closed, since they counted
    /// as gone.
    pub(super) fn offer_to_returned(&mut self, ctx: &mut Context, peer: &ParticipantId) {
        self.offer_to(ctx, peer);
        self.close_where(ctx, &|link| link.participant().is_none());
    }

    /// Leaves the first offer to a participant who was in the room before us, for a while.
    fn await_first_offer(&mut self, ctx: &mut Context, peer: &ParticipantId) {
        let link = self.open(ctx, LinkRole::Answerer, Target::One(peer.clone()));
        link.recover_by(ctx, LinkTimer::FirstOffer, FIRST_OFFER);
    }

    /// Opens a link for the next participant while nobody is there: a browser takes longer to make
    /// a connection and an offer than to use them.
    pub(super) fn open_standby(&mut self, ctx: &mut Context) {
        if !self.links.is_empty() {
            return;
        }
        match self.capabilities.offerer {
            Offerer::Newcomer | Offerer::Other => {
                self.open(ctx, LinkRole::Standby, Target::Nobody);
            }
            Offerer::Present => drop(self.open_offering(ctx, Target::Nobody)),
            _ => {}
        }
    }
}
