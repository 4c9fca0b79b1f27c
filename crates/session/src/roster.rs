//! Who is in the room, as the server and the links report it.

use videocalls_protocol::{DisplayName, LeaveReason, ParticipantId, Peer, TrackState, Welcome};

use crate::context::Context;
use crate::topology::Topology;
use crate::{Notice, ParticipantView};

/// The participants of the room in the order in which they joined, and our own id.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    own_id: Option<ParticipantId>,
    /// The epoch of the server that sent the last roster.
    epoch: Option<String>,
    participants: Vec<Peer>,
    /// Those who raise their hands.
    raised_hands: Vec<ParticipantId>,
    /// The sender of the next signal, as introduced by the server. They join the roster with their link.
    introduced: Option<Peer>,
}

/// The participants who are missing from the server's new roster.
#[derive(Debug)]
pub(crate) struct Missing {
    pub(crate) ids: Vec<ParticipantId>,
    /// Whether they have left for certain. Otherwise they may only not have rejoined yet.
    pub(crate) have_left: bool,
}

impl Roster {
    pub(crate) fn own_id(&self) -> Option<&ParticipantId> {
        self.own_id.as_ref()
    }

    pub(crate) fn set_own_id(&mut self, id: Option<ParticipantId>) {
        self.own_id = id;
    }

    /// The name of a participant, if it is known.
    pub(crate) fn name_of(&self, id: &ParticipantId) -> Option<DisplayName> {
        self.find(id)?.name.clone()
    }

    pub(crate) fn contains(&self, id: &ParticipantId) -> bool {
        self.find(id).is_some()
    }

    pub(crate) fn ids(&self) -> Vec<ParticipantId> {
        self.participants.iter().map(|it| it.id.clone()).collect()
    }

    pub(crate) fn views(&self, links: &dyn Topology) -> Vec<ParticipantView> {
        let participants = self.participants.iter();
        participants.map(|peer| self.view(peer, links)).collect()
    }

    /// Whether a participant's report of whom they don't receive names us.
    pub(crate) fn names_us(&self, not_receiving: &[ParticipantId]) -> bool {
        let own_id = self.own_id.as_ref();
        own_id.is_some_and(|own_id| not_receiving.contains(own_id))
    }

    /// Takes over our id and the server's epoch from a welcome, and returns the participants who are
    /// known or `linked` and missing from its roster. After a restart of the server, they may simply
    /// not have rejoined yet. If our own id is new, all links are outdated: to the others, we are a new
    /// participant.
    pub(crate) fn reconcile(
        &mut self,
        welcome: &Welcome,
        linked: Vec<ParticipantId>,
        departures_announced: bool,
    ) -> Missing {
        let own_id = self.own_id.replace(welcome.id.clone());
        let epoch = std::mem::replace(&mut self.epoch, welcome.epoch.clone());
        let renamed = own_id.is_some_and(|own_id| own_id != welcome.id);
        let complete = departures_announced && epoch.is_some() && epoch == welcome.epoch;
        let is_missing = |id: &ParticipantId| welcome.peers.iter().all(|peer| peer.id != *id);
        let mut ids = linked;
        ids.extend(self.ids());
        ids.retain(|id| renamed || is_missing(id));
        Missing {
            ids,
            have_left: renamed || complete,
        }
    }

    /// Remembers the sender of the next signal.
    pub(crate) fn introduce(&mut self, peer: Peer) {
        self.introduced = Some(peer);
    }

    /// Adds a participant who has a link, unless the server has announced them.
    pub(crate) fn appeared(&mut self, ctx: &mut Context, links: &dyn Topology, id: ParticipantId) {
        if self.contains(&id) {
            return self.changed(ctx, links, &id);
        }
        let introduced = self.introduced.take_if(|introduced| introduced.id == id);
        self.add(
            ctx,
            links,
            introduced.unwrap_or_else(|| Peer::new(id, None)),
        );
    }

    /// Adds a participant other than ourselves, or replaces what is known of one.
    pub(crate) fn add(&mut self, ctx: &mut Context, links: &dyn Topology, peer: Peer) {
        if self.own_id.as_ref() == Some(&peer.id) {
            return;
        }
        let known = self.participants.iter_mut().find(|it| it.id == peer.id);
        if let Some(known) = known {
            let id = peer.id.clone();
            *known = peer;
            self.changed(ctx, links, &id);
        } else {
            ctx.notify(Notice::ParticipantJoined(self.view(&peer, links)));
            self.participants.push(peer);
        }
    }

    pub(crate) fn update(
        &mut self,
        ctx: &mut Context,
        links: &dyn Topology,
        id: &ParticipantId,
        update: impl FnOnce(&mut Peer),
    ) {
        if let Some(peer) = self.participants.iter_mut().find(|peer| peer.id == *id) {
            update(peer);
            self.changed(ctx, links, id);
        }
    }

    /// Notifies the app that something about a participant is different.
    pub(crate) fn changed(&self, ctx: &mut Context, links: &dyn Topology, id: &ParticipantId) {
        if let Some(peer) = self.find(id) {
            ctx.notify(Notice::ParticipantChanged(self.view(peer, links)));
        }
    }

    /// Takes over whether a participant raises their hand.
    pub(crate) fn set_hand(
        &mut self,
        ctx: &mut Context,
        links: &dyn Topology,
        id: &ParticipantId,
        is_raised: bool,
    ) {
        if self.raised_hands.contains(id) == is_raised {
            return;
        }
        match is_raised {
            true => self.raised_hands.push(id.clone()),
            false => self.raised_hands.retain(|it| it != id),
        }
        self.changed(ctx, links, id);
    }

    pub(crate) fn remove(
        &mut self,
        ctx: &mut Context,
        links: &dyn Topology,
        id: &ParticipantId,
        reason: LeaveReason,
    ) {
        if let Some(index) = self.participants.iter().position(|peer| peer.id == *id) {
            let peer = self.participants.remove(index);
            let participant = self.view(&peer, links);
            self.raised_hands.retain(|it| it != id);
            ctx.notify(Notice::ParticipantLeft {
                participant,
                reason,
            });
        }
    }

    /// Forgets everyone, and our own id.
    pub(crate) fn clear(&mut self) {
        self.participants.clear();
        self.raised_hands.clear();
        self.own_id = None;
    }

    fn find(&self, id: &ParticipantId) -> Option<&Peer> {
        self.participants.iter().find(|peer| peer.id == *id)
    }

    fn view(&self, peer: &Peer, links: &dyn Topology) -> ParticipantView {
        let mut tracks = peer.media.clone();
        for source in links.unreported(&peer.id) {
            tracks.set(*source, TrackState::Live);
        }
        ParticipantView {
            id: peer.id.clone(),
            name: peer.name.clone(),
            connection: links.connection(&peer.id),
            tracks,
            away: peer.away,
            not_receiving: peer.not_receiving.clone(),
            is_hand_raised: self.raised_hands.contains(&peer.id),
        }
    }
}
