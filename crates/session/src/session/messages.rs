//! What participants send each other beside sound and picture.

use std::fmt;

use videocalls_protocol::ParticipantId;
use videocalls_protocol::data::{
    Content, LineId, MAX_PAYLOAD_BYTES, MAX_REACTION_BYTES, MAX_TEXT_BYTES, Message, Payload,
};

use super::Session;
use crate::data::{Author, Received};
use crate::topology::DataState;
use crate::{ChatLine, LineOrigin, LinkId, Notice, Problem};

/// Why a message can't be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SendError {
    /// It is over the limit.
    TooLong,
    /// The recipient is not in the call.
    UnknownRecipient,
    /// More is waiting to be sent than may wait.
    QueueFull,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the message is over the limit",
            Self::UnknownRecipient => "the recipient is not in the call",
            Self::QueueFull => "too many messages wait to be sent",
        })
    }
}

impl std::error::Error for SendError {}

impl Session {
    /// Checks whether a chat text of this many bytes can be sent to a participant, or to everyone.
    ///
    /// # Errors
    ///
    /// It would be ignored.
    pub fn check_text(&self, to: Option<&ParticipantId>, bytes: usize) -> Result<(), SendError> {
        self.check(to, bytes, MAX_TEXT_BYTES)
    }

    /// The same for a message of the page's own.
    ///
    /// # Errors
    ///
    /// It would be ignored.
    pub fn check_data(&self, to: Option<&ParticipantId>, bytes: usize) -> Result<(), SendError> {
        self.check(to, bytes, MAX_PAYLOAD_BYTES)
    }

    /// The id of the chat line that was sent last.
    pub fn last_line(&self) -> LineId {
        self.data.last_line()
    }

    /// The link to a participant whose data channels are open.
    pub fn data_link_of(&self, id: &ParticipantId) -> Option<LinkId> {
        let is_open = self.topology.data_state(id) == DataState::Open;
        self.link_of(id).filter(|_| is_open)
    }

    /// The participant at the other end of a link, if its data channels are open.
    pub fn sender_on(&self, link: LinkId) -> Option<ParticipantId> {
        let mut ids = self.roster.ids().into_iter();
        ids.find(|id| self.data_link_of(id) == Some(link))
    }

    fn check(
        &self,
        to: Option<&ParticipantId>,
        bytes: usize,
        most: usize,
    ) -> Result<(), SendError> {
        let links = self.topology.as_ref();
        if bytes > most {
            Err(SendError::TooLong)
        } else if to.is_some_and(|id| !self.roster.contains(id)) {
            Err(SendError::UnknownRecipient)
        } else if !self.data.has_room_for(links, &self.recipients(to), bytes) {
            Err(SendError::QueueFull)
        } else {
            Ok(())
        }
    }

    fn recipients(&self, to: Option<&ParticipantId>) -> Vec<ParticipantId> {
        match to {
            Some(id) => vec![id.clone()],
            None => self.roster.ids(),
        }
    }

    pub(super) fn send_text(&mut self, text: String, to: Option<ParticipantId>) {
        if self.check_text(to.as_ref(), text.len()).is_err() {
            return;
        }
        let recipients = self.recipients(to.as_ref());
        let author = self.own_authorship();
        let links = self.topology.as_ref();
        match to {
            Some(_) => {
                let text = Content::Text(text);
                self.data
                    .send(&mut self.ctx, links, &recipients, true, text);
            }
            None => self
                .data
                .send_text(&mut self.ctx, links, &recipients, author, text),
        }
    }

    pub(super) fn send_data(
        &mut self,
        payload: Payload,
        to: Option<ParticipantId>,
        is_reliable: bool,
    ) {
        if self.check_data(to.as_ref(), payload.len()).is_err() {
            return;
        }
        let recipients = self.recipients(to.as_ref());
        let links = self.topology.as_ref();
        if is_reliable {
            let payload = Content::Payload(payload);
            self.data
                .send(&mut self.ctx, links, &recipients, to.is_some(), payload);
        } else {
            let message = Message::Unnumbered(payload);
            self.data
                .send_now(&mut self.ctx, links, &recipients, &message);
        }
    }

    pub(super) fn react(&mut self, reaction: String) {
        if reaction.len() <= MAX_REACTION_BYTES {
            let (links, message) = (self.topology.as_ref(), Message::Reaction(reaction));
            self.data
                .send_now(&mut self.ctx, links, &self.roster.ids(), &message);
        }
    }

    pub(super) fn raise_hand(&mut self, on: Option<bool>) {
        let is_raised = on.unwrap_or(!self.data.is_hand_raised());
        let links = self.topology.as_ref();
        if self.data.raise_hand(&mut self.ctx, links, is_raised) {
            self.ctx.notify(Notice::LocalChanged);
        }
    }

    /// Handles a message of a data channel. One that does not follow the protocol costs its sender
    /// the channels of that link.
    pub(super) fn receive_data(&mut self, from: ParticipantId, message: &[u8]) {
        let author = Author {
            name: self.roster.name_of(&from),
            id: from.clone(),
        };
        let links = self.topology.as_ref();
        match self.data.receive(&mut self.ctx, links, author, message) {
            Received::Handled => {}
            Received::Hand(is_raised) => {
                self.roster.set_hand(&mut self.ctx, links, &from, is_raised);
            }
            Received::Invalid => {
                self.topology.close_data(&mut self.ctx, &from);
                self.ctx.notify(Notice::Problem {
                    problem: Problem::MalformedMessage,
                    participant: Some(from),
                });
            }
        }
    }

    /// Handles a chat text that has come by the dialect's own chat.
    pub(super) fn receive_text(&mut self, from: ParticipantId, text: String) {
        self.ctx.notify(Notice::Text(ChatLine {
            id: None,
            name: self.roster.name_of(&from),
            from,
            text,
            age_ms: 0,
            origin: LineOrigin::Live,
        }));
    }

    fn own_authorship(&self) -> Author {
        let id = self.roster.own_id().cloned();
        Author {
            id: id.unwrap_or_else(|| ParticipantId::new("")),
            name: self.config.name.clone(),
        }
    }
}
