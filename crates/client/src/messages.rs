//! What participants send each other beside sound and picture.
//!
//! It goes from browser to browser, in every dialect, between clients of this project. Pages of other
//! systems get chat texts where their dialect has a chat.

use videocalls_protocol::ParticipantId;
use videocalls_protocol::data::{LineId, MAX_REACTION_BYTES, Payload};
use videocalls_session::{Input, SendError};
use web_sys::RtcDataChannel;

use crate::{CallError, VideoCall};

impl VideoCall {
    /// Sends a chat text of at most 4 KiB to a participant, or to everyone, and returns the id of the
    /// line. It arrives once: by a participant who is still connecting, or connecting again, it is
    /// received later. Those who join later get the last lines to everyone.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NotSent`](crate::ErrorCode::NotSent).
    pub fn send_text(
        &self,
        text: impl Into<String>,
        to: Option<&ParticipantId>,
    ) -> Result<LineId, CallError> {
        let text = text.into();
        self.driver()
            .with_session(|session| session.check_text(to, text.len()))?;
        let to = to.cloned();
        self.driver().feed(Input::SendText { text, to });
        Ok(self.driver().with_session(|session| session.last_line()))
    }

    /// Sends a message of the page's own of at most 64 KiB to a participant, or to everyone.
    ///
    /// A reliable one arrives once and in order, like a chat text. Any other may be lost, and is sent
    /// to those only who are connected now.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NotSent`](crate::ErrorCode::NotSent).
    pub fn send_data(
        &self,
        payload: Payload,
        to: Option<&ParticipantId>,
        is_reliable: bool,
    ) -> Result<(), CallError> {
        self.driver()
            .with_session(|session| session.check_data(to, payload.len()))?;
        self.driver().feed(Input::SendData {
            payload,
            to: to.cloned(),
            is_reliable,
        });
        Ok(())
    }

    /// Shows everyone who is connected now an emoji, or another text of at most 64 bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NotSent`](crate::ErrorCode::NotSent).
    pub fn react(&self, reaction: impl Into<String>) -> Result<(), CallError> {
        let reaction = reaction.into();
        if reaction.len() > MAX_REACTION_BYTES {
            return Err(SendError::TooLong.into());
        }
        self.driver().feed(Input::React(reaction));
        Ok(())
    }

    /// Opens a data channel for one file to a participant; `None` if they can't be reached by data
    /// channels now. `docs/data.md` describes what is sent on it.
    pub fn open_file_channel(&self, to: &ParticipantId) -> Option<RtcDataChannel> {
        self.driver().open_file_channel(to)
    }

    /// Raises or lowers the hand, or does the opposite of before if `on` is `None`. Returns whether
    /// it is raised now.
    pub fn raise_hand(&self, on: Option<bool>) -> bool {
        self.driver().feed(Input::RaiseHand(on));
        self.snapshot().is_hand_raised
    }
}
