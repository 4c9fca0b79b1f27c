use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use js_sys::Object;
use videocalls_protocol::{ParticipantId, Source};
use videocalls_session::{CallState, EndReason, Input, Session, Snapshot};
use web_sys::MediaStream;

use crate::driver::{Driver, Parts};
use crate::listeners::Listener;
use crate::{CallError, CallEvent};

/// A video call. Clones are handles to the same call; when the last one is dropped, it ends.
#[derive(Clone, Debug)]
pub struct VideoCall {
    call: Rc<Call>,
}

/// The owner of a call, which ends it when the last handle is dropped.
#[derive(Debug)]
struct Call {
    driver: Rc<Driver>,
}

impl VideoCall {
    pub(crate) fn driver(&self) -> &Driver {
        &self.call.driver
    }

    pub(crate) fn start(parts: Parts, on_event: Listener) -> Self {
        let driver = Driver::new(parts);
        driver.listen(on_event);
        driver.start();
        Self {
            call: Rc::new(Call { driver }),
        }
    }

    /// Waits until this participant has joined the room.
    ///
    /// It does not wait for the devices: the person may take as long as they like to answer the
    /// browser's question.
    pub fn joined(&self) -> Joined {
        Joined { call: self.clone() }
    }

    /// Returns the state of the call as plain data.
    pub fn snapshot(&self) -> Snapshot {
        self.call.driver.with_session(|session| session.snapshot())
    }

    /// Calls `listener` with each event, until the subscription is dropped.
    pub fn subscribe(&self, listener: impl Fn(&CallEvent) + 'static) -> Subscription {
        Subscription {
            driver: Rc::downgrade(&self.call.driver),
            key: self.call.driver.listen(Rc::new(listener)),
        }
    }

    /// Returns the stream of the local tracks: the same stream for the whole call, whose tracks come
    /// and go.
    pub fn local_stream(&self) -> MediaStream {
        self.call.driver.local_stream()
    }

    /// Returns the stream of a participant's sound and picture, once they send a track: the same
    /// stream for as long as they are connected, whose tracks come and go.
    pub fn remote_stream(&self, participant: &ParticipantId) -> Option<MediaStream> {
        self.call.driver.remote_stream(participant)
    }

    /// Turns a track on or off, or reverses it if `on` is `None`.
    ///
    /// If there is no device, because it is released while the track is off, or was refused, not found
    /// or lost, the browser is asked for it, unless it is being asked already.
    ///
    /// Returns the new intention: whether the track is wanted on now, even if it still has to be
    /// granted. This is so inside a listener, too. `None` means that there is no track to want: none
    /// was requested, the page's own track has ended, or the device is missing and stays off.
    pub fn toggle(&self, source: Source, on: Option<bool>) -> Option<bool> {
        self.call.driver.toggle(source, on)
    }

    /// Asks the person for a screen, window or tab, and shares it beside the camera, with its sound
    /// where the browser gives it. Call it while a click or a key press is handled.
    ///
    /// [`CallEvent::LocalChanged`] follows when the screen is live, or else [`CallEvent::Error`] about
    /// [`Source::Screen`]: [`ErrorCode::Aborted`] if the person has cancelled, and
    /// [`ErrorCode::PermissionDenied`] if the browser or the system does not allow it.
    ///
    /// The options are the browser's own
    /// (<https://www.w3.org/TR/screen-capture/#displaymediastreamoptions>), in place of ours: with sound and
    /// without this tab. Two more are read here: `contentHint`, of the picture
    /// (<https://www.w3.org/TR/mst-content-hint/#video-content-hints>), by default `detail`; and
    /// `replaceCamera`, which sends the screen in the camera's place, without its sound, for peers that
    /// receive one video track only. Where the server tells the room what each track shows, it changes
    /// nothing.
    pub fn start_screen_share(&self, options: &Object) {
        self.call.driver.share_screen(options);
    }

    /// Stops to share the screen.
    pub fn stop_screen_share(&self) {
        self.toggle(Source::Screen, Some(false));
    }

    /// Returns the stream of the own shared screen and its sound, while one is shared.
    pub fn local_screen_stream(&self) -> Option<MediaStream> {
        self.call.driver.local_screen()
    }

    /// Returns the stream of a participant's shared screen and its sound, while they share one.
    pub fn screen_stream(&self, participant: &ParticipantId) -> Option<MediaStream> {
        self.call.driver.screen_stream(participant)
    }

    /// Ends the call: leaves the room and releases camera, microphone and connections at once.
    ///
    /// Ending an ended call does nothing.
    pub fn end(&self) {
        self.call.end();
    }
}

impl Call {
    fn end(&self) {
        let state = self.driver.with_session(Session::state);
        let reason = match state {
            CallState::Idle | CallState::Connecting => EndReason::Aborted,
            _ => EndReason::Left,
        };
        self.driver.feed(Input::End(reason));
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.end();
    }
}

/// Waits until a call is joined; made by [`VideoCall::joined`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Joined {
    call: VideoCall,
}

impl Future for Joined {
    type Output = Result<(), CallError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.call.call.driver.with_session(Session::state) {
            CallState::Idle | CallState::Connecting => {
                self.call
                    .call
                    .driver
                    .wake_on_change(context.waker().clone());
                Poll::Pending
            }
            CallState::Ended(reason) => Poll::Ready(Err(reason.into())),
            _ => Poll::Ready(Ok(())),
        }
    }
}

/// A listener's registration; made by [`VideoCall::subscribe`].
#[derive(Debug)]
#[must_use = "the listener is removed when this is dropped"]
pub struct Subscription {
    driver: std::rc::Weak<Driver>,
    key: u32,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(driver) = self.driver.upgrade() {
            driver.unlisten(self.key);
        }
    }
}
