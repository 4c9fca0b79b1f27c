//! The mesh as a [`Topology`].

use videocalls_protocol::data::Channel;
use videocalls_protocol::{LeaveReason, ParticipantId, Signal, Source};

use super::Mesh;
use super::deferred_offers::DeferredOffers;
use super::routes::Routes;
use crate::context::Context;
use crate::link::{Link, Target};
use crate::signal_history::SignalHistory;
use crate::timers::TopologyTimer;
use crate::topology::{DataState, ParticipantEvent, Topology};
use crate::{Connection, LinkId, LinkOp, LinkReport, Transport};

impl Topology for Mesh {
    fn prepare(&mut self, ctx: &mut Context) {
        if self.peer_always_offers() {
            self.open_standby(ctx);
        } else {
            self.open_offering(ctx, Target::Nobody);
        }
    }

    fn admitted(&mut self, ctx: &mut Context, me: Option<ParticipantId>, others: &[ParticipantId]) {
        match me {
            Some(me) => self.greet(ctx, me, others),
            None => self.broadcast_offer_unless_linked(ctx),
        }
    }

    fn online(&mut self, ctx: &mut Context) {
        if !std::mem::replace(&mut self.online, true) {
            self.recover_lost_links(ctx);
            self.restart_ice_where_waiting(ctx);
            self.repeat_open_offers(ctx);
        }
    }

    fn offline(&mut self) {
        self.online = false;
        self.routes.interrupt(&|_| true);
    }

    fn server_heard(&mut self, ctx: &mut Context) {
        self.report_missing_routes(ctx);
        self.restart_ice_where_waiting(ctx);
    }

    fn ice_servers_added(&mut self) {
        self.links.iter_mut().for_each(Link::lacks_ice_servers);
    }

    fn network_changed(&mut self, ctx: &mut Context) {
        self.suspect_all(ctx);
    }

    fn participant_event(
        &mut self,
        ctx: &mut Context,
        id: &ParticipantId,
        event: ParticipantEvent<'_>,
    ) {
        match event {
            ParticipantEvent::Joined => self.joined(ctx, id),
            ParticipantEvent::StillPresent => self.seated(id),
            ParticipantEvent::Away => {
                self.routes.interrupt(&|it| it == id);
                self.suspect_one(ctx, id);
            }
            ParticipantEvent::Back => self.returned(ctx, id),
            ParticipantEvent::Media(media) => self.media_changed(ctx, id, media),
            ParticipantEvent::ReceiveReport { not_receiving_us } => {
                self.reported_by_peer(ctx, id, not_receiving_us);
            }
        }
    }

    fn participant_left(
        &mut self,
        ctx: &mut Context,
        id: &ParticipantId,
        reason: LeaveReason,
    ) -> bool {
        self.left(ctx, id, reason)
    }

    fn receive_signal(&mut self, ctx: &mut Context, from: ParticipantId, signal: Signal) {
        self.handle_signal(ctx, from, signal);
    }

    fn link_report(&mut self, ctx: &mut Context, link: LinkId, report: LinkReport) {
        self.report(ctx, link, report);
    }

    fn timed_out(&mut self, ctx: &mut Context, timer: TopologyTimer) {
        match timer {
            TopologyTimer::Link(link, timer) => self.link_timed_out(ctx, link, timer),
            TopologyTimer::DeferredOffers => self.deferred_offers_due(ctx),
        }
    }

    fn send_text(&self, ctx: &mut Context, to: &ParticipantId, text: &str) {
        if let (Some(link), Some(_)) = (self.link_of(to), self.capabilities.chat) {
            ctx.link(link.id(), LinkOp::SendText(text.to_owned()));
        }
    }

    fn send_data(&self, ctx: &mut Context, to: &ParticipantId, channel: Channel, message: Vec<u8>) {
        self.send_on_channel(ctx, to, channel, message);
    }

    fn close_data(&mut self, ctx: &mut Context, id: &ParticipantId) {
        self.close_channels(ctx, id);
    }

    fn data_state(&self, id: &ParticipantId) -> DataState {
        self.data_state_of(id)
    }

    fn close(&mut self, ctx: &mut Context) {
        self.close_where(ctx, &|_| true);
        self.history = SignalHistory::default();
        self.deferred_offers = DeferredOffers::default();
        self.routes = Routes::default();
        self.not_sending.clear();
    }

    fn connection(&self, id: &ParticipantId) -> Connection {
        let link = self.link_of(id);
        match link.map(|link| (link.transport(), link.is_silent())) {
            Some((Transport::Connected, false)) => Connection::Connected,
            Some((Transport::New | Transport::Connecting, false)) | None => Connection::Connecting,
            Some(_) => Connection::Interrupted,
        }
    }

    fn link_of(&self, id: &ParticipantId) -> Option<LinkId> {
        self.link_of(id).map(Link::id)
    }

    fn unreported(&self, id: &ParticipantId) -> &[Source] {
        let link = self.link_of(id).filter(|_| !self.capabilities.media_state);
        link.map_or(&[], Link::received)
    }

    fn linked(&self) -> Vec<ParticipantId> {
        self.participants_where(&|_| true)
    }

    fn connected(&self) -> Vec<ParticipantId> {
        self.participants_where(&Link::is_healthy)
    }

    fn not_receiving(&self) -> Vec<ParticipantId> {
        self.participants_where(&Link::is_not_receiving)
    }

    fn is_media_flowing(&self) -> bool {
        self.links.iter().any(Link::is_connected)
    }
}
