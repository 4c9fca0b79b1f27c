//! What must hold at the end of a schedule.

use videocalls_protocol::{ParticipantId, Source};
use videocalls_session::{CallState, Connection, LinkId, Problem, Transport};

use super::network::SimulatedNetwork;
use super::peer::{ModelPeer, Owner, PcId, SCREEN_MID};
use super::server::Server;

impl SimulatedNetwork {
    /// Checks everything that must hold for clients and pages.
    pub(crate) fn check(&self) {
        for client in 0..self.clients.len() {
            if self.clients[client].ended.is_some() {
                self.check_ended(client);
            }
            if self.is_in_call(client) {
                self.check_present(client);
            }
        }
        self.check_pages();
        self.check_messages();
        self.check_everything_is_at_rest();
    }

    fn check_ended(&self, client: usize) {
        let it = &self.clients[client];
        assert!(
            it.links.is_empty(),
            "client {client} has ended, and links are open"
        );
        assert!(
            it.tracks.is_all_released(),
            "client {client} has ended, and the devices are not released"
        );
        assert!(
            it.closed_signaling || it.conn.is_none(),
            "client {client} has ended, and its socket is open"
        );
        assert_eq!(it.session.next_timeout(), None, "client {client} has ended");
        assert!(matches!(it.session.snapshot().state, CallState::Ended(_)));
    }

    fn check_present(&self, client: usize) {
        let it = &self.clients[client];
        let snapshot = it.session.snapshot();
        assert_eq!(snapshot.state, CallState::Connected, "client {client}");
        let others = self.others(client);
        let mut expected: Vec<_> = others.iter().map(|(id, _)| id.clone()).collect();
        let mut seen: Vec<_> = snapshot
            .participants
            .iter()
            .map(|it| it.id.clone())
            .collect();
        let mut notified = it.roster.clone();
        expected.sort();
        seen.sort();
        notified.sort();
        assert_eq!(seen, expected, "participants of client {client}");
        assert_eq!(
            notified, expected,
            "participants that client {client} was notified of"
        );
        for view in &snapshot.participants {
            assert_eq!(
                view.connection,
                Connection::Connected,
                "client {client} and {:?}",
                view.id
            );
            assert!(!view.away, "client {client} sees {:?} as away", view.id);
            assert_eq!(
                view.not_receiving,
                [],
                "client {client} sees {:?} as not receiving",
                view.id
            );
            let (_, end) = others.iter().find(|(id, _)| *id == view.id).unwrap();
            self.check_link(client, it.session.link_of(&view.id), end);
            if let (Server::Rooms(_), End::Client(other)) = (&self.server, end) {
                let theirs = self.clients[*other].session.snapshot().local;
                assert_eq!(view.tracks, theirs, "client {client} sees {other}");
            }
            if let End::Client(other) = end {
                let theirs = self.clients[*other].session.snapshot();
                assert_eq!(
                    view.is_hand_raised, theirs.is_hand_raised,
                    "client {client} sees the hand of {other}"
                );
            }
        }
        self.check_tracks(client);
        // A client that is alone has a prepared link, or, on a relay, may have an open offer.
        let most = others.len().max(1);
        let least = match self.server {
            Server::Relay { .. } => others.len(),
            // A prepared link that failed is not created again.
            _ if self.conditions.failures > 0 => others.len(),
            _ => most,
        };
        assert!(
            (least..=most).contains(&it.links.len()),
            "client {client} has {} links to {} others",
            it.links.len(),
            others.len()
        );
        if self.conditions.failures == 0 {
            // Media may find no route for a while although signaling works.
            let harmless = |it: &Problem| matches!(it, Problem::MessageRejected | Problem::NoRoute);
            assert!(
                it.problems.iter().all(harmless),
                "client {client}: {:?}",
                it.problems
            );
        }
    }

    fn check_link(&self, client: usize, link: Option<LinkId>, end: &End) {
        let link = link.expect("a connected participant has a link");
        let pc = self.clients[client].links[&link];
        let here = &self.pcs[pc];
        let there = &self.pcs[here.current_remote.as_ref().unwrap().session];
        match (end, there.owner) {
            (End::Client(other), Owner::Client { client, .. }) => assert_eq!(*other, client),
            (End::Page(other), Owner::Page(page)) => assert_eq!(*other, page),
            _ => panic!("client {client}'s link leads to another participant"),
        }
        assert_eq!(here.transport, Transport::Connected);
        if let End::Client(other) = end {
            self.check_screen(here, *other);
            assert!(
                here.is_quiet(),
                "connection {pc} is still negotiating: {here:?}"
            );
            // Candidates that are lost with a server are not repeated to connected participants.
            if !self.conditions.reorder && self.tally.disturbances == 0 {
                self.check_candidates(here, there);
            }
        }
    }

    /// Checks that a link receives the screen that the other end shares, and that our own server tells
    /// which track it is.
    fn check_screen(&self, here: &ModelPeer, other: usize) {
        let is_shared = self.clients[other].tracks.has(Source::Screen);
        let is_sent = here.current_remote.as_ref().is_some_and(|it| it.screen);
        assert_eq!(
            is_sent, is_shared,
            "connection {}: screen of {other}",
            here.id
        );
        if let Server::Rooms(_) = self.server {
            let named = here.remote_sources.of(SCREEN_MID);
            let expected = is_shared.then_some(Source::Screen);
            assert_eq!(
                named, expected,
                "connection {}: sources of {other}",
                here.id
            );
        }
    }

    /// Checks that all candidates of the latest exchange have arrived.
    fn check_candidates(&self, here: &ModelPeer, there: &ModelPeer) {
        let (_, ufrag) = here.latest_generation();
        for candidate in there.gathered.iter().filter(|(of, _)| *of == ufrag) {
            assert!(
                here.remote_candidates.contains(candidate),
                "connection {} did not get {candidate:?}",
                here.id
            );
        }
    }

    fn check_pages(&self) {
        if let Server::Mesh { .. } = self.server {
            return self.check_mesh_pages();
        }
        for (page, it) in self.pages.iter().enumerate() {
            let pc: Option<PcId> = it.pc.filter(|_| self.is_page_in_call(page));
            let partner = (0..self.clients.len()).find(|&client| self.is_in_call(client));
            if let (Some(pc), Some(client)) = (pc, partner) {
                assert_eq!(
                    self.pcs[pc].transport,
                    Transport::Connected,
                    "page {page} and client {client}"
                );
            }
        }
    }

    /// Checks that each page in the mesh is connected to each client. Two pages that join at once both
    /// offer and never connect to each other; that is their own bug.
    fn check_mesh_pages(&self) {
        let clients = (0..self.clients.len()).filter(|&it| self.is_in_call(it));
        let clients = clients.count();
        for page in (0..self.pages.len()).filter(|&page| self.is_page_in_call(page)) {
            let linked = self.pages[page].others.values();
            let linked = linked.filter(|&&pc| {
                let there = self.pcs[pc].current_remote.as_ref().map(|it| it.session);
                let there = there.map(|there| self.pcs[there].owner);
                self.pcs[pc].transport == Transport::Connected
                    && matches!(there, Some(Owner::Client { .. }))
            });
            assert_eq!(
                linked.count(),
                clients,
                "connections of page {page} to clients"
            );
        }
    }

    fn check_everything_is_at_rest(&self) {
        if self.server.pings() || self.measures {
            return;
        }
        assert!(self.is_at_rest(), "something is still scheduled");
        for (client, it) in self.clients.iter().enumerate().filter(|(_, it)| it.alive) {
            assert_eq!(
                it.session.next_timeout(),
                None,
                "client {client} has a timer"
            );
        }
    }

    /// The other participants in the call, with the ids by which a client should know them.
    pub(crate) fn others(&self, client: usize) -> Vec<(ParticipantId, End)> {
        let clients = (0..self.clients.len())
            .filter(|&other| other != client && self.is_in_call(other))
            .filter_map(|other| Some((self.id_of(other)?, End::Client(other))));
        let pages = (0..self.pages.len())
            .filter(|&page| self.is_page_in_call(page))
            .map(|page| (self.page_id(page), End::Page(page)));
        let mut others: Vec<_> = clients.chain(pages).collect();
        // Where ids are local to each client, any id will do.
        let known = self.clients[client].session.snapshot().participants;
        if let ([(id, _)], [view], false) = (&mut others[..], &known[..], self.server.shares_ids())
        {
            *id = view.id.clone();
        }
        others
    }

    fn is_page_in_call(&self, page: usize) -> bool {
        let it = &self.pages[page];
        let has_place = |conn| self.server.has_place(conn);
        it.media && !it.ended && it.conn.is_some_and(has_place)
    }
}

pub(crate) enum End {
    Client(usize),
    Page(usize),
}
