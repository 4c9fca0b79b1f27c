use videocalls_protocol::{LeaveReason, ParticipantId};
use videocalls_session::{CallState, EndReason, ParticipantView};
use web_sys::MediaStream;

use crate::CallError;

/// What a call tells its listeners.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CallEvent {
    /// The call's state is another.
    StateChanged(CallState),
    /// Someone is there.
    ParticipantJoined(ParticipantView),
    /// Something about someone is different: their tracks, or how they are connected.
    ParticipantChanged(ParticipantView),
    /// Someone has gone.
    ParticipantLeft {
        /// What was last known of them.
        participant: ParticipantView,
        /// Why they went.
        reason: LeaveReason,
    },
    /// The own microphone or camera is in another state.
    LocalChanged,
    /// The own sound and picture are there, as far as the browser gave them.
    LocalStream(MediaStream),
    /// The browser has been asking the person for microphone or camera for five seconds;
    /// [`MEDIA_PENDING_HELP`](crate::MEDIA_PENDING_HELP) says so to them.
    MediaPending,
    /// Someone says something, in writing.
    Text {
        /// Who.
        from: ParticipantId,
        /// What: text to show, never markup.
        text: String,
    },
    /// Something went wrong, and the call goes on.
    Error(CallError),
    /// The call is over. Nothing comes after this.
    Ended(EndReason),
}

/// What [`CallEvent::MediaPending`] means, for the person in the call.
pub const MEDIA_PENDING_HELP: &str =
    "Your browser is asking for the microphone or camera. Allow it to be heard and seen.";
