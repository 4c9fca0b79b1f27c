//! What participants send each other beside sound and picture: chat, reactions, raised hands, and the
//! page's own messages, by the data channels of the links.
//!
//! Numbered messages arrive once: they are kept until they are acknowledged, sent again by the channel
//! of a new link, and recognized by their numbers. Who has no data channels gets chat texts by the
//! dialect's own chat, where there is one.

mod chat_log;
mod history;
mod outbox;
mod peer;

use std::rc::Rc;

use videocalls_protocol::data::{Content, Hello, LineId, Message, Payload, VERSION, decode};
use videocalls_protocol::{DisplayName, ParticipantId};

use self::chat_log::{ChatLog, Line, moment};
use self::peer::DataPeer;
use crate::context::Context;
use crate::topology::{DataState, Topology};
use crate::{LineOrigin, Notice};

/// How many participants who have left are remembered, in case they return as another participant.
const MAX_DEPARTED: usize = 16;

/// The other ends of the data channels, and what is to be sent there.
#[derive(Debug)]
pub(crate) struct Data {
    instance: u32,
    last_number: u32,
    is_hand_raised: bool,
    peers: Vec<DataPeer>,
    departed: Vec<DataPeer>,
    log: ChatLog,
    /// Whom the chat lines of before were requested from.
    history_from: Option<ParticipantId>,
}

/// What a frame means for the rest of the session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub(crate) enum Received {
    /// Nothing.
    Handled,
    /// The sender raises or lowers their hand.
    Hand(bool),
    /// The sender does not follow the protocol.
    Invalid,
}

/// Who has written something.
#[derive(Clone, Debug)]
pub(crate) struct Author {
    pub(crate) id: ParticipantId,
    pub(crate) name: Option<DisplayName>,
}

impl Data {
    /// `instance` is random and differs from that of other clients.
    pub(crate) fn new(instance: u32) -> Self {
        Self {
            instance,
            last_number: 0,
            is_hand_raised: false,
            peers: Vec::new(),
            departed: Vec::new(),
            log: ChatLog::default(),
            history_from: None,
        }
    }

    pub(crate) fn is_hand_raised(&self) -> bool {
        self.is_hand_raised
    }

    /// The id of the chat line that was sent last.
    pub(crate) fn last_line(&self) -> LineId {
        LineId {
            instance: self.instance,
            number: self.last_number,
        }
    }

    /// Whether a message of this length can be sent to these participants now.
    pub(crate) fn has_room_for(
        &self,
        links: &dyn Topology,
        to: &[ParticipantId],
        bytes: usize,
    ) -> bool {
        let peers = self.peers.iter().filter(|peer| to.contains(peer.id()));
        peers
            .into_iter()
            .all(|peer| peer.has_room_for(links, bytes))
    }

    /// Sends a chat text or a message of the page's own to these participants, each of them once.
    pub(crate) fn send(
        &mut self,
        ctx: &mut Context,
        links: &dyn Topology,
        to: &[ParticipantId],
        is_direct: bool,
        content: Content,
    ) {
        self.last_number += 1;
        let message = Rc::new(Message::Numbered {
            number: self.last_number,
            is_direct,
            content,
        });
        for id in to {
            match links.data_state(id) {
                DataState::Absent => send_otherwise(ctx, links, id, &message),
                _ => self.peer(id).post(ctx, links, message.clone()),
            }
        }
    }

    /// Sends a chat text to everyone, and keeps it for those who come later.
    pub(crate) fn send_text(
        &mut self,
        ctx: &mut Context,
        links: &dyn Topology,
        to: &[ParticipantId],
        author: Author,
        text: String,
    ) {
        self.send(ctx, links, to, false, Content::Text(text.clone()));
        self.log.insert(Line {
            id: self.last_line(),
            at: moment(ctx.now()),
            from: author.id,
            name: author.name,
            text,
        });
    }

    /// Sends what need not arrive to those of these participants who can be reached.
    pub(crate) fn send_now(
        &self,
        ctx: &mut Context,
        links: &dyn Topology,
        to: &[ParticipantId],
        message: &Message,
    ) {
        for peer in self.peers.iter().filter(|peer| to.contains(peer.id())) {
            peer.send(ctx, links, message);
        }
    }

    /// Raises or lowers the hand; returns whether that is a change. Those who can't be reached learn
    /// it from the next hello.
    pub(crate) fn raise_hand(
        &mut self,
        ctx: &mut Context,
        links: &dyn Topology,
        is_raised: bool,
    ) -> bool {
        if std::mem::replace(&mut self.is_hand_raised, is_raised) == is_raised {
            return false;
        }
        for peer in &self.peers {
            peer.send(ctx, links, &Message::Hand(is_raised));
        }
        true
    }

    /// It is known now whether a participant has data channels.
    pub(crate) fn appeared(&mut self, ctx: &mut Context, links: &dyn Topology, id: &ParticipantId) {
        if links.data_state(id) == DataState::Absent {
            for message in self.peer(id).take_waiting() {
                send_otherwise(ctx, links, id, &message);
            }
        }
    }

    /// The channels of a participant's link are open.
    pub(crate) fn opened(&mut self, ctx: &mut Context, links: &dyn Topology, id: &ParticipantId) {
        let hello = Hello {
            version: VERSION,
            instance: self.instance,
            is_hand_raised: self.is_hand_raised,
            lines: self.log.digest(),
        };
        self.history_from.take_if(|from| from == id);
        self.peer(id).opened(ctx, links, hello);
    }

    /// A participant has left.
    pub(crate) fn left(&mut self, ctx: &mut Context, links: &dyn Topology, id: &ParticipantId) {
        let left = self.peers.extract_if(.., |peer| peer.id() == id);
        self.departed
            .extend(left.filter(|peer| peer.instance().is_some()));
        while self.departed.len() > MAX_DEPARTED {
            self.departed.remove(0);
        }
        self.history_ended(ctx, links, id);
    }

    /// Handles a message of a data channel.
    pub(crate) fn receive(
        &mut self,
        ctx: &mut Context,
        links: &dyn Topology,
        author: Author,
        frame: &[u8],
    ) -> Received {
        let from = &author.id;
        let message = match decode(frame) {
            Ok(Some(message)) => message,
            Ok(None) => return Received::Handled,
            Err(_) => return Received::Invalid,
        };
        let is_ready = self.peer(from).is_reachable(links);
        match message {
            Message::Hello(hello) => return self.greeted(ctx, links, from, &hello),
            // The other channel may be faster than the one with the hello.
            Message::Unnumbered(_) if !is_ready => {}
            _ if !is_ready => return Received::Invalid,
            Message::Ack(number) => self.peer(from).acknowledged(number),
            Message::Numbered {
                number,
                is_direct,
                content,
            } => self.numbered(ctx, links, author, number, is_direct, content),
            Message::Unnumbered(payload) => notify_payload(ctx, from, payload),
            Message::Reaction(reaction) => ctx.notify(Notice::Reaction {
                from: from.clone(),
                reaction,
            }),
            Message::Hand(is_raised) => return Received::Hand(is_raised),
            Message::HistoryRequest if !self.peer(from).history_requested() => {
                return Received::Invalid;
            }
            Message::HistoryRequest => self.send_history(ctx, links, from),
            Message::HistoryLine(line) => self.history_line(ctx, from, line),
            Message::HistoryEnd => self.history_ended(ctx, links, from),
        }
        Received::Handled
    }

    fn greeted(
        &mut self,
        ctx: &mut Context,
        links: &dyn Topology,
        from: &ParticipantId,
        hello: &Hello,
    ) -> Received {
        if hello.version == 0 || !self.peer(from).greeted(hello) {
            return Received::Invalid;
        }
        // The same page may have been another participant: then it goes on where it was.
        let index = self.index_of(from);
        let mut peer = self.peers.swap_remove(index);
        let known = self.peers.iter().chain(&self.departed);
        for before in known.filter(|it| it.instance() == Some(hello.instance)) {
            peer.take_over(before);
        }
        self.departed
            .retain(|it| it.instance() != Some(hello.instance));
        peer.post_all(ctx, links);
        self.peers.push(peer);
        self.request_history(ctx, links);
        Received::Hand(hello.is_hand_raised)
    }

    fn numbered(
        &mut self,
        ctx: &mut Context,
        links: &dyn Topology,
        author: Author,
        number: u32,
        is_direct: bool,
        content: Content,
    ) {
        let peer = self.peer(&author.id);
        let is_new = peer.receive(number);
        peer.acknowledge(ctx, links);
        let instance = peer.instance().unwrap_or_default();
        match content {
            _ if !is_new => {}
            Content::Payload(payload) => notify_payload(ctx, &author.id, payload),
            Content::Text(text) => {
                let line = Line {
                    id: LineId { instance, number },
                    at: moment(ctx.now()),
                    from: author.id,
                    name: author.name,
                    text,
                };
                let origin = match is_direct {
                    true => LineOrigin::Direct,
                    false => LineOrigin::Live,
                };
                self.receive_line(ctx, line, origin);
            }
        }
    }

    fn peer(&mut self, id: &ParticipantId) -> &mut DataPeer {
        let index = self.index_of(id);
        &mut self.peers[index]
    }

    /// The place of a participant, who is added if they are new.
    fn index_of(&mut self, id: &ParticipantId) -> usize {
        let known = self.peers.iter().position(|peer| peer.id() == id);
        known.unwrap_or_else(|| {
            self.peers.push(DataPeer::new(id.clone()));
            self.peers.len() - 1
        })
    }
}

/// Sends a chat text by the dialect's own chat. There is no other way to send anything else.
fn send_otherwise(ctx: &mut Context, links: &dyn Topology, to: &ParticipantId, message: &Message) {
    if let Message::Numbered {
        content: Content::Text(text),
        ..
    } = message
    {
        links.send_text(ctx, to, text);
    }
}

fn notify_payload(ctx: &mut Context, from: &ParticipantId, payload: Payload) {
    let from = from.clone();
    ctx.notify(Notice::Data { from, payload });
}
