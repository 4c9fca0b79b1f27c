use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use videocalls_protocol::{Grant, Moderation, ParticipantId};
use videocalls_session::{CallState, EndReason, Input, Session, Snapshot, TrackKind};
use web_sys::MediaStream;

use crate::driver::{Driver, Parts};
use crate::listeners::Listener;
use crate::{CallError, CallEvent, ErrorCode};

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

    /// Waits until this participant has joined the room; in a lobby, until they are admitted.
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

    /// Turns the microphone or camera on or off, or reverses it if `on` is `None`.
    ///
    /// If the device is missing, because it was refused, not found or lost, the browser is asked for
    /// it again, unless it is being asked already.
    ///
    /// Returns the new intention: whether the track is wanted on now, even if it still has to be
    /// turned on or granted. This is so inside a listener, too. `None` means that there is no track to
    /// want: none was requested, the page's own track has ended, or the device is missing and stays
    /// off.
    pub fn toggle(&self, kind: TrackKind, on: Option<bool>) -> Option<bool> {
        self.call.driver.feed(Input::Toggle { kind, on });
        self.call.driver.with_session(|session| session.wants(kind))
    }

    /// Moderates the room. The server carries it out; nothing happens while it can't be reached.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NotPermitted`]: this participant is no moderator.
    pub fn moderate(&self, moderation: Moderation) -> Result<(), CallError> {
        let grants = self.snapshot().grants;
        if !grants.is_some_and(|grants| grants.has(Grant::Moderate)) {
            let message = "the access token lacks the grant 'moderate'";
            return Err(CallError::new(ErrorCode::NotPermitted, message));
        }
        self.call.driver.feed(Input::Moderate(moderation));
        Ok(())
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
            CallState::Idle | CallState::Connecting | CallState::Waiting => EndReason::Aborted,
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
            CallState::Idle | CallState::Connecting | CallState::Waiting => {
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
