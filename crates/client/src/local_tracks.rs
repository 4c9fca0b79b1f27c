use std::cell::{Cell, RefCell};
use std::rc::Rc;

use videocalls_protocol::{Source, TrackState, UnavailableReason};
use videocalls_session::Input;
use wasm_bindgen::JsValue;
use web_sys::{MediaStream, MediaStreamTrack};

use crate::browser::{self, call_method, property, set_property};
use crate::event_listener::EventListener;
use crate::{CallError, ErrorCode};

/// The tracks that this participant sends, and the streams that hold them for the length of a call: one
/// of the microphone and the camera, one of the screen and its sound.
#[derive(Debug)]
pub(crate) struct LocalTracks {
    stream: MediaStream,
    screen: MediaStream,
    tracks: RefCell<Vec<LocalTrack>>,
    /// Whether the screen is sent in the camera's place.
    replaces_camera: Cell<bool>,
}

/// A track of a device, which is released when this is dropped; or a track of the page's own, which
/// is never stopped.
#[derive(Debug)]
#[must_use = "the device is released when this is dropped"]
pub(crate) struct LocalTrack {
    source: Source,
    track: MediaStreamTrack,
    is_given: bool,
    listeners: Vec<EventListener>,
}

/// The answer to a request for a track. A page that brings no track answers `Ok(None)`.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) source: Source,
    pub(crate) outcome: Result<Option<LocalTrack>, CallError>,
}

impl LocalTracks {
    /// # Errors
    ///
    /// The browser has no `MediaStream`.
    pub(crate) fn new() -> Result<Self, JsValue> {
        Ok(Self {
            stream: MediaStream::new()?,
            screen: MediaStream::new()?,
            tracks: RefCell::default(),
            replaces_camera: Cell::default(),
        })
    }

    pub(crate) fn stream(&self) -> &MediaStream {
        &self.stream
    }

    pub(crate) fn screen(&self) -> &MediaStream {
        &self.screen
    }

    pub(crate) fn of(&self, source: Source) -> Option<MediaStreamTrack> {
        let tracks = self.tracks.borrow();
        let track = tracks.iter().find(|track| track.source == source)?;
        Some(Clone::clone(&track.track))
    }

    /// The track that is sent in a source's place.
    pub(crate) fn sent_as(&self, source: Source) -> Option<MediaStreamTrack> {
        match source {
            Source::Camera if self.replaces_camera.get() => {
                self.of(Source::Screen).or_else(|| self.of(source))
            }
            Source::Screen | Source::ScreenAudio if self.replaces_camera.get() => None,
            _ => self.of(source),
        }
    }

    pub(crate) fn set_replaces_camera(&self, replaces_camera: bool) {
        self.replaces_camera.set(replaces_camera);
    }

    pub(crate) fn set_enabled(&self, source: Source, enabled: bool) {
        if let Some(track) = self.of(source) {
            set_property(&track, "enabled", &enabled.into());
        }
    }

    /// Adds a track, which reports from then on that it ends, or is muted by the system.
    pub(crate) fn add(&self, mut track: LocalTrack, report: &Rc<dyn Fn(Input)>) {
        let source = track.source;
        if property(&track.track, "muted").is_truthy() {
            report(muted(source));
        }
        let inputs: [(_, fn(_) -> _); 3] = [
            ("ended", Input::TrackEnded),
            ("mute", muted),
            ("unmute", unmuted),
        ];
        for (event, input) in inputs {
            let report = report.clone();
            let listener = EventListener::new(&track.track, event, move |_| report(input(source)));
            track.listeners.push(listener);
        }
        self.stream_of(source).add_track(&track.track);
        self.tracks.borrow_mut().push(track);
    }

    /// Removes the track of this source, which releases its device.
    pub(crate) fn remove(&self, source: Source) {
        if let Some(removed) = self.take(source) {
            self.stream_of(source).remove_track(&removed.track);
        }
    }

    /// Releases all devices.
    pub(crate) fn clear(&self) {
        for removed in self.tracks.take() {
            self.stream_of(removed.source).remove_track(&removed.track);
        }
    }

    fn stream_of(&self, source: Source) -> &MediaStream {
        match source {
            Source::Screen | Source::ScreenAudio => &self.screen,
            _ => &self.stream,
        }
    }

    fn take(&self, source: Source) -> Option<LocalTrack> {
        let mut tracks = self.tracks.borrow_mut();
        let index = tracks.iter().position(|track| track.source == source)?;
        Some(tracks.remove(index))
    }
}

impl LocalTrack {
    /// Owns a track of a device.
    pub(crate) fn of_device(source: Source, track: MediaStreamTrack) -> Self {
        browser::track(&track);
        Self::new(source, track, false)
    }

    /// Takes a track of the page's own.
    pub(crate) fn given(source: Source, track: MediaStreamTrack) -> Self {
        Self::new(source, track, true)
    }

    pub(crate) fn media(&self) -> &MediaStreamTrack {
        &self.track
    }

    fn new(source: Source, track: MediaStreamTrack, is_given: bool) -> Self {
        Self {
            source,
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
        let reason = match self.outcome.as_ref().map_err(|error| error.code) {
            Ok(Some(_)) => return TrackState::Live,
            Ok(None) => return TrackState::Off,
            Err(ErrorCode::PermissionDenied) => UnavailableReason::PermissionDenied,
            Err(ErrorCode::DeviceNotFound) => UnavailableReason::DeviceNotFound,
            Err(ErrorCode::DeviceInUse) => UnavailableReason::DeviceInUse,
            Err(_) => UnavailableReason::Failed,
        };
        TrackState::Unavailable(reason)
    }
}

impl From<LocalTrack> for Answer {
    fn from(track: LocalTrack) -> Self {
        Self {
            source: track.source,
            outcome: Ok(Some(track)),
        }
    }
}

fn muted(source: Source) -> Input {
    let muted = true;
    Input::TrackMuted { source, muted }
}

fn unmuted(source: Source) -> Input {
    let muted = false;
    Input::TrackMuted { source, muted }
}
