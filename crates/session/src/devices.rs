use std::time::Duration;

use videocalls_protocol::{MediaState, Request, TrackState};

use crate::context::Context;
use crate::time::{DeviceTimer, Timestamp};
use crate::track::{LocalTrack, Move, TrackKind};
use crate::{Notice, Output, Token};

/// How long the browser's question may stand unanswered before the person is told of it.
const UNANSWERED: Duration = Duration::from_secs(5);
/// How long the system may silence a track before the others are told.
const SILENCED: Duration = Duration::from_secs(5);
/// A track that ends so soon after its coming is not asked for again by itself.
const SHORT_LIVED: Duration = Duration::from_millis(500);

/// Where a track is to come from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Source {
    /// None is wanted.
    Nothing,
    /// A microphone or camera, for which the browser may be asked again.
    Device,
    /// The page, which brings a track of its own, once.
    Page,
}

/// What is to be off from the beginning.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Muted {
    /// The microphone.
    pub audio: bool,
    /// The camera.
    pub video: bool,
}

/// The microphone and the camera: what they carry, and when the browser is asked for them again.
#[derive(Debug)]
pub(crate) struct Devices {
    audio: Device,
    video: Device,
    announced: Announced,
}

/// What the room was last told of our tracks.
#[derive(Clone, Copy, Debug)]
enum Announced {
    Nothing,
    Media(MediaState),
    /// This may have arrived before or after something older, so it has to be sent once more.
    Uncertain,
}

#[derive(Debug)]
struct Device {
    source: Source,
    track: LocalTrack,
    /// When the track came.
    since: Timestamp,
    /// Whether the system has silenced the track for long: by a phone call, by a closed lid.
    silenced: bool,
}

impl Devices {
    pub(crate) fn new(audio: Source, video: Source, muted: Muted) -> Self {
        Self {
            audio: Device::new(audio, !muted.audio),
            video: Device::new(video, !muted.video),
            announced: Announced::Nothing,
        }
    }

    /// Everything has been given back; what is wanted is to be asked for again.
    pub(crate) fn rest(&mut self) {
        for kind in TrackKind::ALL {
            let device = self.of(kind);
            let on = device.track.intention().unwrap_or(true);
            *device = Device::new(device.source, on);
        }
    }

    /// What the others may be told.
    pub(crate) fn state(&self) -> MediaState {
        MediaState {
            audio: self.audio.state(),
            video: self.video.state(),
        }
    }

    /// What a join says of our tracks. What was sent before the connection was lost may be lost too.
    pub(crate) fn announce_by_join(&mut self) -> MediaState {
        let media = self.state();
        self.announced = match self.announced {
            Announced::Nothing => Announced::Media(media),
            Announced::Media(before) if before == media => Announced::Media(media),
            _ => Announced::Uncertain,
        };
        media
    }

    /// Tells the room of our tracks, if it was last told something else.
    pub(crate) fn announce(&mut self, ctx: &mut Context) {
        let media = self.state();
        if !matches!(self.announced, Announced::Media(before) if before == media) {
            self.announced = Announced::Media(media);
            ctx.output(Output::Send(Request::Media(media)));
        }
    }

    /// Whether the user wants a track on, where there is one to want.
    pub(crate) fn wants(&self, kind: TrackKind) -> Option<bool> {
        match kind {
            TrackKind::Audio => &self.audio,
            TrackKind::Video => &self.video,
        }
        .track
        .intention()
    }

    /// Asks for all that is wanted, at once.
    pub(crate) fn start(&mut self, ctx: &mut Context) {
        acquire(ctx, self.state());
    }

    /// The user wants a track on, off, or the other way round. One that is missing is asked for
    /// again. Returns whether there is something to tell.
    pub(crate) fn toggle(&mut self, ctx: &mut Context, kind: TrackKind, on: Option<bool>) -> bool {
        let device = self.of(kind);
        if let LocalTrack::Absent { on: wish, .. } = &mut device.track {
            *wish = on.unwrap_or(true);
            return *wish && device.ask(ctx, kind);
        }
        let turn = device.track.toggle(on);
        device.turn(ctx, kind, turn);
        false
    }

    /// The browser, or the page, has answered for those that are not `Pending` in its answer.
    /// Returns whether there is something to tell.
    pub(crate) fn settled(&mut self, ctx: &mut Context, media: MediaState) -> bool {
        for kind in TrackKind::ALL {
            let device = self.of(kind);
            let turn = device.settle(ctx.now, kind.of(media));
            device.turn(ctx, kind, turn);
        }
        if !self.is_asked() {
            ctx.timers.stop(DeviceTimer::PromptPending);
        }
        // What was turned off before it came is off in a moment, and never was on.
        !self.audio.track.is_moving() && !self.video.track.is_moving()
    }

    /// A track is on or off now.
    pub(crate) fn turned(&mut self, ctx: &mut Context, kind: TrackKind, token: Token) {
        let device = self.of(kind);
        let turn = device.track.arrived(token);
        device.turn(ctx, kind, turn);
    }

    /// A track has ended: its device was unplugged, its permission withdrawn. Returns whether
    /// there is something to tell.
    pub(crate) fn ended(&mut self, ctx: &mut Context, kind: TrackKind) -> bool {
        let device = self.of(kind);
        let is_there = device.track.state().has_device();
        if is_there {
            let on = device.track.intention() == Some(true);
            let why = TrackState::Unavailable;
            device.track = LocalTrack::Absent { why, on };
            if ctx.now.since(device.since) > SHORT_LIVED {
                device.ask(ctx, kind);
            }
        }
        is_there
    }

    /// A device that was missing is there, or (`permitted`) one that was refused is allowed.
    /// Returns whether there is something to tell.
    pub(crate) fn obtainable(
        &mut self,
        ctx: &mut Context,
        kind: TrackKind,
        permitted: bool,
    ) -> bool {
        let device = self.of(kind);
        match device.track {
            LocalTrack::Absent { why, .. } => {
                permitted == (why == TrackState::PermissionDenied) && device.ask(ctx, kind)
            }
            _ => false,
        }
    }

    /// The system silences a track, or no longer does. Returns whether there is something to tell.
    pub(crate) fn muted(&mut self, ctx: &mut Context, kind: TrackKind, muted: bool) -> bool {
        let timer = DeviceTimer::SystemMuted(kind);
        if muted {
            ctx.timer(timer, SILENCED);
            return false;
        }
        ctx.timers.stop(timer);
        std::mem::take(&mut self.of(kind).silenced)
    }

    /// A timer has expired. Returns whether there is something to tell.
    pub(crate) fn timed_out(&mut self, ctx: &mut Context, timer: DeviceTimer) -> bool {
        match timer {
            DeviceTimer::PromptPending if self.is_asked() => ctx.notify(Notice::MediaPending),
            DeviceTimer::PromptPending => {}
            DeviceTimer::SystemMuted(kind) => self.of(kind).silenced = true,
        }
        matches!(timer, DeviceTimer::SystemMuted(_))
    }

    /// Whether the browser is being asked for a device.
    fn is_asked(&self) -> bool {
        self.audio.is_asked() || self.video.is_asked()
    }

    fn of(&mut self, kind: TrackKind) -> &mut Device {
        match kind {
            TrackKind::Audio => &mut self.audio,
            TrackKind::Video => &mut self.video,
        }
    }
}

impl Device {
    fn new(source: Source, on: bool) -> Self {
        let track = match source {
            Source::Nothing => LocalTrack::Absent {
                why: TrackState::NotRequested,
                on,
            },
            _ => LocalTrack::Pending { on },
        };
        Self {
            source,
            track,
            since: Timestamp::default(),
            silenced: false,
        }
    }

    fn state(&self) -> TrackState {
        match self.track.state() {
            TrackState::Live if self.silenced => TrackState::Unavailable,
            state => state,
        }
    }

    fn is_asked(&self) -> bool {
        self.source == Source::Device && matches!(self.track, LocalTrack::Pending { .. })
    }

    /// Asks for a missing device again, as it was wanted last; returns whether that can be done.
    fn ask(&mut self, ctx: &mut Context, kind: TrackKind) -> bool {
        let (Source::Device, LocalTrack::Absent { on, .. }) = (self.source, self.track) else {
            return false;
        };
        self.track = LocalTrack::Pending { on };
        self.silenced = false;
        ctx.timers.stop(DeviceTimer::SystemMuted(kind));
        acquire(ctx, kind.alone(TrackState::Pending));
        true
    }

    fn settle(&mut self, now: Timestamp, state: TrackState) -> Move {
        if !matches!(self.track, LocalTrack::Pending { .. }) || state == TrackState::Pending {
            return None;
        }
        self.since = now;
        self.track.settle(state)
    }

    fn turn(&mut self, ctx: &mut Context, kind: TrackKind, turn: Move) {
        if let Some(on) = turn {
            let token = ctx.token();
            self.track.moving(on, token);
            ctx.output(Output::SetTrack { kind, on, token });
        }
    }
}

/// Has the browser asked for those that are `Pending`, if there are any.
fn acquire(ctx: &mut Context, media: MediaState) {
    if [media.audio, media.video].contains(&TrackState::Pending) {
        ctx.output(Output::AcquireMedia(media));
        ctx.timer(DeviceTimer::PromptPending, UNANSWERED);
    }
}
