use videocalls_protocol::{MediaState, TrackState};

use crate::Token;

/// The two kinds of local track.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum TrackKind {
    /// Sound, from the microphone.
    Audio,
    /// Pictures, from the camera.
    Video,
}

impl TrackKind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::Audio, Self::Video];

    /// The state of this kind's track.
    pub fn of(self, media: MediaState) -> TrackState {
        match self {
            Self::Audio => media.audio,
            Self::Video => media.video,
        }
    }

    /// Makes a state with this kind's track in `state`, and the other one `NotRequested`.
    pub fn alone(self, state: TrackState) -> MediaState {
        let other = TrackState::NotRequested;
        let (audio, video) = match self {
            Self::Audio => (state, other),
            Self::Video => (other, state),
        };
        MediaState { audio, video }
    }

    /// The name of the kind in the browser's API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
        }
    }
}

/// The state of the microphone or the camera. Toggles are transitions, so that a second click while
/// the first is being carried out reverses the intention.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LocalTrack {
    /// There is no device, for the reason `why`; `on` is what the user wanted last.
    Absent { why: TrackState, on: bool },
    /// The browser has been asked; `on` is what the user wants once it has answered.
    Pending { on: bool },
    /// The device is there, and the track is on or off.
    Stable { on: bool },
    /// The browser was asked to turn the track from `!asked` to `asked`; the user now wants `wanted`.
    Moving {
        asked: bool,
        wanted: bool,
        token: Token,
    },
}

impl LocalTrack {
    /// Whether the user wants the track on; `None` if there is no device and none is awaited.
    pub(crate) fn intention(self) -> Option<bool> {
        match self {
            Self::Absent { .. } => None,
            Self::Pending { on } | Self::Stable { on } => Some(on),
            Self::Moving { wanted, .. } => Some(wanted),
        }
    }

    /// Whether the browser is turning it on or off.
    pub(crate) fn is_moving(self) -> bool {
        matches!(self, Self::Moving { .. })
    }

    /// The state that the app and the room see.
    pub(crate) fn state(self) -> TrackState {
        let live = |on| {
            if on {
                TrackState::Live
            } else {
                TrackState::Muted
            }
        };
        match self {
            Self::Absent { why, .. } => why,
            Self::Pending { .. } => TrackState::Pending,
            Self::Stable { on } => live(on),
            Self::Moving { asked, .. } => live(!asked),
        }
    }

    /// The user wants the track on, off, or the opposite of what was wanted before. Returns whether
    /// the browser is to turn it on or off.
    pub(crate) fn toggle(&mut self, on: Option<bool>) -> Option<bool> {
        let wanted = on.or_else(|| self.intention().map(|now| !now))?;
        match self {
            Self::Absent { .. } => None,
            Self::Pending { on } => {
                *on = wanted;
                None
            }
            Self::Stable { on } => (*on != wanted).then_some(wanted),
            Self::Moving {
                wanted: intention, ..
            } => {
                *intention = wanted;
                None
            }
        }
    }

    /// The browser has been asked to turn the track on or off.
    pub(crate) fn moving(&mut self, asked: bool, token: Token) {
        *self = Self::Moving {
            asked,
            wanted: asked,
            token,
        };
    }

    /// The browser has supplied the device, with its track on, or said why not. Returns whether the
    /// browser is to turn it on or off.
    pub(crate) fn settle(&mut self, state: TrackState) -> Option<bool> {
        let wanted = self.intention().unwrap_or(true);
        if !state.has_device() {
            *self = Self::Absent {
                why: state,
                on: wanted,
            };
            return None;
        }
        *self = Self::Stable { on: true };
        (!wanted).then_some(false)
    }

    /// The browser has turned the track on or off; a report with an old token is ignored. Returns
    /// whether the browser is to turn it on or off again.
    pub(crate) fn arrived(&mut self, reported: Token) -> Option<bool> {
        let Self::Moving {
            asked,
            wanted,
            token,
        } = *self
        else {
            return None;
        };
        if token != reported {
            return None;
        }
        *self = Self::Stable { on: asked };
        (wanted != asked).then_some(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T1: Token = Token(1);
    const T2: Token = Token(2);

    #[test]
    fn toggle_while_pending_takes_effect_once_the_track_is_there() {
        let mut track = LocalTrack::Pending { on: true };
        assert_eq!(track.toggle(None), None);
        assert_eq!(track.intention(), Some(false));
        assert_eq!(track.settle(TrackState::Live), Some(false));
    }

    #[test]
    fn second_toggle_while_turning_reverses_the_intention() {
        let mut track = LocalTrack::Stable { on: true };
        assert_eq!(track.toggle(None), Some(false));
        track.moving(false, T1);
        assert_eq!(track.state(), TrackState::Live, "it is still being turned");
        assert_eq!(track.toggle(None), None);
        assert_eq!(track.intention(), Some(true));
        assert_eq!(
            track.arrived(T2),
            None,
            "a report with an old token is ignored"
        );
        assert_eq!(track.arrived(T1), Some(true), "it is turned back");
    }

    #[test]
    fn toggle_without_a_device_does_nothing() {
        let mut track = LocalTrack::Pending { on: true };
        assert_eq!(track.settle(TrackState::PermissionDenied), None);
        assert_eq!(track.toggle(Some(true)), None);
        assert_eq!(track.intention(), None);
        assert_eq!(track.state(), TrackState::PermissionDenied);
    }

    #[test]
    fn toggle_to_the_present_state_does_nothing() {
        let mut track = LocalTrack::Stable { on: false };
        assert_eq!(track.toggle(Some(false)), None);
        assert_eq!(track, LocalTrack::Stable { on: false });
    }
}
