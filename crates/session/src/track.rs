use videocalls_protocol::{MediaState, TrackState};

use crate::Token;

/// The two kinds of track that every link carries.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum TrackKind {
    /// Sound; its source is the microphone.
    Audio,
    /// Picture; its source is the camera.
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

    /// This state for this kind's track, and `NotRequested` for the other.
    pub fn alone(self, state: TrackState) -> MediaState {
        let other = TrackState::NotRequested;
        let (audio, video) = match self {
            Self::Audio => (state, other),
            Self::Video => (other, state),
        };
        MediaState { audio, video }
    }

    /// The browser's word for the kind.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
        }
    }
}

/// The microphone or the camera: absent, awaited, on, off, or on its way from one to the other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LocalTrack {
    /// There is no device, for this reason; `on` is what the user wanted of it last.
    Absent { why: TrackState, on: bool },
    /// The browser is being asked; `on` is what the user wants once there is an answer.
    Pending { on: bool },
    /// The device is there, and the track is on or off.
    Stable { on: bool },
    /// The track was asked to go from `!asked` to `asked`; by now the user wants `wanted`.
    Moving {
        asked: bool,
        wanted: bool,
        token: Token,
    },
}

/// What is to be done after a step: turn the track on or off.
pub(crate) type Move = Option<bool>;

impl LocalTrack {
    /// What the user wants, where there is a device to want something of.
    pub(crate) fn intention(self) -> Option<bool> {
        match self {
            Self::Absent { .. } => None,
            Self::Pending { on } | Self::Stable { on } => Some(on),
            Self::Moving { wanted, .. } => Some(wanted),
        }
    }

    /// Whether it is between on and off.
    pub(crate) fn is_moving(self) -> bool {
        matches!(self, Self::Moving { .. })
    }

    /// What the others may be told.
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

    /// The user wants the track on, off, or the other way round.
    pub(crate) fn toggle(&mut self, on: Option<bool>) -> Move {
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

    /// The track has been asked to turn on or off.
    pub(crate) fn moving(&mut self, asked: bool, token: Token) {
        *self = Self::Moving {
            asked,
            wanted: asked,
            token,
        };
    }

    /// The browser gave the device, with its track on, or told why not.
    pub(crate) fn settle(&mut self, state: TrackState) -> Move {
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

    /// The track has turned. A late report is ignored.
    pub(crate) fn arrived(&mut self, reported: Token) -> Move {
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
    fn toggling_while_the_browser_is_asked_is_remembered() {
        let mut track = LocalTrack::Pending { on: true };
        assert_eq!(track.toggle(None), None);
        assert_eq!(track.intention(), Some(false));
        assert_eq!(track.settle(TrackState::Live), Some(false));
    }

    #[test]
    fn a_second_click_reverses_the_intention_and_does_not_race() {
        let mut track = LocalTrack::Stable { on: true };
        assert_eq!(track.toggle(None), Some(false));
        track.moving(false, T1);
        assert_eq!(track.state(), TrackState::Live, "it has not turned yet");
        assert_eq!(track.toggle(None), None);
        assert_eq!(track.intention(), Some(true));
        assert_eq!(track.arrived(T2), None, "a late report is ignored");
        assert_eq!(track.arrived(T1), Some(true), "and back it goes");
    }

    #[test]
    fn without_a_device_there_is_nothing_to_toggle() {
        let mut track = LocalTrack::Pending { on: true };
        assert_eq!(track.settle(TrackState::PermissionDenied), None);
        assert_eq!(track.toggle(Some(true)), None);
        assert_eq!(track.intention(), None);
        assert_eq!(track.state(), TrackState::PermissionDenied);
    }

    #[test]
    fn asking_for_what_is_so_does_nothing() {
        let mut track = LocalTrack::Stable { on: false };
        assert_eq!(track.toggle(Some(false)), None);
        assert_eq!(track, LocalTrack::Stable { on: false });
    }
}
