use std::cell::RefCell;

use gloo_events::EventListener;
use videocalls_session::{Input, TrackKind};
use wasm_bindgen::JsValue;
use web_sys::{MediaStream, MediaStreamTrack};

use crate::browser;
use crate::devices::Answer;
use crate::list::take_where;

/// The own sound and picture: one stream for the length of a call, and the tracks in it.
#[derive(Debug)]
pub(crate) struct LocalTracks {
    stream: MediaStream,
    tracks: RefCell<Vec<LocalTrack>>,
}

/// A track of a device, which is released when this is dropped; or one that the page has brought,
/// which is left as it is.
#[derive(Debug)]
#[must_use = "the device is released when this is dropped"]
pub(crate) struct LocalTrack {
    pub(crate) kind: TrackKind,
    track: MediaStreamTrack,
    given: bool,
    listeners: Vec<EventListener>,
}

impl LocalTracks {
    /// # Errors
    ///
    /// The browser has no media streams.
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
        self.tracks
            .borrow()
            .iter()
            .find(|track| track.kind == kind)
            .map(|t| Clone::clone(&t.track))
    }

    /// Takes a track in, and tells from then on what becomes of it.
    pub(crate) fn add(&self, mut track: LocalTrack, feed: impl Fn(Input) + Clone + 'static) {
        let kind = track.kind;
        if track.track.muted() {
            feed(muted(kind));
        }
        let inputs: [(_, fn(_) -> _); 3] = [
            ("ended", Input::TrackEnded),
            ("mute", muted),
            ("unmute", unmuted),
        ];
        for (event, input) in inputs {
            let feed = feed.clone();
            let tell = move |_: &_| feed(input(kind));
            track
                .listeners
                .push(EventListener::new(&track.track, event, tell));
        }
        self.stream.add_track(&track.track);
        self.tracks.borrow_mut().push(track);
    }

    /// Releases a device.
    pub(crate) fn remove(&self, kind: TrackKind) {
        while let Some(gone) = take_where(&self.tracks, &|track| track.kind == kind) {
            self.stream.remove_track(&gone.track);
        }
    }

    /// Releases all devices.
    pub(crate) fn clear(&self) {
        TrackKind::ALL
            .into_iter()
            .for_each(|kind| self.remove(kind));
    }
}

impl LocalTrack {
    fn new(kind: TrackKind, track: MediaStreamTrack, given: bool) -> Self {
        Self {
            kind,
            track,
            given,
            listeners: Vec::new(),
        }
    }

    /// Takes a track that the page has brought.
    pub(crate) fn given(kind: TrackKind, track: MediaStreamTrack) -> Self {
        Self::new(kind, track, true)
    }

    /// Takes the tracks out of a stream that the browser has given.
    pub(crate) fn all_of(stream: &MediaStream) -> Vec<Answer> {
        let tracks = stream.get_tracks();
        let tracks = tracks.iter().map(MediaStreamTrack::from);
        tracks
            .map(|track| {
                let kind = kind_of(&track);
                browser::track(&track);
                let outcome = Ok(Some(Self::new(kind, track, false)));
                Answer { kind, outcome }
            })
            .collect()
    }
}

fn muted(kind: TrackKind) -> Input {
    Input::TrackMuted { kind, muted: true }
}

fn unmuted(kind: TrackKind) -> Input {
    Input::TrackMuted { kind, muted: false }
}

fn kind_of(track: &MediaStreamTrack) -> TrackKind {
    if track.kind() == TrackKind::Audio.as_str() {
        TrackKind::Audio
    } else {
        TrackKind::Video
    }
}

impl Drop for LocalTrack {
    fn drop(&mut self) {
        if !self.given {
            browser::untrack(&self.track);
            self.track.stop();
        }
    }
}
