use videocalls_protocol::data::Payload;
use videocalls_protocol::{Ask, Knock, LeaveReason, ParticipantId};
use videocalls_session::{CallState, ChatLine, EndReason, ParticipantView};
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
    /// The state of the local microphone or camera has changed.
    LocalChanged,
    /// Local tracks have been added to the local stream.
    LocalStream(MediaStream),
    /// Moderators have changed the room, or what this participant may do has changed: see
    /// [`Snapshot`](crate::Snapshot).
    RoomChanged,
    /// Someone waits in the lobby. Only moderators are notified.
    Knock(Knock),
    /// Someone who waited in the lobby was admitted or denied, or is gone.
    KnockEnded(ParticipantId),
    /// A moderator has asked this participant to stop sending something. The track is off now, and can
    /// be turned on again.
    Asked {
        /// The moderator.
        from: ParticipantId,
        /// What to stop.
        ask: Ask,
    },
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

/// A text for the person in the call that explains [`CallEvent::MediaPending`].
pub const MEDIA_PENDING_HELP: &str =
    "Your browser is asking for the microphone or camera. Allow it to be heard and seen.";
