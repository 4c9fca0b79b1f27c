//! How the call handles what the server sends.

use videocalls_protocol::{
    Departure, Event, IceServers, LeaveReason, ParticipantId, Peer, Refusal, Request, Signal,
    Welcome,
};

use super::Session;
use crate::topology::ParticipantEvent;
use crate::{Notice, Output, Problem};

impl Session {
    /// Handles an event from the server.
    pub(super) fn receive(&mut self, event: Event) {
        self.signaling.received(&mut self.ctx, &event);
        self.problems.received(&event);
        self.topology.server_heard(&mut self.ctx);
        match event {
            Event::Welcome(mut welcome) if self.signaling.awaits_welcome() => {
                self.use_ice_servers(std::mem::take(&mut welcome.ice_servers));
                self.welcomed(welcome);
            }
            Event::Refused(refusal) => self.refused(refusal),
            Event::Ping => self.ctx.output(Output::Send(Request::Pong)),
            Event::Waiting {
                ping_interval: ping,
                token_expires_in: expires,
            } => self.waiting(ping, expires),
            Event::TokenExpired => self.signaling.token_expired(&mut self.ctx),
            Event::TokenAccepted { expires_in, grants } => self.token_accepted(expires_in, grants),
            Event::Rejected { code } if code == "not-permitted" => self.not_permitted(),
            Event::Rejected { .. } => self.server_problem(Problem::MessageRejected),
            event if self.signaling.is_joined() => self.receive_in_room(event),
            // A second welcome, or an event of a room that we are not in.
            _ => {}
        }
    }

    /// Handles an event of the room that we are in.
    fn receive_in_room(&mut self, event: Event) {
        match event {
            Event::Gap => {
                let outcome = self.signaling.lost(&mut self.ctx);
                self.apply(outcome);
            }
            Event::Joined(peer) => {
                let id = peer.id.clone();
                self.add(peer);
                self.tell_links(&id, ParticipantEvent::Joined);
            }
            Event::IceServers(ice_servers) => self.use_ice_servers(ice_servers),
            Event::Found(peer) => self.roster.introduce(peer),
            Event::Left { id, reason } => self.left(&id, reason),
            Event::Away(id) => {
                self.update(&id, |peer| peer.away = true);
                self.tell_links(&id, ParticipantEvent::Away);
            }
            Event::Back(id) => {
                self.update(&id, |peer| peer.away = false);
                self.tell_links(&id, ParticipantEvent::Back);
            }
            Event::ReceiveReport {
                from,
                not_receiving,
            } => self.receive_report(&from, not_receiving),
            Event::Signal { from, signal } => self.receive_signal(from, signal),
            Event::Room(state) => {
                self.room.set_state(state);
                self.ctx.notify(Notice::RoomChanged);
            }
            Event::Knock(knock) => self.knocked(knock),
            Event::KnockEnded(id) => self.knock_ended(id),
            Event::Asked { from, ask } => self.asked(from, ask),
            Event::Media { from, media } => {
                self.update(&from, |peer| peer.media = media);
                self.tell_links(&from, ParticipantEvent::Media(media));
            }
            _ => {}
        }
    }

    /// Takes over the server's ICE servers. Links that have begun without any may need them.
    fn use_ice_servers(&mut self, ice_servers: IceServers) {
        if ice_servers.servers.is_empty() {
            return;
        }
        self.ctx.output(Output::UseIceServers(ice_servers.servers));
        if !std::mem::replace(&mut self.has_ice_servers, true) {
            self.topology.ice_servers_added();
        }
    }

    fn welcomed(&mut self, welcome: Welcome) {
        self.signaling.welcomed(&mut self.ctx, &welcome);
        self.ctx.notify(Notice::StateChanged);
        self.take_terms(&welcome.terms);
        if !welcome.resumed {
            self.reconcile(welcome);
        }
        self.topology.online(&mut self.ctx);
        self.publish_local_state();
    }

    fn refused(&mut self, refusal: Refusal) {
        let outcome = self.signaling.refused(&mut self.ctx, refusal);
        self.apply(outcome);
    }

    /// Takes over the server's roster, and keeps those participants whose media still arrives.
    fn reconcile(&mut self, welcome: Welcome) {
        let announced = self.config.capabilities.departure == Departure::Announced;
        let linked = self.topology.linked();
        let missing = self.roster.reconcile(&welcome, linked, announced);
        for id in &missing.ids {
            match missing.have_left {
                true => self.remove_with_link(id),
                false => self.left(id, LeaveReason::Lost),
            }
        }
        let ids: Vec<_> = welcome.peers.iter().map(|peer| peer.id.clone()).collect();
        self.topology
            .admitted(&mut self.ctx, Some(welcome.id), &ids);
        welcome.peers.into_iter().for_each(|peer| self.add(peer));
        // The last report may have been lost with the connection.
        if !self.reported.is_empty() {
            self.send_receive_report(self.topology.not_receiving());
        }
    }

    /// Adds a participant, or updates one.
    fn add(&mut self, peer: Peer) {
        if self.roster.contains(&peer.id) {
            let not_receiving_us = self.roster.names_us(&peer.not_receiving);
            self.tell_links(&peer.id, ParticipantEvent::StillPresent);
            self.tell_links(
                &peer.id,
                ParticipantEvent::ReceiveReport { not_receiving_us },
            );
        }
        self.tell_links(&peer.id, ParticipantEvent::Media(peer.media));
        let links = self.topology.as_ref();
        self.roster.add(&mut self.ctx, links, peer);
    }

    /// The server has given a participant's seat away. If only their connection to it was lost, they
    /// stay on the roster as long as their media arrives.
    fn left(&mut self, id: &ParticipantId, reason: LeaveReason) {
        let stays = self.topology.participant_left(&mut self.ctx, id, reason);
        if !stays {
            self.remove(id, reason);
        }
    }

    /// Removes a participant who has left for certain, even if their media still arrives.
    fn remove_with_link(&mut self, id: &ParticipantId) {
        let _closed = self
            .topology
            .participant_left(&mut self.ctx, id, LeaveReason::Bye);
        self.remove(id, LeaveReason::Lost);
    }

    fn receive_report(&mut self, from: &ParticipantId, not_receiving: Vec<ParticipantId>) {
        if self.roster.contains(from) {
            let not_receiving_us = self.roster.names_us(&not_receiving);
            self.update(from, |peer| peer.not_receiving = not_receiving);
            self.tell_links(from, ParticipantEvent::ReceiveReport { not_receiving_us });
        }
    }

    /// Passes a signal on to the links. Where the server announces nobody, anyone may send one.
    fn receive_signal(&mut self, from: ParticipantId, signal: Signal) {
        let unannounced = self.config.capabilities.departure == Departure::Unannounced;
        if unannounced || self.roster.contains(&from) {
            self.topology.receive_signal(&mut self.ctx, from, signal);
        }
    }

    fn update(&mut self, id: &ParticipantId, update: impl FnOnce(&mut Peer)) {
        let links = self.topology.as_ref();
        self.roster.update(&mut self.ctx, links, id, update);
    }

    fn tell_links(&mut self, id: &ParticipantId, event: ParticipantEvent) {
        self.topology.participant_event(&mut self.ctx, id, event);
    }
}
