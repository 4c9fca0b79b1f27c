use std::cell::{Cell, RefCell};

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MediaStream, MediaStreamTrack};

/// A stream that a page plays, whose tracks come and go.
pub(crate) struct RemoteStream {
    stream: RefCell<MediaStream>,
    /// Whether the stream has had a track.
    has_started: Cell<bool>,
    /// Whether elements with the stream wait for the first frame of a track that is in it.
    awaits_frame: Cell<bool>,
}

impl RemoteStream {
    /// # Errors
    ///
    /// The browser has no `MediaStream`.
    pub(crate) fn new() -> Result<Self, JsValue> {
        Ok(Self {
            stream: RefCell::new(MediaStream::new()?),
            has_started: Cell::default(),
            awaits_frame: Cell::default(),
        })
    }

    /// The stream, once there has been a track for it: Chromium does not play the sound that is added
    /// to a stream which was empty when an element got it.
    ///
    /// It becomes another object if a first frame that was due does not come.
    pub(crate) fn stream(&self) -> Option<MediaStream> {
        let stream = self.stream.borrow();
        self.has_started.get().then(|| Clone::clone(&*stream))
    }

    /// Makes these the tracks of the stream; `awaits_frame` tells whether the first frame of one of
    /// them is still to come. Returns whether they are others than before.
    pub(crate) fn show(&self, shown: &[MediaStreamTrack], awaits_frame: bool) -> bool {
        let awaited_frame = self.awaits_frame.replace(awaits_frame);
        let before = self.contents();
        let is_left = before.iter().any(|track| !shown.contains(track));
        if is_left && awaited_frame {
            self.renew();
        }
        let is_changed = is_left || before.len() != shown.len();
        if is_changed {
            self.set_contents(shown);
        }
        is_changed
    }

    /// Makes another stream for the page: an element that waits for a first frame does not play the
    /// sound when the track leaves its stream.
    pub(crate) fn renew(&self) {
        if let Ok(stream) = MediaStream::new() {
            self.stream.replace(stream);
            self.has_started.set(false);
        }
    }

    fn contents(&self) -> Vec<MediaStreamTrack> {
        let tracks = self.stream.borrow().get_tracks();
        tracks.iter().map(JsCast::unchecked_into).collect()
    }

    fn set_contents(&self, shown: &[MediaStreamTrack]) {
        let stream = self.stream.borrow();
        for track in self.contents() {
            if !shown.contains(&track) {
                stream.remove_track(&track);
            }
        }
        // A track that is in the stream already is not added twice.
        for track in shown {
            stream.add_track(track);
            self.has_started.set(true);
        }
    }
}
