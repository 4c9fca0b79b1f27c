use videocalls_protocol::data::Payload;
use videocalls_protocol::{LeaveReason, ParticipantId};
use videocalls_session::{CallState, ChatLine, EndReason, Notice, ParticipantView};
use web_sys::{MediaStream, RtcDataChannel};

use crate::CallError;

/// An event of a call.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CallEvent {
    /// The call's state has changed.
    StateChanged(CallState),
    /// A participant has joined.
    ParticipantJoined(ParticipantView),
    /// A participant has changed: their tracks, or how they are connected.
    ParticipantChanged(ParticipantView),
    /// A participant has left.
    ParticipantLeft {
        /// The last known state of the participant.
        participant: ParticipantView,
        /// Why they left.
        reason: LeaveReason,
    },
    /// The state of a local track has changed.
    LocalChanged,
    /// The tracks of the local stream, of microphone and camera, have changed.
    LocalStream(MediaStream),
    /// The browser has been asking the person for microphone or camera for five seconds;
    /// show them [`MEDIA_PENDING_HELP`](crate::MEDIA_PENDING_HELP).
    MediaPending,
    /// A chat line has arrived. Its text is plain text, never markup.
    Text(ChatLine),
    /// A message of the page's own, sent by [`send_data`](crate::VideoCall::send_data), has arrived.
    Data {
        /// The sender.
        from: ParticipantId,
        /// The message.
        payload: Payload,
    },
    /// A participant reacts with an emoji.
    Reaction {
        /// The sender.
        from: ParticipantId,
        /// The emoji, or other short text: plain text, never markup.
        reaction: String,
    },
    /// A participant has opened the data channel of a file, by
    /// [`open_file_channel`](crate::VideoCall::open_file_channel).
    FileChannel {
        /// The participant.
        from: ParticipantId,
        /// The channel. Its messages are lost unless a listener takes them from now on.
        channel: RtcDataChannel,
    },
    /// Something went wrong and the call goes on.
    Error(CallError),
    /// The call has ended. This is the last event.
    Ended(EndReason),
}

impl CallEvent {
    /// The event that reports a notice of the session, which is in this state.
    pub(crate) fn of(notice: Notice, state: CallState) -> Option<Self> {
        Some(match notice {
            Notice::StateChanged => Self::StateChanged(state),
            Notice::ParticipantJoined(participant) => Self::ParticipantJoined(participant),
            Notice::ParticipantChanged(participant) => Self::ParticipantChanged(participant),
            Notice::ParticipantLeft {
                participant,
                reason,
            } => Self::ParticipantLeft {
                participant,
                reason,
            },
            Notice::LocalChanged => Self::LocalChanged,
            Notice::Text(line) => Self::Text(line),
            Notice::Data { from, payload } => Self::Data { from, payload },
            Notice::Reaction { from, reaction } => Self::Reaction { from, reaction },
            Notice::MediaPending => Self::MediaPending,
            Notice::Problem {
                problem,
                participant,
            } => Self::Error(CallError {
                participant,
                ..problem.into()
            }),
            Notice::Ended(reason) => Self::Ended(reason),
            _ => return None,
        })
    }
}

/// A text for the person in the call that explains [`CallEvent::MediaPending`].
pub const MEDIA_PENDING_HELP: &str =
    "Your browser is asking for the microphone or camera. Allow it to be heard and seen.";
