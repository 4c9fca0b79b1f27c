//! The streams of a participant: which of the tracks that a connection receives are in them.

use std::cell::RefCell;
use std::mem;
use std::rc::{Rc, Weak};

use videocalls_protocol::{MediaState, Source, TrackKind, TrackSources, TrackState};
use wasm_bindgen::JsValue;
use web_sys::{MediaStream, MediaStreamTrack, RtcRtpTransceiver};

use crate::browser::{property, text};
use crate::event_listener::EventListener;
use crate::first_frame::FirstFrame;
use crate::remote_stream::RemoteStream;
use crate::stats::Received;

/// A track stops being shown if it receives nothing for so long, in milliseconds, while another
/// track of its connection does. A peer may stop sending without a word.
const SILENCE: f64 = 5_000.0;

/// The tracks of one connection, and the streams of those that the page is to play: one of the
/// microphone and the camera, one of the screen and its sound.
///
/// A stream has at most one track of each source. It has a video track only while there are pictures, or
/// are about to be, because browsers play no sound of a `<video>` whose video track has not delivered
/// a frame.
pub(crate) struct RemoteTracks {
    person: RemoteStream,
    screen: RemoteStream,
    /// The sources that the peer has named, under the `mid`s of its media sections.
    sources: RefCell<TrackSources>,
    /// What the participant has last reported to send, if the server carries such reports.
    reported: RefCell<Option<MediaState>>,
    /// In the order in which they have last started to be sent.
    tracks: RefCell<Vec<RemoteTrack>>,
    /// Takes the sources whose tracks are in the streams now.
    on_change: Rc<dyn Fn(Vec<Source>)>,
    me: Weak<Self>,
}

struct RemoteTrack {
    track: MediaStreamTrack,
    transceiver: RtcRtpTransceiver,
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
    pub(crate) fn new(on_change: Rc<dyn Fn(Vec<Source>)>) -> Result<Rc<Self>, JsValue> {
        let (person, screen) = (RemoteStream::new()?, RemoteStream::new()?);
        Ok(Rc::new_cyclic(|me| Self {
            person,
            screen,
            sources: RefCell::default(),
            reported: RefCell::default(),
            tracks: RefCell::default(),
            on_change,
            me: me.clone(),
        }))
    }

    /// The stream of the microphone and the camera, once there has been a track for it.
    pub(crate) fn stream(&self) -> Option<MediaStream> {
        self.person.stream()
    }

    /// The stream of the screen and its sound, while a screen is shared.
    pub(crate) fn screen_stream(&self) -> Option<MediaStream> {
        self.screen.stream()
    }

    /// Takes the sources that the peer names in a description which is about to be applied.
    pub(crate) fn set_sources(&self, sources: TrackSources) {
        if !sources.is_empty() {
            self.sources.replace(sources);
        }
    }

    /// Takes the track of a `track` event, which may be one that was there before.
    pub(crate) fn add(&self, track: MediaStreamTrack, transceiver: RtcRtpTransceiver) {
        let known = self.take(&track);
        let added = known.unwrap_or_else(|| self.watch(track, transceiver));
        self.tracks.borrow_mut().push(added);
        self.update();
    }

    /// Takes the participant's own report of what they send. A browser that has no picture to send any
    /// more may go on sending packets.
    pub(crate) fn set_reported(&self, media: &MediaState) {
        let is_new = self.reported.borrow().as_ref() != Some(media);
        if is_new {
            self.reported.replace(Some(media.clone()));
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

    fn watch(&self, track: MediaStreamTrack, transceiver: RtcRtpTransceiver) -> RemoteTrack {
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
            transceiver,
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
        let person = self.show(&self.person, [Source::Microphone, Source::Camera]);
        let has_screen = self.shown(Source::Screen).is_some();
        let screen = match has_screen {
            true => self.show(&self.screen, [Source::Screen, Source::ScreenAudio]),
            // The next screen is another stream.
            false => {
                let was_shown = self.screen.stream().is_some();
                self.screen.renew();
                was_shown
            }
        };
        if person || screen {
            let received = Source::ALL.into_iter();
            let received = received.filter(|source| self.shown(*source).is_some());
            (self.on_change)(received.collect());
        }
    }

    fn show(&self, stream: &RemoteStream, sources: [Source; 2]) -> bool {
        let shown = sources.into_iter().filter_map(|source| self.shown(source));
        let shown: Vec<_> = shown.collect();
        let awaits_frame = shown.iter().any(|track| self.is_awaited(track));
        stream.show(&shown, awaits_frame)
    }

    fn is_awaited(&self, track: &MediaStreamTrack) -> bool {
        let tracks = self.tracks.borrow();
        let mut awaited = tracks.iter().filter(|known| known.is_awaited());
        awaited.any(|known| known.track == *track)
    }

    /// The track of this source for a stream: the newest that is sent. A sound track is there even
    /// before the peer sends it: it keeps no picture from being played. A video track is there before
    /// its first frame if that is about to come, so that an element shows it at once.
    fn shown(&self, source: Source) -> Option<MediaStreamTrack> {
        let is_picture = source.kind() == TrackKind::Video;
        let reported = self.reported.borrow();
        let state = reported.as_ref().map(|media| media.of(source));
        if is_picture && state.is_some_and(|state| !state.has_device()) {
            return None;
        }
        let tracks = self.tracks.borrow();
        let of_source = || {
            let newest_first = tracks.iter().rev();
            newest_first.filter(|it| it.is_live() && self.source_of(it, &tracks) == Some(source))
        };
        // A screen that does not change may be sent by no packet for long.
        let may_be_silent = source == Source::Screen;
        let sent = of_source().find(|it| it.is_sent() && (may_be_silent || !it.is_silent));
        let waiting = || {
            of_source().find(|track| match track.picture {
                Picture::Awaited { is_due, .. } => {
                    is_due && state.is_some_and(TrackState::has_device)
                }
                Picture::NotNeeded => true,
                Picture::Arrived => false,
            })
        };
        let shown = sent.or_else(waiting)?;
        Some(Clone::clone(&shown.track))
    }

    /// What a track shows: what the peer has named, or else the first sound is the microphone, the first
    /// picture the camera, and the second ones are the screen's. Tracks that are not sent any more do
    /// not count, since a peer may send its camera by another section than before.
    fn source_of(&self, track: &RemoteTrack, tracks: &[RemoteTrack]) -> Option<Source> {
        let sources = self.sources.borrow();
        if !sources.is_empty() {
            return sources.of(&track.mid());
        }
        let kind = track.kind();
        let others = tracks
            .iter()
            .filter(|it| it.kind() == kind && it.may_be_sent());
        let before = others.filter(|it| it.section() < track.section()).count();
        Source::assumed(kind, before.min(1))
    }
}

impl RemoteTrack {
    fn kind(&self) -> TrackKind {
        match text(&self.track, "kind") == *TrackKind::Audio.as_str() {
            true => TrackKind::Audio,
            false => TrackKind::Video,
        }
    }

    fn mid(&self) -> String {
        text(&self.transceiver, "mid")
    }

    /// The place of the track's media section among the others. Browsers number their sections, and
    /// other peers have few of them.
    fn section(&self) -> (usize, String) {
        let mid = self.mid();
        (mid.len(), mid)
    }

    /// Whether the peer's description says that it sends the track, and nothing shows otherwise.
    fn may_be_sent(&self) -> bool {
        let direction = text(&self.transceiver, "currentDirection");
        // There is none before the first answer.
        let may_be_received = matches!(direction.as_str(), "" | "sendrecv" | "recvonly");
        may_be_received && self.is_live() && !self.is_silent
    }

    fn is_live(&self) -> bool {
        text(&self.track, "readyState") == "live"
    }

    /// Whether the peer sends it. A browser mutes a track until the first packet arrives, and again
    /// when the peer's description stops it.
    fn is_sent(&self) -> bool {
        !self.is_awaited() && !property(&self.track, "muted").is_truthy()
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
