//! The data channels of the links.

use videocalls_protocol::ParticipantId;
use videocalls_protocol::data::Channel;

use super::Mesh;
use crate::context::Context;
use crate::link::Link;
use crate::topology::DataState;
use crate::topology_event::TopologyEvent;
use crate::{LinkId, LinkOp, LinkReport};

impl Mesh {
    /// Handles what the browser reports of the data channels of a link.
    pub(super) fn data_reported(&mut self, ctx: &mut Context, id: LinkId, report: LinkReport) {
        let Some(link) = self.link_mut(id) else {
            return;
        };
        let Some(participant) = link.participant().cloned() else {
            return;
        };
        match report {
            LinkReport::DataOpened => {
                link.set_data_open(true);
                if link.data_state() == DataState::Open {
                    ctx.report(TopologyEvent::DataOpened(participant));
                }
            }
            LinkReport::DataClosed => link.set_data_open(false),
            LinkReport::Data(message) if link.data_state() == DataState::Open => {
                ctx.report(TopologyEvent::Data(participant, message));
            }
            LinkReport::Text(text) => ctx.report(TopologyEvent::Text(participant, text)),
            _ => {}
        }
    }

    pub(super) fn data_state_of(&self, id: &ParticipantId) -> DataState {
        self.link_of(id)
            .map_or(DataState::Pending, Link::data_state)
    }

    pub(super) fn send_on_channel(
        &self,
        ctx: &mut Context,
        to: &ParticipantId,
        channel: Channel,
        message: Vec<u8>,
    ) {
        if let Some(link) = self.link_of(to)
            && link.data_state() == DataState::Open
        {
            ctx.link(link.id(), LinkOp::SendData { channel, message });
        }
    }

    pub(super) fn close_channels(&mut self, ctx: &mut Context, id: &ParticipantId) {
        if let Some(link) = self.link_to(id) {
            link.set_data_open(false);
            ctx.link(link.id(), LinkOp::CloseData);
        }
    }
}
