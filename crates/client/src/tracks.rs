use std::cell::RefCell;

use gloo_events::EventListener;
use videocalls_session::TrackKind;
use wasm_bindgen::JsValue;
use web_sys::{MediaStream, MediaStreamTrack};

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
    ended: Option<EventListener>,
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

    pub(crate) fn add(&self, mut track: LocalTrack, on_ended: impl FnMut() + 'static) {
        let mut on_ended = on_ended;
        track.ended = Some(EventListener::new(&track.track, "ended", move |_| {
            on_ended()
        }));
        self.stream.add_track(&track.track);
        self.tracks.borrow_mut().push(track);
    }

    /// Releases a device.
    pub(crate) fn remove(&self, kind: TrackKind) {
        let gone: Vec<_> = self
            .tracks
            .borrow_mut()
            .extract_if(.., |t| t.kind == kind)
            .collect();
        gone.iter()
            .for_each(|track| self.stream.remove_track(&track.track));
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
            ended: None,
        }
    }

    /// Takes a track that the page has brought.
    pub(crate) fn given(kind: TrackKind, track: MediaStreamTrack) -> Self {
        Self::new(kind, track, true)
    }

    /// Takes the tracks out of a stream that the browser has given.
    pub(crate) fn all_of(stream: &MediaStream) -> Vec<Self> {
        let tracks = stream.get_tracks();
        let tracks = tracks.iter().map(MediaStreamTrack::from);
        tracks
            .map(|track| Self::new(kind_of(&track), track, false))
            .collect()
    }
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
            self.track.stop();
        }
    }
}
