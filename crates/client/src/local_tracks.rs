use std::cell::RefCell;
use std::rc::Rc;

use videocalls_protocol::TrackState;
use videocalls_session::{Input, TrackKind};
use wasm_bindgen::JsValue;
use web_sys::{MediaStream, MediaStreamTrack};

use crate::browser::{self, call_method, property, set_property, text};
use crate::event_listener::EventListener;
use crate::{CallError, ErrorCode};

/// The tracks that this participant sends, and the one stream that holds them for the length of a
/// call.
#[derive(Debug)]
pub(crate) struct LocalTracks {
    stream: MediaStream,
    tracks: RefCell<Vec<LocalTrack>>,
}

/// A track of a device, which is released when this is dropped; or a track of the page's own, which
/// is never stopped.
#[derive(Debug)]
#[must_use = "the device is released when this is dropped"]
pub(crate) struct LocalTrack {
    kind: TrackKind,
    track: MediaStreamTrack,
    is_given: bool,
    listeners: Vec<EventListener>,
}

/// The answer to a request for one kind of track. A page that brings no track answers `Ok(None)`.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) kind: TrackKind,
    pub(crate) outcome: Result<Option<LocalTrack>, CallError>,
}

impl LocalTracks {
    /// # Errors
    ///
    /// The browser has no `MediaStream`.
    pub(crate) fn new() -> Result<Self, JsValue> {
        Ok(Self {
            stream: MediaStream::new()?,
            tracks: RefCell::default(),
        })
    }

    pub(crate) fn stream(&self) -> &MediaStream {
        &self.stream
    }

    pub(crate) fn of(&self, kind: TrackKind) -> Option<MediaStreamTrack> {
        let tracks = self.tracks.borrow();
        let track = tracks.iter().find(|track| track.kind == kind)?;
        Some(Clone::clone(&track.track))
    }

    pub(crate) fn set_enabled(&self, kind: TrackKind, enabled: bool) {
        if let Some(track) = self.of(kind) {
            set_property(&track, "enabled", &enabled.into());
        }
    }

    /// Adds a track, which reports from then on that it ends, or is muted by the system.
    pub(crate) fn add(&self, mut track: LocalTrack, report: &Rc<dyn Fn(Input)>) {
        let kind = track.kind;
        if property(&track.track, "muted").is_truthy() {
            report(muted(kind));
        }
        let inputs: [(_, fn(_) -> _); 3] = [
            ("ended", Input::TrackEnded),
            ("mute", muted),
            ("unmute", unmuted),
        ];
        for (event, input) in inputs {
            let report = report.clone();
            let listener = EventListener::new(&track.track, event, move |_| report(input(kind)));
            track.listeners.push(listener);
        }
        self.stream.add_track(&track.track);
        self.tracks.borrow_mut().push(track);
    }

    /// Removes the track of this kind, which releases its device.
    pub(crate) fn remove(&self, kind: TrackKind) {
        while let Some(removed) = self.take(kind) {
            self.stream.remove_track(&removed.track);
        }
    }

    /// Releases all devices.
    pub(crate) fn clear(&self) {
        TrackKind::ALL
            .into_iter()
            .for_each(|kind| self.remove(kind));
    }

    fn take(&self, kind: TrackKind) -> Option<LocalTrack> {
        let mut tracks = self.tracks.borrow_mut();
        let index = tracks.iter().position(|track| track.kind == kind)?;
        Some(tracks.remove(index))
    }
}

impl LocalTrack {
    /// Owns a track of a device.
    pub(crate) fn of_device(track: MediaStreamTrack) -> Self {
        browser::track(&track);
        Self::new(kind_of(&track), track, false)
    }

    /// Takes a track of the page's own.
    pub(crate) fn given(kind: TrackKind, track: MediaStreamTrack) -> Self {
        Self::new(kind, track, true)
    }

    pub(crate) fn kind(&self) -> TrackKind {
        self.kind
    }

    fn new(kind: TrackKind, track: MediaStreamTrack, is_given: bool) -> Self {
        Self {
            kind,
            track,
            is_given,
            listeners: Vec::new(),
        }
    }
}

impl Drop for LocalTrack {
    fn drop(&mut self) {
        if !self.is_given {
            browser::untrack(&self.track);
            call_method(&self.track, "stop", &JsValue::UNDEFINED);
        }
    }
}

impl Answer {
    /// The state of the track, as it is sent to the other participants.
    pub(crate) fn state(&self) -> TrackState {
        match self.outcome.as_ref().map_err(|error| error.code) {
            Ok(Some(_)) => TrackState::Live,
            Ok(None) => TrackState::NotRequested,
            Err(ErrorCode::PermissionDenied) => TrackState::PermissionDenied,
            Err(ErrorCode::DeviceNotFound) => TrackState::DeviceNotFound,
            Err(ErrorCode::DeviceInUse) => TrackState::DeviceInUse,
            Err(_) => TrackState::Unavailable,
        }
    }
}

impl From<LocalTrack> for Answer {
    fn from(track: LocalTrack) -> Self {
        Self {
            kind: track.kind(),
            outcome: Ok(Some(track)),
        }
    }
}

fn muted(kind: TrackKind) -> Input {
    Input::TrackMuted { kind, muted: true }
}

fn unmuted(kind: TrackKind) -> Input {
    Input::TrackMuted { kind, muted: false }
}

fn kind_of(track: &MediaStreamTrack) -> TrackKind {
    if text(track, "kind") == TrackKind::Audio.as_str() {
        TrackKind::Audio
    } else {
        TrackKind::Video
    }
}
