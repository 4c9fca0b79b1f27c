//! The tracks that this participant sends, by source: when the browser is asked for them, and what is
//! announced to the room.

use std::time::Duration;

use videocalls_protocol::{MediaState, Request, Source, TrackState, UnavailableReason};

use crate::context::Context;
use crate::local_source::{InitialState, LocalSource, SourceConfig, Supply};
use crate::local_track::Effect;
use crate::timers::DeviceTimer;
use crate::{Notice, Output, Token};

/// How long the browser's permission prompt may stay open before the app is notified.
const PROMPT_PENDING: Duration = Duration::from_secs(5);
/// How long the system may mute a track before it is reported as interrupted.
const SYSTEM_MUTED: Duration = Duration::from_secs(5);
/// A track that ends sooner than this after it was obtained is not requested again automatically.
const SHORT_LIVED: Duration = Duration::from_millis(500);
/// How long black pictures are sent before a camera is released, where the room is not told that it
/// is off: the others would keep the last picture.
const FADE_OUT: Duration = Duration::from_millis(300);

/// The local tracks, one per source.
///
/// Methods that return `bool` tell whether the app and the room should learn of the new state.
#[derive(Debug)]
pub(crate) struct LocalTracks {
    /// The microphone and the camera, always; then what is shared beside them.
    sources: Vec<LocalSource>,
    /// Whether the room is told of the states.
    is_announcing: bool,
    announced: Announced,
}

/// What the room knows of our tracks.
#[derive(Clone, Debug)]
enum Announced {
    Nothing,
    Media(MediaState),
    /// The last announcement may arrive after an older one, so another has to follow.
    Uncertain,
}

impl LocalTracks {
    pub(crate) fn new(
        ctx: &mut Context,
        microphone: SourceConfig,
        camera: SourceConfig,
        is_announcing: bool,
    ) -> Self {
        let token = ctx.token();
        Self {
            sources: vec![
                LocalSource::new(Source::Microphone, microphone, token),
                LocalSource::new(Source::Camera, camera, token),
            ],
            is_announcing,
            announced: Announced::Nothing,
        }
    }

    /// Everything was released; [`start`](Self::start) asks again for devices, on or off as before.
    pub(crate) fn reset(&mut self, ctx: &mut Context) {
        let token = ctx.token();
        self.sources.retain(|it| !it.is_of_display());
        self.sources.iter_mut().for_each(|it| it.reset(token));
    }

    /// The states of all tracks.
    pub(crate) fn state(&self) -> MediaState {
        let sources = self.sources.iter();
        sources.map(|it| (it.source(), it.state())).collect()
    }

    /// The state that a join announces. Announcements that were sent before the connection was lost
    /// may be lost too.
    pub(crate) fn announce_by_join(&mut self) -> MediaState {
        let media = self.state();
        self.announced = match &self.announced {
            Announced::Media(before) if *before != media => Announced::Uncertain,
            Announced::Uncertain => Announced::Uncertain,
            Announced::Nothing | Announced::Media(_) => Announced::Media(media.clone()),
        };
        media
    }

    /// Announces the state to the room, unless it knows that state.
    pub(crate) fn announce(&mut self, ctx: &mut Context) {
        let media = self.state();
        if self.is_announcing
            && !matches!(&self.announced, Announced::Media(before) if *before == media)
        {
            self.announced = Announced::Media(media.clone());
            ctx.output(Output::Send(Request::Media(media)));
        }
    }

    /// Whether the user wants a track on; `None` if there is none to want, or it is unavailable.
    pub(crate) fn intention(&self, source: Source) -> Option<bool> {
        self.find(source)?.intention()
    }

    /// How a track begins in a page that continues this call.
    pub(crate) fn successor_begins(&self, source: Source) -> InitialState {
        let known = self.find(source);
        known.map_or(InitialState::Off, LocalSource::successor_begins)
    }

    /// Whether the track of a request is still awaited.
    pub(crate) fn awaits(&self, source: Source, token: Token) -> bool {
        let known = self.find(source);
        known.is_some_and(|it| it.is_requested_by(token))
    }

    /// Asks for all tracks that are wanted from the beginning.
    pub(crate) fn start(&mut self, ctx: &mut Context) {
        let wanted = self.sources.iter().filter(|it| it.is_requested());
        let wanted: Vec<_> = wanted.map(LocalSource::source).collect();
        self.request(ctx, &wanted);
    }

    /// The user wants a track to begin on, off, or the opposite.
    pub(crate) fn toggle_before_start(
        &mut self,
        ctx: &mut Context,
        source: Source,
        on: Option<bool>,
    ) {
        let wanted = on.unwrap_or(self.intention(source) != Some(true));
        if let Some(it) = self.find_mut(source)
            && it.turn(wanted) == Effect::Request
        {
            it.request(ctx.token());
        }
    }

    /// The user wants a track on, off, or the opposite. An unavailable device is requested again.
    pub(crate) fn toggle(&mut self, ctx: &mut Context, source: Source, on: Option<bool>) -> bool {
        let wanted = on.unwrap_or(self.intention(source) != Some(true));
        match source {
            Source::Screen if wanted && self.find(source).is_none() => self.share_screen(ctx),
            _ => self.turn(ctx, source, wanted),
        }
    }

    /// Asks the person for a screen to share, with its sound.
    fn share_screen(&mut self, ctx: &mut Context) -> bool {
        const SHARED: [Source; 2] = [Source::Screen, Source::ScreenAudio];
        self.sources.extend(SHARED.map(LocalSource::of_display));
        self.request(ctx, &SHARED);
        true
    }

    fn turn(&mut self, ctx: &mut Context, source: Source, wanted: bool) -> bool {
        let Some(it) = self.find_mut(source) else {
            return false;
        };
        let effect = it.turn(wanted);
        self.carry_out(ctx, source, effect);
        effect != Effect::Nothing
    }

    /// The browser or the page has answered a request for these tracks.
    pub(crate) fn settled(
        &mut self,
        ctx: &mut Context,
        token: Token,
        answers: &[(Source, TrackState)],
    ) -> bool {
        for (source, state) in answers {
            if let Some(it) = self.find_mut(*source)
                && it.is_requested_by(token)
            {
                let effect = it.settle(ctx.now(), *state);
                self.carry_out(ctx, *source, effect);
            }
        }
        self.forget_unshared(ctx);
        if !self.is_prompting() {
            ctx.stop_timer(DeviceTimer::PromptPending);
        }
        true
    }

    /// A track has ended: its device was unplugged, its permission withdrawn, or the person has stopped
    /// to share the screen by a button of the browser.
    pub(crate) fn track_ended(&mut self, ctx: &mut Context, source: Source) -> bool {
        let now = ctx.now();
        let Some(it) = self.find_mut(source).filter(|it| it.has_device()) else {
            return false;
        };
        let was_short_lived = it.end(now) <= SHORT_LIVED;
        if it.supply() == Supply::Device && !was_short_lived {
            self.request(ctx, &[source]);
        }
        self.forget_unshared(ctx);
        true
    }

    /// A device for this source has appeared.
    pub(crate) fn device_appeared(&mut self, ctx: &mut Context, source: Source) -> bool {
        self.request_if(ctx, source, |it| it != UnavailableReason::PermissionDenied)
    }

    /// Devices for this source may be used now.
    pub(crate) fn permission_granted(&mut self, ctx: &mut Context, source: Source) -> bool {
        self.request_if(ctx, source, |it| it == UnavailableReason::PermissionDenied)
    }

    /// The system mutes a track, or no longer does.
    pub(crate) fn muted_by_system(
        &mut self,
        ctx: &mut Context,
        source: Source,
        muted: bool,
    ) -> bool {
        let timer = DeviceTimer::SystemMuted(source);
        if muted {
            ctx.start_timer(timer, SYSTEM_MUTED);
            return false;
        }
        ctx.stop_timer(timer);
        let known = self.find_mut(source);
        known.is_some_and(|it| it.set_interrupted(false))
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
            DeviceTimer::FadeOut(source) => {
                ctx.output(Output::Release(source));
                false
            }
            DeviceTimer::SystemMuted(source) => {
                let known = self.find_mut(source);
                known.is_some_and(|it| it.set_interrupted(true))
            }
        }
    }

    /// Requests a device that is unavailable for a reason that no longer holds.
    fn request_if(
        &mut self,
        ctx: &mut Context,
        source: Source,
        is_cured: impl Fn(UnavailableReason) -> bool,
    ) -> bool {
        let requested = self.find(source).is_some_and(|it| {
            let is_cured = it.missing_for().is_some_and(is_cured);
            is_cured && it.supply() == Supply::Device
        });
        if requested {
            self.request(ctx, &[source]);
        }
        requested
    }

    /// Asks the browser for these tracks in one request. Those that were unavailable or off are then
    /// on or off as they were wanted last.
    fn request(&mut self, ctx: &mut Context, wanted: &[Source]) {
        if wanted.is_empty() {
            return;
        }
        let token = ctx.token();
        for it in &mut self.sources {
            if wanted.contains(&it.source()) {
                ctx.stop_timer(DeviceTimer::SystemMuted(it.source()));
                ctx.stop_timer(DeviceTimer::FadeOut(it.source()));
                it.request(token);
            }
        }
        let sources = wanted.to_vec();
        ctx.output(Output::Acquire { token, sources });
        if self.is_prompting() {
            ctx.start_timer(DeviceTimer::PromptPending, PROMPT_PENDING);
        }
    }

    fn carry_out(&mut self, ctx: &mut Context, source: Source, effect: Effect) {
        match effect {
            Effect::Nothing => {}
            Effect::Request => self.request(ctx, &[source]),
            Effect::Enable(on) => ctx.output(Output::SetEnabled { source, on }),
            Effect::Release => {
                ctx.stop_timer(DeviceTimer::SystemMuted(source));
                if source == Source::Camera && !self.is_announcing {
                    let on = false;
                    ctx.output(Output::SetEnabled { source, on });
                    ctx.start_timer(DeviceTimer::FadeOut(source), FADE_OUT);
                } else {
                    ctx.output(Output::Release(source));
                }
                self.forget_unshared(ctx);
            }
        }
    }

    /// Forgets a screen that is not shared any more, and releases its sound. A screen whose sound is
    /// not shared stays.
    fn forget_unshared(&mut self, ctx: &mut Context) {
        let is_shared = |it: &LocalSource| it.has_device() || it.is_requested();
        let has_screen = self.find(Source::Screen).is_some_and(is_shared);
        self.sources.retain(|it| {
            let stays = !it.is_of_display() || has_screen && is_shared(it);
            if !stays && it.state() != TrackState::Off {
                ctx.output(Output::Release(it.source()));
            }
            stays
        });
    }

    /// Whether the browser is being asked for a device.
    fn is_prompting(&self) -> bool {
        self.sources.iter().any(LocalSource::is_prompting)
    }

    fn find(&self, source: Source) -> Option<&LocalSource> {
        self.sources.iter().find(|it| it.source() == source)
    }

    fn find_mut(&mut self, source: Source) -> Option<&mut LocalSource> {
        self.sources.iter_mut().find(|it| it.source() == source)
    }
}
