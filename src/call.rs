//! Connects the call page to its call: [`CallMessage`]s in, [`CallAction`]s and streams out.

use std::fmt;

use js_sys::{Array, Object};
use videocalls_client::{
    CallBuilder, CallError, CallEvent, MEDIA_PENDING_HELP, ParticipantId, Snapshot, Source,
    Subscription, VideoCall,
};
use web_sys::MediaStream;
use yew::Callback;

use crate::browser;
use crate::state::{CallAction, JoinOptions, Toast};

/// An event of the call, or a request of the person in it.
#[derive(Debug)]
pub enum CallMessage {
    /// The person dismissed the toast with this text.
    Dismiss(&'static str),
    /// The browser blocks the playback of a video until a click or a key press, or no longer does.
    AutoplayBlocked(bool),
    /// A problem occurred in an active call.
    ShowToast(Toast),
    /// The snapshot of the call has changed.
    SnapshotChanged,
    /// The person leaves.
    Leave,
    /// The person toggles the microphone or the camera.
    Toggle(Source),
}

/// The address of our own signaling server, relative to the page, because it may have a base path.
const SIGNALING: &str = "rooms";

/// A call that ends when this is dropped.
///
/// Fields are dropped in order: the subscription first, so that a call being dropped sends no events.
#[must_use = "the call ends when this is dropped"]
pub(crate) struct Call {
    _subscription: Subscription,
    call: VideoCall,
}

impl Call {
    /// Joins a room on the page's signaling server and calls back with its events.
    ///
    /// # Errors
    ///
    /// As [`start`](videocalls_client::CallBuilder::start).
    pub(crate) fn join(
        entry: &JoinOptions,
        on_event: Callback<CallMessage>,
    ) -> Result<Self, CallError> {
        let call = builder()
            .room(entry.room.as_str())
            .name(entry.name.as_str())
            .start()?;
        let subscription = call.subscribe(move |event| on_event.emit(message(event)));
        Ok(Self {
            _subscription: subscription,
            call,
        })
    }

    /// The current state of the call.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.call.snapshot()
    }

    /// Handles a message and returns the change of the view, if any.
    pub(crate) fn handle(&self, message: CallMessage) -> Option<CallAction> {
        match message {
            CallMessage::Dismiss(toast) => Some(CallAction::ToastDismissed(toast)),
            CallMessage::ShowToast(toast) => Some(CallAction::ToastAdded(toast)),
            CallMessage::AutoplayBlocked(blocked) => Some(CallAction::AutoplayBlocked(blocked)),
            CallMessage::SnapshotChanged => Some(CallAction::SnapshotChanged(self.snapshot())),
            CallMessage::Leave => {
                self.call.end();
                None
            }
            CallMessage::Toggle(source) => {
                let on = self.call.toggle(source, None)?;
                Some(CallAction::ToggleRequested { source, on })
            }
        }
    }

    /// The own microphone and camera.
    pub(crate) fn own_stream(&self) -> MediaStream {
        self.call.local_stream()
    }

    /// A participant's microphone and camera.
    pub(crate) fn stream_of(&self, participant: &ParticipantId) -> Option<MediaStream> {
        self.call.remote_stream(participant)
    }
}

/// Our own server offers ICE servers, by its options. With another one, the default is used.
fn builder() -> CallBuilder {
    match browser::other_signaling_url() {
        Some(url) => VideoCall::builder(&url),
        None => {
            let none = Array::new();
            let configuration = [Array::of2(&"iceServers".into(), &none)];
            let configuration: Array = configuration.into_iter().collect();
            let configuration = Object::from_entries(&configuration).unwrap_or_default();
            VideoCall::builder(SIGNALING).rtc_configuration(&configuration)
        }
    }
}

/// Converts an event of the call; most of them only mean that the snapshot has changed.
fn message(event: &CallEvent) -> CallMessage {
    let (sentence, device) = match event {
        CallEvent::Error(error) => (error.help(), error.device),
        CallEvent::MediaPending => (MEDIA_PENDING_HELP, None),
        _ => return CallMessage::SnapshotChanged,
    };
    CallMessage::ShowToast(Toast { sentence, device })
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Call")
    }
}
