//! The local tracks of a call: requests for them, and the tracks that came.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Object;
use videocalls_protocol::{Source, TrackState};
use videocalls_session::{Input, Token};

use crate::CallError;
use crate::device_watch;
use crate::devices;
use crate::local_tracks::{Answer, LocalTracks};
use crate::media_devices::DEVICES;
use crate::media_request::{MediaRequest, MediaRequests};
use crate::screen_share;
use crate::task::Task;

pub(crate) struct LocalMedia {
    requests: MediaRequests,
    /// The options for the next screen.
    screen_options: RefCell<Object>,
    tracks: Rc<LocalTracks>,
    acquisitions: Cell<Vec<Task>>,
    watch: Cell<Option<Task>>,
}

/// What came of the answers to a request for tracks.
pub(crate) struct Taken {
    /// For the session.
    pub(crate) answers: Vec<(Source, TrackState)>,
    /// Whether there are tracks of devices among them.
    pub(crate) has_devices: bool,
    /// Whether a device is missing that may come later.
    pub(crate) has_failed_devices: bool,
    pub(crate) errors: Vec<CallError>,
}

impl LocalMedia {
    pub(crate) fn new(requests: MediaRequests, tracks: Rc<LocalTracks>) -> Self {
        Self {
            requests,
            screen_options: RefCell::default(),
            tracks,
            acquisitions: Cell::default(),
            watch: Cell::default(),
        }
    }

    pub(crate) fn tracks(&self) -> &LocalTracks {
        &self.tracks
    }

    /// Sets the options for the next screen that is shared.
    pub(crate) fn set_screen_options(&self, options: &Object) {
        self.screen_options.replace(options.clone());
    }

    /// Requests the tracks of these sources: devices from the browser, and what the page brings from
    /// the page. Neither waits for the other.
    pub(crate) fn acquire(
        &self,
        token: Token,
        sources: Vec<Source>,
        answered: Rc<dyn Fn((Token, Vec<Answer>))>,
    ) {
        sources
            .iter()
            .for_each(|source| self.tracks.remove(*source));
        let answered: devices::Answered = Rc::new(move |answers| answered((token, answers)));
        if sources.contains(&Source::Screen) {
            let options = self.screen_options.borrow().clone();
            return self.own(Task::start(screen_share::request(options, answered)));
        }
        let (mut devices, mut promises) = (Vec::new(), Vec::new());
        for source in sources {
            match self.requests.of(source) {
                MediaRequest::Given(promise) => promises.push((source, promise.clone())),
                request => devices.push((source, request.to_js())),
            }
        }
        // Started at once, so that the browser is asked before the first connection is made.
        if !devices.is_empty() {
            self.own(Task::start(devices::acquire(devices, answered.clone())));
        }
        if !promises.is_empty() {
            self.own(Task::start(devices::await_given(promises, answered)));
        }
    }

    /// Takes the tracks of these answers, which report from then on what happens to them.
    pub(crate) fn take(&self, answers: Vec<Answer>, report: &Rc<dyn Fn(Input)>) -> Taken {
        let mut taken = Taken {
            answers: Vec::new(),
            has_devices: false,
            has_failed_devices: false,
            errors: Vec::new(),
        };
        for answer in answers {
            taken.answers.push((answer.source, answer.state()));
            let is_device = DEVICES.contains(&answer.source);
            match answer.outcome {
                Ok(Some(track)) => {
                    taken.has_devices |= is_device;
                    self.tracks.add(track, report);
                }
                Ok(None) => {}
                Err(error) => {
                    taken.has_failed_devices |= is_device;
                    taken.errors.push(error);
                }
            }
        }
        taken
    }

    /// Releases all devices, and those that the browser is still being asked for.
    pub(crate) fn release(&self) {
        drop(self.acquisitions.take());
        self.tracks.clear();
    }

    /// Reports devices that appear or are allowed, from now on.
    pub(crate) fn watch(&self, report: &Rc<dyn Fn(Input)>) {
        let watch = self.watch.take();
        let watch = watch.unwrap_or_else(|| device_watch::watch(report.clone()));
        self.watch.set(Some(watch));
    }

    pub(crate) fn unwatch(&self) {
        self.watch.take();
    }

    fn own(&self, task: Task) {
        let mut tasks = self.acquisitions.take();
        tasks.retain(|task| !task.is_finished());
        tasks.push(task);
        self.acquisitions.set(tasks);
    }
}
