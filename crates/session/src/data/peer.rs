use std::rc::Rc;

use videocalls_protocol::ParticipantId;
use videocalls_protocol::data::{Channel, Hello, Message, encode};

use super::outbox::Outbox;
use crate::context::Context;
use crate::topology::{DataState, Topology};

/// A participant, as far as data channels are concerned.
#[derive(Debug)]
pub(crate) struct DataPeer {
    id: ParticipantId,
    /// Which page is at the other end, once there has been a hello.
    instance: Option<u32>,
    channel: ChannelState,
    /// The highest number that was received from the instance.
    received: u32,
    outbox: Outbox,
}

/// How far the exchange of hellos by the latest channel is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum ChannelState {
    /// Their hello has not come.
    Silent,
    /// It has come.
    Ready {
        /// The digest of their chat lines at the time.
        lines: u32,
        /// Whether we have requested them by this channel.
        is_asked: bool,
        /// Whether they have requested ours by this channel.
        has_asked: bool,
    },
}

impl DataPeer {
    pub(crate) fn new(id: ParticipantId) -> Self {
        Self {
            id,
            instance: None,
            channel: ChannelState::Silent,
            received: 0,
            outbox: Outbox::default(),
        }
    }

    pub(crate) fn id(&self) -> &ParticipantId {
        &self.id
    }

    pub(crate) fn instance(&self) -> Option<u32> {
        self.instance
    }

    /// Whether a message of this length can be taken. Only for those whom we can't reach, older
    /// messages are dropped instead.
    pub(crate) fn has_room_for(&self, links: &dyn Topology, bytes: usize) -> bool {
        !self.is_reachable(links) || self.outbox.has_room_for(bytes)
    }

    /// Whether the peer's hello has come by the channel that is open.
    pub(crate) fn is_reachable(&self, links: &dyn Topology) -> bool {
        self.channel != ChannelState::Silent && links.data_state(&self.id) == DataState::Open
    }

    /// A new channel is open: greets the peer, whose hello is to come.
    pub(crate) fn opened(&mut self, ctx: &mut Context, links: &dyn Topology, hello: Hello) {
        self.channel = ChannelState::Silent;
        self.send(ctx, links, &Message::Hello(hello));
    }

    /// Takes the peer's hello; returns false if it is not the first.
    pub(crate) fn greeted(&mut self, hello: &Hello) -> bool {
        if self.channel != ChannelState::Silent {
            return false;
        }
        self.channel = ChannelState::Ready {
            lines: hello.lines,
            is_asked: false,
            has_asked: false,
        };
        if self.instance.is_some_and(|known| known != hello.instance) {
            self.received = 0;
            self.outbox.drop_sent();
        }
        self.instance = Some(hello.instance);
        true
    }

    /// Goes on where the same page was before, when it was another participant.
    pub(crate) fn take_over(&mut self, before: &Self) {
        self.received = self.received.max(before.received);
        self.outbox.take_over(&before.outbox);
    }

    /// Counts a number; returns whether its message is new.
    pub(crate) fn receive(&mut self, number: u32) -> bool {
        let is_new = number > self.received;
        self.received = number.max(self.received);
        is_new
    }

    pub(crate) fn acknowledge(&self, ctx: &mut Context, links: &dyn Topology) {
        self.send(ctx, links, &Message::Ack(self.received));
    }

    pub(crate) fn acknowledged(&mut self, number: u32) {
        self.outbox.acknowledge(number);
    }

    /// Sends a numbered message, as soon as that is possible.
    pub(crate) fn post(&mut self, ctx: &mut Context, links: &dyn Topology, message: Rc<Message>) {
        let is_reachable = self.is_reachable(links);
        if is_reachable {
            self.send(ctx, links, &message);
        }
        self.outbox.push(message);
        if is_reachable {
            self.outbox.send_all();
        }
    }

    /// Sends what waits, again.
    pub(crate) fn post_all(&mut self, ctx: &mut Context, links: &dyn Topology) {
        for message in self.outbox.send_all() {
            self.send(ctx, links, &message);
        }
    }

    /// Takes out what waits: the peer has no data channels.
    pub(crate) fn take_waiting(&mut self) -> Vec<Rc<Message>> {
        self.outbox.take_all()
    }

    /// Requests the chat lines of a peer who has others than we do; at most once on each channel.
    /// Returns whether it does.
    pub(crate) fn request_history(
        &mut self,
        ctx: &mut Context,
        links: &dyn Topology,
        known: u32,
    ) -> bool {
        let is_reachable = self.is_reachable(links);
        match &mut self.channel {
            ChannelState::Ready {
                lines, is_asked, ..
            } if is_reachable && *lines != 0 && *lines != known && !*is_asked => *is_asked = true,
            _ => return false,
        }
        self.send(ctx, links, &Message::HistoryRequest);
        true
    }

    /// Counts the peer's request for our chat lines; returns whether it is their first on this
    /// channel.
    pub(crate) fn history_requested(&mut self) -> bool {
        match &mut self.channel {
            ChannelState::Ready { has_asked, .. } => !std::mem::replace(has_asked, true),
            ChannelState::Silent => false,
        }
    }

    /// Sends a message now, if the channels are open.
    pub(crate) fn send(&self, ctx: &mut Context, links: &dyn Topology, message: &Message) {
        let channel = match message {
            Message::Unnumbered(_) => Channel::Unreliable,
            _ => Channel::Reliable,
        };
        links.send_data(ctx, &self.id, channel, encode(message));
    }
}
