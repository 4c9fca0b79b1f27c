use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use videocalls_protocol::ParticipantId;
use videocalls_session::{CallState, EndReason, Input, Snapshot, TrackKind};
use web_sys::MediaStream;

use crate::driver::{Driver, Settings};
use crate::{CallBuilder, CallError, CallEvent, ErrorCode};

/// A video call. Clones are handles to the same call; when the last one is dropped, it ends.
#[derive(Clone, Debug)]
pub struct VideoCall {
    call: Rc<Call>,
}

/// The one owner of a call, which says goodbye when nobody holds it any more.
#[derive(Debug)]
struct Call {
    driver: Rc<Driver>,
    subscriptions: std::cell::Cell<u32>,
}

impl VideoCall {
    /// Starts to describe a call over the signaling server at this address: `ws:`, `wss:`,
    /// `http:`, `https:`, or relative to the page.
    pub fn builder(signaling: &str) -> CallBuilder {
        CallBuilder::new(signaling)
    }

    pub(crate) fn start(
        settings: Settings,
        on_event: impl Fn(&CallEvent) + 'static,
    ) -> Result<Self, CallError> {
        let driver = Driver::new(settings)?;
        driver.listen(0, Rc::new(on_event));
        driver.follow_page();
        driver.feed(Input::Start);
        Ok(Self {
            call: Rc::new(Call {
                driver,
                subscriptions: std::cell::Cell::new(0),
            }),
        })
    }

    /// Waits until the server has let this participant in.
    ///
    /// It does not wait for the devices: the user may take as long as they like to answer.
    pub fn joined(&self) -> Joined {
        Joined { call: self.clone() }
    }

    /// Returns the call as plain data, to be compared and drawn.
    pub fn snapshot(&self) -> Snapshot {
        self.call.driver.with_session(|session| session.snapshot())
    }

    /// Calls `listener` with each event, for as long as the subscription is held.
    pub fn subscribe(&self, listener: impl Fn(&CallEvent) + 'static) -> Subscription {
        let key = self.call.subscriptions.get() + 1;
        self.call.subscriptions.set(key);
        self.call.driver.listen(key, Rc::new(listener));
        Subscription {
            driver: Rc::downgrade(&self.call.driver),
            key,
        }
    }

    /// Returns the own sound and picture: always the same stream, whose tracks come and go.
    pub fn local_stream(&self) -> MediaStream {
        Clone::clone(self.call.driver.local().stream())
    }

    /// Returns a participant's sound and picture, once there is a connection to carry them.
    pub fn remote_stream(&self, participant: &ParticipantId) -> Option<MediaStream> {
        let link = self
            .call
            .driver
            .with_session(|session| session.link_of(participant))?;
        Some(Clone::clone(self.call.driver.peer(link)?.remote()))
    }

    /// Turns the microphone or camera on or off, or the other way round if `on` is `None`.
    ///
    /// One that is missing, because it was refused, not found or lost, the browser is asked for
    /// again, unless it is being asked already.
    ///
    /// Returns whether it is wanted on now, be it on, or on its way, or still to be had from the
    /// browser; `None` if there is none to want: it was never wished for, is the page's own and
    /// has ended, or is missing and stays off.
    pub fn toggle(&self, kind: TrackKind, on: Option<bool>) -> Option<bool> {
        self.call.driver.feed(Input::Toggle { kind, on });
        self.call.driver.with_session(|session| session.wants(kind))
    }

    /// Says something to everyone, in writing. What is said to one who is still being connected
    /// waits until they are.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NotSupported`]: there is no chat in this dialect.
    pub fn send_text(&self, text: impl Into<String>) -> Result<(), CallError> {
        if !self.call.driver.has_chat() {
            let message = "there is no chat in this dialect";
            return Err(CallError::new(ErrorCode::NotSupported, message));
        }
        self.call.driver.feed(Input::SendText(text.into()));
        Ok(())
    }

    /// Ends the call: says goodbye, and releases camera, microphone and connections at once.
    ///
    /// A second end changes nothing.
    pub fn end(&self) {
        self.call.end();
    }
}

impl Call {
    fn end(&self) {
        let joined = self.driver.with_session(|session| session.snapshot().state);
        let reason = match joined {
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
        match self.call.snapshot().state {
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
