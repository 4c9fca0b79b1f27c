//! The stream of a participant: which of the tracks that a connection receives are in it.

use std::cell::{Cell, RefCell};
use std::mem;
use std::rc::{Rc, Weak};

use videocalls_session::TrackKind;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MediaStream, MediaStreamTrack};

use crate::browser::{property, text};
use crate::event_listener::EventListener;
use crate::first_frame::FirstFrame;
use crate::stats::Received;

/// A track stops being shown if it receives nothing for so long, in milliseconds, while another
/// track of its connection does. A peer may stop sending without a word.
const SILENCE: f64 = 5_000.0;

/// The tracks of one connection, and the stream of those that the page is to play.
///
/// The stream has at most one track of each kind: the newest that is being sent. It has a video track
/// only while there are pictures, or are about to be, because browsers play no sound of a `<video>`
/// whose video track has not delivered a frame.
pub(crate) struct RemoteTracks {
    stream: RefCell<MediaStream>,
    /// Whether the stream has had a track.
    has_started: Cell<bool>,
    /// Whether elements with the stream wait for the first frame of a track that is in it.
    awaits_frame: Cell<bool>,
    /// Whether the participant has a camera, once they have reported it.
    has_camera: Cell<Option<bool>>,
    /// In the order in which they have last started to be sent.
    tracks: RefCell<Vec<RemoteTrack>>,
    on_change: Rc<dyn Fn()>,
    me: Weak<Self>,
}

struct RemoteTrack {
    track: MediaStreamTrack,
    bytes: f64,
    /// When it last received something, by the clock of the statistics; zero until they are read.
    last_received: f64,
    is_silent: bool,
    picture: Picture,
    _listeners: [EventListener; 3],
}

/// Whether there is something to show. Firefox unmutes a video track before its first frame, even if
/// none follows.
enum Picture {
    /// It is a sound track.
    NotNeeded,
    Awaited {
        _first: Option<FirstFrame>,
        /// The track is new: its first frame comes at once, if the participant has a camera.
        is_due: bool,
    },
    Arrived,
}

impl RemoteTracks {
    /// # Errors
    ///
    /// The browser has no `MediaStream`.
    pub(crate) fn new(on_change: Rc<dyn Fn()>) -> Result<Rc<Self>, JsValue> {
        let stream = RefCell::new(MediaStream::new()?);
        Ok(Rc::new_cyclic(|me| Self {
            stream,
            has_started: Cell::default(),
            awaits_frame: Cell::default(),
            has_camera: Cell::default(),
            tracks: RefCell::default(),
            on_change,
            me: me.clone(),
        }))
    }

    /// The stream, once there has been a track for it: Chromium does not play the sound that is added
    /// to a stream which was empty when an element got it.
    ///
    /// It becomes another object if a first frame that was due does not come.
    pub(crate) fn stream(&self) -> Option<MediaStream> {
        let stream = self.stream.borrow();
        self.has_started.get().then(|| Clone::clone(&*stream))
    }

    /// Takes the track of a `track` event, which may be one that was there before.
    pub(crate) fn add(&self, track: MediaStreamTrack) {
        let known = self.take(&track);
        let added = known.unwrap_or_else(|| self.watch(track));
        self.tracks.borrow_mut().push(added);
        self.update();
    }

    /// Takes the participant's own report of their camera. A browser that has no picture to send any
    /// more may go on sending packets.
    pub(crate) fn set_has_camera(&self, has_camera: bool) {
        if self.has_camera.replace(Some(has_camera)) != Some(has_camera) {
            self.tracks
                .borrow_mut()
                .iter_mut()
                .for_each(RemoteTrack::expect_packets);
            self.update();
        }
    }

    /// Takes what has been received by now.
    pub(crate) fn measured(&self, received: &Received) {
        for track in self.overdue() {
            self.stopped(&track);
        }
        for track in &mut *self.tracks.borrow_mut() {
            track.measured(received);
        }
        let latest = self.latest_received();
        for track in &mut *self.tracks.borrow_mut() {
            track.is_silent = latest - track.last_received > SILENCE;
        }
        self.update();
    }

    /// The tracks whose first frame has not come since the measurement before.
    fn overdue(&self) -> Vec<MediaStreamTrack> {
        let tracks = self.tracks.borrow();
        let overdue = tracks.iter().filter(|track| track.is_overdue());
        overdue.map(|track| Clone::clone(&track.track)).collect()
    }

    fn latest_received(&self) -> f64 {
        let tracks = self.tracks.borrow();
        tracks
            .iter()
            .map(|track| track.last_received)
            .fold(0.0, f64::max)
    }

    fn watch(&self, track: MediaStreamTrack) -> RemoteTrack {
        let listen = |event, changed: fn(&Self, &MediaStreamTrack)| {
            let (me, source) = (self.me.clone(), Clone::clone(&track));
            EventListener::new(&track, event, move |_| {
                if let Some(tracks) = me.upgrade() {
                    changed(&tracks, &source);
                }
            })
        };
        let listeners = [
            listen("unmute", Self::restarted),
            listen("mute", Self::stopped),
            listen("ended", |tracks, _| tracks.update()),
        ];
        RemoteTrack {
            picture: self.first_picture(&track, true),
            track,
            bytes: 0.0,
            last_received: 0.0,
            is_silent: false,
            _listeners: listeners,
        }
    }

    fn first_picture(&self, track: &MediaStreamTrack, is_due: bool) -> Picture {
        if text(track, "kind") == TrackKind::Audio.as_str() {
            return Picture::NotNeeded;
        }
        let (me, source) = (self.me.clone(), Clone::clone(track));
        let arrived = move || {
            if let Some(tracks) = me.upgrade() {
                tracks.set_picture(&source, Picture::Arrived);
            }
        };
        Picture::Awaited {
            _first: FirstFrame::of(track, arrived),
            is_due,
        }
    }

    /// The peer has stopped sending a track, or never started: its next picture is a first one.
    fn stopped(&self, track: &MediaStreamTrack) {
        self.set_picture(track, self.first_picture(track, false));
    }

    fn set_picture(&self, track: &MediaStreamTrack, picture: Picture) {
        let mut tracks = self.tracks.borrow_mut();
        let known = tracks.iter_mut().find(|known| known.track == *track);
        // Dropped when nothing is borrowed: it touches an element of the browser.
        let _before = known.map(|known| mem::replace(&mut known.picture, picture));
        drop(tracks);
        self.update();
    }

    /// The peer has started to send a track: it is the newest now.
    fn restarted(&self, track: &MediaStreamTrack) {
        if let Some(mut track) = self.take(track) {
            track.expect_packets();
            self.tracks.borrow_mut().push(track);
        }
        self.update();
    }

    fn take(&self, track: &MediaStreamTrack) -> Option<RemoteTrack> {
        let mut tracks = self.tracks.borrow_mut();
        let index = tracks.iter().position(|known| known.track == *track)?;
        Some(tracks.remove(index))
    }

    fn update(&self) {
        let shown: Vec<_> = TrackKind::ALL
            .into_iter()
            .filter_map(|kind| self.shown(kind))
            .collect();
        let awaits_frame = shown.iter().any(|track| self.is_awaited(track));
        let awaited_frame = self.awaits_frame.replace(awaits_frame);
        let before = self.contents();
        let is_left = before.iter().any(|track| !shown.contains(track));
        if is_left && awaited_frame {
            self.renew_stream();
        }
        if is_left || before.len() != shown.len() {
            self.set_contents(&shown);
            (self.on_change)();
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

    /// Makes another stream for the page: an element that waits for a first frame does not play the
    /// sound when the track leaves its stream.
    fn renew_stream(&self) {
        if let Ok(stream) = MediaStream::new() {
            self.stream.replace(stream);
            self.has_started.set(false);
        }
    }

    fn is_awaited(&self, track: &MediaStreamTrack) -> bool {
        let tracks = self.tracks.borrow();
        let mut awaited = tracks.iter().filter(|known| known.is_awaited());
        awaited.any(|known| known.track == *track)
    }

    /// The track of this kind for the stream. A sound track is there even before the peer sends it:
    /// it keeps no picture from being played. A video track is there before its first frame if that
    /// is about to come, so that an element shows it at once.
    fn shown(&self, kind: TrackKind) -> Option<MediaStreamTrack> {
        let has_camera = self.has_camera.get();
        if kind == TrackKind::Video && has_camera == Some(false) {
            return None;
        }
        let tracks = self.tracks.borrow();
        let of_kind = || {
            let newest_first = tracks.iter().rev();
            newest_first.filter(|it| text(&it.track, "kind") == kind.as_str() && it.is_live())
        };
        let sent = of_kind().find(|track| track.is_sent());
        let waiting = || {
            of_kind().find(|track| match track.picture {
                Picture::Awaited { is_due, .. } => is_due && has_camera == Some(true),
                Picture::NotNeeded => true,
                Picture::Arrived => false,
            })
        };
        let shown = sent.or_else(waiting)?;
        Some(Clone::clone(&shown.track))
    }
}

impl RemoteTrack {
    fn is_live(&self) -> bool {
        text(&self.track, "readyState") == "live"
    }

    /// Whether the peer sends it. A browser mutes a track until the first packet arrives, and again
    /// when the peer's description stops it.
    fn is_sent(&self) -> bool {
        !self.is_awaited() && !property(&self.track, "muted").is_truthy() && !self.is_silent
    }

    fn is_awaited(&self) -> bool {
        matches!(self.picture, Picture::Awaited { .. })
    }

    /// Whether the first frame was due before the last measurement.
    fn is_overdue(&self) -> bool {
        let is_due = matches!(self.picture, Picture::Awaited { is_due: true, .. });
        is_due && self.last_received != 0.0
    }

    /// Takes the track for one that is being received, until the statistics show otherwise.
    fn expect_packets(&mut self) {
        self.is_silent = false;
        self.last_received = 0.0;
    }

    fn measured(&mut self, received: &Received) {
        let bytes = received
            .bytes_of(&text(&self.track, "id"))
            .unwrap_or_default();
        if bytes != self.bytes || self.last_received == 0.0 {
            self.bytes = bytes;
            self.last_received = received.at();
        }
    }
}
