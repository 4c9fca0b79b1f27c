use std::time::Duration;

use videocalls_protocol::{MediaState, Request, TrackState};

use crate::context::Context;
use crate::time::Timestamp;
use crate::timers::DeviceTimer;
use crate::track::{LocalTrack, TrackKind};
use crate::{Notice, Output, Token};

/// How long the browser's permission prompt may stay open before the app is notified.
const PROMPT_PENDING: Duration = Duration::from_secs(5);
/// How long the system may mute a track before it is reported as unavailable.
const SYSTEM_MUTED: Duration = Duration::from_secs(5);
/// A track that ends sooner than this after it was obtained is not requested again automatically.
const SHORT_LIVED: Duration = Duration::from_millis(500);

/// Where a local track comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Source {
    /// There is none.
    Nothing,
    /// A microphone or camera, which the browser can be asked for again.
    Device,
    /// The page supplies the track, once.
    Page,
}

/// Which local tracks are off at first.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Muted {
    /// The microphone.
    pub audio: bool,
    /// The camera.
    pub video: bool,
}

/// The microphone and the camera: their states, and when the browser is asked for them again.
///
/// Methods that return `bool` tell whether the app and the room should learn of the new state.
#[derive(Debug)]
pub(crate) struct Devices {
    audio: Device,
    video: Device,
    announced: Announced,
}

/// What the room knows of our tracks.
#[derive(Clone, Copy, Debug)]
enum Announced {
    Nothing,
    Media(MediaState),
    /// The last announcement may arrive after an older one, so another has to follow.
    Uncertain,
}

#[derive(Clone, Copy, Debug)]
struct Device {
    source: Source,
    track: LocalTrack,
    /// When the browser or the page last supplied a track.
    obtained_at: Timestamp,
    /// Whether the system has muted the track for a while: during a phone call, or with the lid closed.
    system_muted: bool,
}

/// What a toggle requires.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum ToggleEffect {
    Nothing,
    /// The browser is to be asked for the device.
    Request,
    /// The track is to be turned on or off.
    Turn(bool),
}

impl Devices {
    pub(crate) fn new(audio: Source, video: Source, muted: Muted) -> Self {
        Self {
            audio: Device::new(audio, !muted.audio),
            video: Device::new(video, !muted.video),
            announced: Announced::Nothing,
        }
    }

    /// All devices were released; [`start`](Self::start) requests them again, on or off as before.
    pub(crate) fn reset(&mut self) {
        for kind in TrackKind::ALL {
            let device = self.device_mut(kind);
            let on = device.track.intention().unwrap_or(true);
            *device = Device::new(device.source, on);
        }
    }

    /// The states of both tracks.
    pub(crate) fn state(&self) -> MediaState {
        MediaState {
            audio: self.audio.state(),
            video: self.video.state(),
        }
    }

    /// The state that a join announces. Announcements that were sent before the connection was lost
    /// may be lost too.
    pub(crate) fn announce_by_join(&mut self) -> MediaState {
        let media = self.state();
        self.announced = match self.announced {
            Announced::Nothing => Announced::Media(media),
            Announced::Media(before) if before == media => Announced::Media(media),
            _ => Announced::Uncertain,
        };
        media
    }

    /// Announces the state to the room, unless it knows that state.
    pub(crate) fn announce(&mut self, ctx: &mut Context) {
        let media = self.state();
        if !matches!(self.announced, Announced::Media(before) if before == media) {
            self.announced = Announced::Media(media);
            ctx.output(Output::Send(Request::Media(media)));
        }
    }

    /// Whether the user wants a track on; `None` if there is no device and none is requested.
    pub(crate) fn intention(&self, kind: TrackKind) -> Option<bool> {
        self.device(kind).track.intention()
    }

    /// Asks the browser for all devices that are wanted.
    pub(crate) fn start(&mut self, ctx: &mut Context) {
        acquire(ctx, self.state());
    }

    /// The user wants a track on, off, or the opposite. A missing device is requested again.
    pub(crate) fn toggle(&mut self, ctx: &mut Context, kind: TrackKind, on: Option<bool>) -> bool {
        let device = self.device_mut(kind);
        let effect = device.toggle(on);
        match effect {
            ToggleEffect::Nothing => {}
            ToggleEffect::Request => request(ctx, kind),
            ToggleEffect::Turn(on) => device.turn(ctx, kind, on),
        }
        effect == ToggleEffect::Request
    }

    /// The browser or the page has answered for those devices that are not `Pending` in the answer.
    pub(crate) fn settled(&mut self, ctx: &mut Context, media: MediaState) -> bool {
        for kind in TrackKind::ALL {
            let device = self.device_mut(kind);
            if let Some(on) = device.settle(ctx.now(), kind.of(media)) {
                device.turn(ctx, kind, on);
            }
        }
        if !self.is_prompting() {
            ctx.stop_timer(DeviceTimer::PromptPending);
        }
        // A track that was turned off while it was pending is off in a moment, and never counts as on.
        !self.audio.track.is_moving() && !self.video.track.is_moving()
    }

    /// A track has been turned on or off.
    pub(crate) fn track_set(&mut self, ctx: &mut Context, kind: TrackKind, token: Token) {
        let device = self.device_mut(kind);
        if let Some(on) = device.track.arrived(token) {
            device.turn(ctx, kind, on);
        }
    }

    /// A track has ended: its device was unplugged, or its permission withdrawn.
    pub(crate) fn track_ended(&mut self, ctx: &mut Context, kind: TrackKind) -> bool {
        let device = self.device_mut(kind);
        let had_device = device.track.state().has_device();
        if had_device {
            let on = device.track.intention() == Some(true);
            let why = TrackState::Unavailable;
            device.track = LocalTrack::Absent { why, on };
            if ctx.now().since(device.obtained_at) > SHORT_LIVED && device.is_requestable() {
                device.expect_track();
                request(ctx, kind);
            }
        }
        had_device
    }

    /// A device of this kind has appeared.
    pub(crate) fn device_appeared(&mut self, ctx: &mut Context, kind: TrackKind) -> bool {
        self.request_if(ctx, kind, |why| why != TrackState::PermissionDenied)
    }

    /// Devices of this kind may be used now.
    pub(crate) fn permission_granted(&mut self, ctx: &mut Context, kind: TrackKind) -> bool {
        self.request_if(ctx, kind, |why| why == TrackState::PermissionDenied)
    }

    /// The system mutes a track, or no longer does.
    pub(crate) fn muted_by_system(
        &mut self,
        ctx: &mut Context,
        kind: TrackKind,
        muted: bool,
    ) -> bool {
        let timer = DeviceTimer::SystemMuted(kind);
        if muted {
            ctx.start_timer(timer, SYSTEM_MUTED);
            return false;
        }
        ctx.stop_timer(timer);
        std::mem::take(&mut self.device_mut(kind).system_muted)
    }

    /// A timer has expired.
    pub(crate) fn timed_out(&mut self, ctx: &mut Context, timer: DeviceTimer) -> bool {
        match timer {
            DeviceTimer::PromptPending => {
                if self.is_prompting() {
                    ctx.notify(Notice::MediaPending);
                }
                false
            }
            DeviceTimer::SystemMuted(kind) => {
                self.device_mut(kind).system_muted = true;
                true
            }
        }
    }

    /// Requests a device that is missing for a reason that no longer holds.
    fn request_if(
        &mut self,
        ctx: &mut Context,
        kind: TrackKind,
        is_cured: impl Fn(TrackState) -> bool,
    ) -> bool {
        let device = self.device_mut(kind);
        let cured = matches!(device.track, LocalTrack::Absent { why, .. } if is_cured(why));
        let requested = cured && device.is_requestable();
        if requested {
            device.expect_track();
            request(ctx, kind);
        }
        requested
    }

    /// Whether the browser is being asked for a device.
    fn is_prompting(&self) -> bool {
        self.audio.is_prompting() || self.video.is_prompting()
    }

    fn device(&self, kind: TrackKind) -> &Device {
        match kind {
            TrackKind::Audio => &self.audio,
            TrackKind::Video => &self.video,
        }
    }

    fn device_mut(&mut self, kind: TrackKind) -> &mut Device {
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
            obtained_at: Timestamp::default(),
            system_muted: false,
        }
    }

    fn state(&self) -> TrackState {
        match self.track.state() {
            TrackState::Live if self.system_muted => TrackState::Unavailable,
            state => state,
        }
    }

    fn is_prompting(&self) -> bool {
        self.source == Source::Device && matches!(self.track, LocalTrack::Pending { .. })
    }

    /// Whether the device is missing, and the browser can be asked for it.
    fn is_requestable(&self) -> bool {
        self.source == Source::Device && matches!(self.track, LocalTrack::Absent { .. })
    }

    /// Waits for a missing device, on or off as it was wanted last.
    fn expect_track(&mut self) {
        if let LocalTrack::Absent { on, .. } = self.track {
            self.track = LocalTrack::Pending { on };
            self.system_muted = false;
        }
    }

    fn toggle(&mut self, on: Option<bool>) -> ToggleEffect {
        let LocalTrack::Absent { on: wanted, .. } = &mut self.track else {
            let turn = self.track.toggle(on);
            return turn.map_or(ToggleEffect::Nothing, ToggleEffect::Turn);
        };
        *wanted = on.unwrap_or(true);
        if !*wanted || !self.is_requestable() {
            return ToggleEffect::Nothing;
        }
        self.expect_track();
        ToggleEffect::Request
    }

    /// Takes the answer of the browser or the page. Returns whether the track is to be turned.
    fn settle(&mut self, now: Timestamp, state: TrackState) -> Option<bool> {
        if !matches!(self.track, LocalTrack::Pending { .. }) || state == TrackState::Pending {
            return None;
        }
        self.obtained_at = now;
        self.track.settle(state)
    }

    /// Has the track turned on or off.
    fn turn(&mut self, ctx: &mut Context, kind: TrackKind, on: bool) {
        let token = ctx.token();
        self.track.moving(on, token);
        ctx.output(Output::SetTrack { kind, on, token });
    }
}

/// Asks the browser for one device.
fn request(ctx: &mut Context, kind: TrackKind) {
    ctx.stop_timer(DeviceTimer::SystemMuted(kind));
    acquire(ctx, kind.alone(TrackState::Pending));
}

/// Asks the browser for those devices that are `Pending`.
fn acquire(ctx: &mut Context, media: MediaState) {
    if [media.audio, media.video].contains(&TrackState::Pending) {
        ctx.output(Output::AcquireMedia(media));
        ctx.start_timer(DeviceTimer::PromptPending, PROMPT_PENDING);
    }
}
