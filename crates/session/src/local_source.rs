use std::time::Duration;

use videocalls_protocol::{Source, TrackState, UnavailableReason};

use crate::Token;
use crate::local_track::{Effect, LocalTrack, WhenOff};
use crate::time::Timestamp;

/// Where a local track comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Supply {
    /// There is none.
    Nothing,
    /// A microphone or camera, which the browser can be asked for again.
    Device,
    /// The person chooses a screen, window or tab, each time anew.
    Display,
    /// The page supplies the track, once.
    Page,
}

/// How a track begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InitialState {
    /// It is asked for, and on.
    On,
    /// It is asked for, and turned off as soon as it is there.
    Muted,
    /// Nothing is asked for before the track is turned on.
    Off,
}

/// How a call treats its microphone or its camera.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SourceConfig {
    /// Where the track comes from.
    pub supply: Supply,
    /// How it begins.
    pub initially: InitialState,
    /// What happens with the device while the track is off.
    pub when_off: WhenOff,
}

/// A source of this participant, and the track that shows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocalSource {
    source: Source,
    supply: Supply,
    when_off: WhenOff,
    track: LocalTrack,
    /// When the browser or the page last supplied a track.
    obtained_at: Timestamp,
    /// Whether the system has muted the track for a while: during a phone call, or with the lid closed.
    is_interrupted: bool,
}

impl LocalSource {
    pub(crate) fn new(source: Source, config: SourceConfig, token: Token) -> Self {
        let SourceConfig {
            supply,
            initially,
            when_off,
        } = config;
        let on = initially == InitialState::On;
        // The page is asked for its own track only at the start.
        let is_off = match supply {
            Supply::Nothing => true,
            Supply::Page => false,
            Supply::Device | Supply::Display => initially == InitialState::Off,
        };
        Self {
            source,
            supply,
            when_off: match supply {
                Supply::Page => WhenOff::Keep,
                _ => when_off,
            },
            track: match is_off {
                true => LocalTrack::Off,
                false => LocalTrack::Requested { token, on },
            },
            obtained_at: Timestamp::default(),
            is_interrupted: false,
        }
    }

    /// A screen, or its sound, that is to be requested.
    pub(crate) fn of_display(source: Source) -> Self {
        Self {
            source,
            supply: Supply::Display,
            when_off: match source {
                Source::ScreenAudio => WhenOff::Keep,
                _ => WhenOff::Release,
            },
            track: LocalTrack::Off,
            obtained_at: Timestamp::default(),
            is_interrupted: false,
        }
    }

    pub(crate) fn source(&self) -> Source {
        self.source
    }

    pub(crate) fn supply(&self) -> Supply {
        self.supply
    }

    pub(crate) fn is_of_display(&self) -> bool {
        self.supply == Supply::Display
    }

    pub(crate) fn state(&self) -> TrackState {
        match self.track.state() {
            TrackState::Live if self.is_interrupted => {
                TrackState::Unavailable(UnavailableReason::Interrupted)
            }
            state => state,
        }
    }

    /// Whether there is a track, on or off.
    pub(crate) fn has_device(&self) -> bool {
        self.track.state().has_device()
    }

    /// Why there is no track although a device for one is wanted.
    pub(crate) fn missing_for(&self) -> Option<UnavailableReason> {
        match self.track {
            LocalTrack::Unavailable { reason, on } if on || self.when_off == WhenOff::Keep => {
                Some(reason)
            }
            _ => None,
        }
    }

    pub(crate) fn is_requested(&self) -> bool {
        matches!(self.track, LocalTrack::Requested { .. })
    }

    pub(crate) fn is_requested_by(&self, asked: Token) -> bool {
        matches!(self.track, LocalTrack::Requested { token, .. } if token == asked)
    }

    /// Whether the browser's permission prompt may be open.
    pub(crate) fn is_prompting(&self) -> bool {
        self.supply == Supply::Device && self.is_requested()
    }

    /// Whether the user wants the track on; `None` if it is unavailable, or there is none to want.
    pub(crate) fn intention(&self) -> Option<bool> {
        match self.track {
            LocalTrack::Off if !self.is_requestable() => None,
            track => track.intention(),
        }
    }

    /// How the track begins in a page that continues this call.
    pub(crate) fn successor_begins(&self) -> InitialState {
        match (self.intention(), self.when_off) {
            (Some(false), WhenOff::Keep) if self.track != LocalTrack::Off => InitialState::Muted,
            (Some(false), _) => InitialState::Off,
            _ => InitialState::On,
        }
    }

    pub(crate) fn turn(&mut self, wanted: bool) -> Effect {
        match self.track.turn(wanted, self.when_off) {
            Effect::Request if !self.is_requestable() => Effect::Nothing,
            effect => effect,
        }
    }

    /// The track is asked for: on, or on or off as it was before it was lost.
    pub(crate) fn request(&mut self, token: Token) {
        let on = match self.track {
            LocalTrack::Requested { on, .. } | LocalTrack::Unavailable { on, .. } => on,
            LocalTrack::Live | LocalTrack::Off => true,
            LocalTrack::Muted => false,
        };
        self.track = LocalTrack::Requested { token, on };
        self.is_interrupted = false;
    }

    /// The browser or the page has answered.
    pub(crate) fn settle(&mut self, now: Timestamp, answer: TrackState) -> Effect {
        self.obtained_at = now;
        self.track.settle(answer, self.when_off)
    }

    /// The track has ended. Returns how long there was one.
    pub(crate) fn end(&mut self, now: Timestamp) -> Duration {
        self.track = LocalTrack::Unavailable {
            reason: UnavailableReason::Failed,
            on: self.track.intention() == Some(true),
        };
        now.since(self.obtained_at)
    }

    /// The track was released; it will be asked for again, on or off as before.
    pub(crate) fn reset(&mut self, token: Token) {
        if self.track != LocalTrack::Off {
            self.request(token);
        }
    }

    /// The system silences the track, or no longer does. Returns whether that is new.
    pub(crate) fn set_interrupted(&mut self, is_interrupted: bool) -> bool {
        std::mem::replace(&mut self.is_interrupted, is_interrupted) != is_interrupted
    }

    /// Whether the track can be asked for. A track of the page's own is asked for once, at the start.
    fn is_requestable(&self) -> bool {
        matches!(self.supply, Supply::Device | Supply::Display)
    }
}
