//! The microphone and the camera of a call: requests for them, and the tracks that came.

use std::cell::Cell;
use std::rc::Rc;

use videocalls_protocol::{MediaState, TrackState};
use videocalls_session::{Input, TrackKind};

use crate::CallError;
use crate::device_watch;
use crate::devices;
use crate::local_tracks::{Answer, LocalTracks};
use crate::media_request::{MediaRequest, MediaRequests};
use crate::task::Task;

pub(crate) struct LocalMedia {
    requests: MediaRequests,
    tracks: Rc<LocalTracks>,
    acquisitions: Cell<Vec<Task>>,
    watch: Cell<Option<Task>>,
}

/// What came of the answers to a request for tracks.
pub(crate) struct Taken {
    /// For the session; kinds without an answer are `Pending`.
    pub(crate) state: MediaState,
    pub(crate) has_tracks: bool,
    pub(crate) errors: Vec<CallError>,
}

impl LocalMedia {
    pub(crate) fn new(requests: MediaRequests, tracks: Rc<LocalTracks>) -> Self {
        Self {
            requests,
            tracks,
            acquisitions: Cell::default(),
            watch: Cell::default(),
        }
    }

    pub(crate) fn tracks(&self) -> &LocalTracks {
        &self.tracks
    }

    /// Requests the tracks whose state is `Pending`: devices from the browser, and what the page
    /// brings from the page. Neither waits for the other.
    pub(crate) fn acquire(&self, media: MediaState, answered: &Rc<dyn Fn(Vec<Answer>)>) {
        let (mut devices, mut promises) = (Vec::new(), Vec::new());
        for kind in TrackKind::ALL {
            if kind.of(media) != TrackState::Pending {
                continue;
            }
            self.tracks.remove(kind);
            match self.requests.of(kind) {
                MediaRequest::Given(promise) => promises.push((kind, promise.clone())),
                request => devices.push((kind, request.to_js())),
            }
        }
        // Started at once, so that the browser is asked before the first connection is made.
        if !devices.is_empty() {
            self.own(Task::start(devices::acquire(devices, answered.clone())));
        }
        if !promises.is_empty() {
            self.own(Task::start(devices::await_given(
                promises,
                answered.clone(),
            )));
        }
    }

    /// Takes the tracks of these answers, which report from then on what happens to them.
    pub(crate) fn take(&self, answers: Vec<Answer>, report: &Rc<dyn Fn(Input)>) -> Taken {
        let mut taken = Taken {
            state: MediaState::PENDING,
            has_tracks: false,
            errors: Vec::new(),
        };
        for answer in answers {
            let state = answer.state();
            match answer.kind {
                TrackKind::Audio => taken.state.audio = state,
                TrackKind::Video => taken.state.video = state,
            }
            match answer.outcome {
                Ok(Some(track)) => {
                    taken.has_tracks = true;
                    self.tracks.add(track, report);
                }
                Ok(None) => {}
                Err(error) => taken.errors.push(error),
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
