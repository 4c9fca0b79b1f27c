//! The data channels of the model's peer connections: reliable and in order, for as long as both ends
//! are open.

use std::collections::VecDeque;

use videocalls_protocol::data::Channel;
use videocalls_session::{LinkReport, Transport};

use super::network::{Occurrence, SimulatedNetwork};
use super::peer::{Owner, PcId};

/// After how long what did not get through is sent again, in ms.
const RETRANSMISSION: u64 = 400;

/// One end of the channels.
#[derive(Debug, Default)]
pub(crate) struct ModelChannel {
    is_open: bool,
    /// What the other end has sent and has not arrived.
    in_transit: VecDeque<Vec<u8>>,
}

impl SimulatedNetwork {
    /// Opens the channels of a connection that both ends have announced.
    pub(crate) fn open_channels(&mut self, pc: PcId) {
        let peer = &mut self.pcs[pc];
        let has_data = |desc: &Option<super::peer::Desc>| desc.as_ref().is_some_and(|it| it.data);
        let is_agreed = has_data(&peer.current_local) && has_data(&peer.current_remote);
        let is_client = matches!(peer.owner, Owner::Client { .. });
        let is_new = peer.transport == Transport::Connected && !peer.data.is_open;
        if is_agreed && is_client && is_new {
            peer.data.is_open = true;
            let report = LinkReport::DataOpened;
            let delay = self.rng.pick(&[0, 1, 30, 300]);
            self.after(delay, Occurrence::Report { pc, report });
        }
    }

    pub(crate) fn send_on_channel(&mut self, pc: PcId, channel: Channel, message: Vec<u8>) {
        assert!(self.pcs[pc].data.is_open, "the channel of {pc} is not open");
        let remote = self.pcs[pc].current_remote.as_ref();
        let to = remote.expect("an open channel has another end").session;
        if channel == Channel::Unreliable && self.rng.percent(20) {
            return;
        }
        self.pcs[to].data.in_transit.push_back(message);
        let delay = self.rng.below(self.conditions.delay + 1);
        self.after(delay, Occurrence::DataArrives { pc: to });
    }

    /// Delivers the oldest message to a connection, or tries again later.
    pub(crate) fn data_arrives(&mut self, pc: PcId) {
        let there = self.pcs[pc].current_remote.as_ref();
        let there = there.map(|remote| remote.session);
        let is_lost = self.pcs[pc].closed || there.is_none_or(|there| self.pcs[there].closed);
        if is_lost {
            self.pcs[pc].data.in_transit.clear();
        } else if !self.pcs[pc].data.is_open || !self.flows(pc) {
            self.after(RETRANSMISSION, Occurrence::DataArrives { pc });
        } else if let Some(message) = self.pcs[pc].data.in_transit.pop_front() {
            // Behind the report that the channel is open.
            let delay = 300;
            let report = LinkReport::Data(message);
            self.after(delay, Occurrence::Report { pc, report });
        }
    }
}
