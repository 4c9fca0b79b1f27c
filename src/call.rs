//! The page's one way to its call: messages in, streams and [`CallAction`]s out.

use std::fmt;

use videocalls_client::{
    CallError, CallEvent, MEDIA_PENDING_HELP, ParticipantId, Snapshot, Subscription, TrackKind,
    VideoCall,
};
use web_sys::MediaStream;
use yew::Callback;

use crate::browser;
use crate::state::{CallAction, Complaint, Entry};

/// What a page hears: from its call, and from the person for it.
#[derive(Debug)]
pub enum CallMessage {
    /// The person has read a notice.
    Dismiss(&'static str),
    /// The browser plays someone's sound only after a click, or no longer so.
    Held(bool),
    /// Something went wrong, and the call goes on.
    Complained(Complaint),
    /// The call is another than before.
    Changed,
    /// The person wants to go.
    Leave,
    /// The person wants the microphone or camera on or off.
    Toggle(TrackKind),
}

/// A call that goes on for as long as this is held.
///
/// The subscription goes first: nothing is heard of a call that is being dropped.
#[must_use = "the call ends when this is dropped"]
pub(crate) struct Call {
    _subscription: Subscription,
    call: VideoCall,
}

impl Call {
    /// Joins a room of the page's signaling server, and tells what happens from then on.
    ///
    /// # Errors
    ///
    /// As [`start`](videocalls_client::CallBuilder::start).
    pub(crate) fn join(entry: &Entry, on_event: Callback<CallMessage>) -> Result<Self, CallError> {
        let call = VideoCall::builder(&browser::signaling_url())
            .room(entry.room.as_str())
            .name(entry.name.as_str())
            .start()?;
        let subscription = call.subscribe(move |event| on_event.emit(meaning(event)));
        Ok(Self {
            _subscription: subscription,
            call,
        })
    }

    /// How the call is now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.call.snapshot()
    }

    /// Does what a message asks for, and returns what that means for the view.
    pub(crate) fn take(&self, message: CallMessage) -> Option<CallAction> {
        match message {
            CallMessage::Dismiss(notice) => Some(CallAction::Dismissed(notice)),
            CallMessage::Complained(complaint) => Some(CallAction::Complained(complaint)),
            CallMessage::Held(held) => Some(CallAction::Held(held)),
            CallMessage::Changed => Some(CallAction::Seen(self.snapshot())),
            CallMessage::Leave => {
                self.call.end();
                None
            }
            CallMessage::Toggle(kind) => {
                let on = self.call.toggle(kind, None)?;
                Some(CallAction::Wished { kind, on })
            }
        }
    }

    /// The own sound and picture.
    pub(crate) fn own_stream(&self) -> MediaStream {
        self.call.local_stream()
    }

    /// Someone's sound and picture.
    pub(crate) fn stream_of(&self, participant: &ParticipantId) -> Option<MediaStream> {
        self.call.remote_stream(participant)
    }
}

/// What an event of the call means for its page, which looks at the whole call anew after most.
fn meaning(event: &CallEvent) -> CallMessage {
    let (sentence, device) = match event {
        CallEvent::Error(error) => (error.help(), error.device),
        CallEvent::MediaPending => (MEDIA_PENDING_HELP, None),
        _ => return CallMessage::Changed,
    };
    CallMessage::Complained(Complaint { sentence, device })
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Call")
    }
}
