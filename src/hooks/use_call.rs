use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use videocalls_client::{CallError, CallEvent, ParticipantId, Subscription, TrackKind, VideoCall};
use web_sys::MediaStream;
use yew::{UseReducerDispatcher, UseReducerHandle, hook, use_effect_with, use_reducer, use_state};

use crate::browser;
use crate::state::{CallAction, CallView, Entry};

/// The page's one way to its call: verbs, and the streams to show.
#[derive(Clone)]
pub struct CallHandle(Rc<Inner>);

struct Inner {
    ongoing: RefCell<Option<Ongoing>>,
    view: UseReducerDispatcher<CallView>,
}

/// The subscription goes first: nothing is heard of a call that is being dropped.
struct Ongoing {
    _subscription: Subscription,
    call: VideoCall,
}

/// Joins a room for as long as the component lives, and shows how the call is.
#[hook]
pub fn use_call(entry: &Entry) -> (CallHandle, UseReducerHandle<CallView>) {
    let view = use_reducer(CallView::default);
    let handle = CallHandle::clone(&use_state(|| CallHandle::new(view.dispatcher())));
    let started = handle.clone();
    use_effect_with(entry.clone(), move |entry| {
        started.start(entry);
        move || started.stop()
    });
    (handle, view)
}

impl CallHandle {
    fn new(view: UseReducerDispatcher<CallView>) -> Self {
        let ongoing = RefCell::default();
        Self(Rc::new(Inner { ongoing, view }))
    }

    /// Turns the microphone or camera on or off.
    pub fn toggle(&self, kind: TrackKind) {
        if let Some(on) = self.call().and_then(|call| call.toggle(kind, None)) {
            self.0.view.dispatch(CallAction::Wished { kind, on });
        }
    }

    /// Ends the call.
    pub fn leave(&self) {
        if let Some(call) = self.call() {
            call.end();
        }
    }

    /// Takes a notice away.
    pub fn dismiss(&self, notice: &'static str) {
        self.0.view.dispatch(CallAction::Dismissed(notice));
    }

    /// The own sound and picture.
    pub fn own_stream(&self) -> Option<MediaStream> {
        self.call().map(|call| call.local_stream())
    }

    /// Someone's sound and picture.
    pub fn stream_of(&self, participant: &ParticipantId) -> Option<MediaStream> {
        self.call()?.remote_stream(participant)
    }

    fn start(&self, entry: &Entry) {
        match VideoCall::builder(&browser::signaling_url())
            .room(entry.room.as_str())
            .name(entry.name.as_str())
            .start()
        {
            Ok(call) => self.follow(call),
            Err(error) => self.0.view.dispatch(CallAction::Refused(error.help())),
        }
    }

    fn follow(&self, call: VideoCall) {
        let inner = Rc::downgrade(&self.0);
        let subscription = call.subscribe(move |event| {
            if let Some(inner) = inner.upgrade() {
                Self(inner).hear(event);
            }
        });
        let snapshot = call.snapshot();
        let ongoing = Ongoing {
            _subscription: subscription,
            call,
        };
        *self.0.ongoing.borrow_mut() = Some(ongoing);
        self.0.view.dispatch(CallAction::Seen(snapshot));
    }

    fn hear(&self, event: CallEvent) {
        match event {
            CallEvent::Error(error) => self.complain(&error),
            _ => self.see(),
        }
    }

    fn complain(&self, error: &CallError) {
        self.0.view.dispatch(CallAction::Complained(error.help()));
    }

    fn see(&self) {
        if let Some(call) = self.call() {
            self.0.view.dispatch(CallAction::Seen(call.snapshot()));
        }
    }

    /// Drops the call, which ends it. Taken out first: that may lead back here.
    fn stop(&self) {
        let ongoing = self.0.ongoing.take();
        drop(ongoing);
    }

    fn call(&self) -> Option<VideoCall> {
        self.0
            .ongoing
            .borrow()
            .as_ref()
            .map(|ongoing| ongoing.call.clone())
    }
}

impl fmt::Debug for CallHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallHandle")
    }
}

impl PartialEq for CallHandle {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}
