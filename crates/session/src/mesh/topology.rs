//! The mesh as a [`Topology`].

use videocalls_protocol::{LeaveReason, ParticipantId, Signal};

use super::Mesh;
use crate::context::Context;
use crate::time::LinkTimer;
use crate::topology::{ParticipantEvent, Topology};
use crate::{Connection, LinkId, LinkReport};

impl Topology for Mesh {
    fn prepare(&mut self, ctx: &mut Context) {
        Self::prepare(self, ctx);
    }

    fn admitted(&mut self, ctx: &mut Context, me: Option<ParticipantId>, others: &[ParticipantId]) {
        match me {
            Some(me) => self.greet(ctx, me, others),
            None => self.broadcast_offer_unless_linked(ctx),
        }
    }

    fn online(&mut self, ctx: &mut Context) {
        Self::online(self, ctx);
    }

    fn offline(&mut self) {
        Self::offline(self);
    }

    fn server_heard(&mut self, ctx: &mut Context) {
        self.reachable(ctx);
    }

    fn network_changed(&mut self, ctx: &mut Context) {
        self.suspect_all(ctx);
    }

    fn participant_event(
        &mut self,
        ctx: &mut Context,
        id: &ParticipantId,
        event: ParticipantEvent,
    ) {
        match event {
            ParticipantEvent::Joined => self.joined(ctx, id),
            ParticipantEvent::StillPresent => self.seated(id),
            ParticipantEvent::Away => self.suspect_one(ctx, id),
            ParticipantEvent::Back => self.returned(ctx, id),
            ParticipantEvent::Media(_) => {}
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
        self.hear(ctx, from, signal);
    }

    fn link_report(&mut self, ctx: &mut Context, link: LinkId, report: LinkReport) {
        self.report(ctx, link, report);
    }

    fn timed_out(&mut self, ctx: &mut Context, timer: LinkTimer) {
        match timer {
            LinkTimer::Answer(link) => self.answer_timed_out(ctx, link),
            LinkTimer::Departure(link) => self.departure_timed_out(ctx, link),
            LinkTimer::Establish(link) => self.establish_timed_out(ctx, link),
            LinkTimer::Gathering(link) => self.gathering_timed_out(ctx, link),
            LinkTimer::DeferredOffer => self.deferred_offer_timed_out(ctx),
            LinkTimer::Measure(link) => self.measure(ctx, link),
            LinkTimer::RestartIce(link) => self.restart_ice_timed_out(ctx, link),
        }
    }

    fn send_text(&mut self, ctx: &mut Context, text: &str) {
        Self::send_text(self, ctx, text);
    }

    fn close(&mut self, ctx: &mut Context) {
        self.close_all(ctx);
    }

    fn connection(&self, id: &ParticipantId) -> Connection {
        Self::connection(self, id)
    }

    fn link_of(&self, id: &ParticipantId) -> Option<LinkId> {
        self.link_id_of(id)
    }

    fn linked(&self) -> Vec<ParticipantId> {
        Self::linked(self)
    }

    fn connected(&self) -> Vec<ParticipantId> {
        self.living()
    }

    fn not_receiving(&self) -> Vec<ParticipantId> {
        Self::not_receiving(self)
    }

    fn is_media_flowing(&self) -> bool {
        self.is_alive()
    }
}
