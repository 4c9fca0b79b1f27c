use videocalls_protocol::{TrackState, UnavailableReason};

use crate::Token;

/// What happens with the device of a track that is turned off. A track of the page's own is always
/// kept: it belongs to the page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WhenOff {
    /// It stays open, and the track sends silence or black pictures.
    Keep,
    /// It is released, and nothing is sent. Turning the track on asks the browser again.
    Release,
}

/// The state of a local track.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LocalTrack {
    /// There is no track, and none is wanted.
    Off,
    /// The browser or the page has been asked for the track, or will be when the call starts; `on` is
    /// what the user wants once there is an answer.
    Requested { token: Token, on: bool },
    /// The track is on.
    Live,
    /// The track is off, and its device is open.
    Muted,
    /// There is no track, for this reason; `on` is what the user wanted last.
    Unavailable { reason: UnavailableReason, on: bool },
}

/// What a change of a track requires.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub(crate) enum Effect {
    Nothing,
    /// The browser is to be asked for the track.
    Request,
    /// The track is to be enabled or disabled.
    Enable(bool),
    /// The device is to be released.
    Release,
}

impl LocalTrack {
    /// Whether the user wants the track on; `None` if it is unavailable.
    pub(crate) fn intention(self) -> Option<bool> {
        match self {
            Self::Off | Self::Muted => Some(false),
            Self::Live => Some(true),
            Self::Requested { on, .. } => Some(on),
            Self::Unavailable { .. } => None,
        }
    }

    /// The state that the app and the room see.
    pub(crate) fn state(self) -> TrackState {
        match self {
            Self::Off => TrackState::Off,
            Self::Requested { .. } => TrackState::Requested,
            Self::Live => TrackState::Live,
            Self::Muted => TrackState::Muted,
            Self::Unavailable { reason, .. } => TrackState::Unavailable(reason),
        }
    }

    /// The user wants the track on or off. A track that is asked for is on or off once it is there.
    pub(crate) fn turn(&mut self, wanted: bool, when_off: WhenOff) -> Effect {
        match (&mut *self, wanted) {
            (Self::Requested { on, .. } | Self::Unavailable { on, .. }, false) => {
                *on = false;
                Effect::Nothing
            }
            (Self::Requested { on, .. }, true) => {
                *on = true;
                Effect::Nothing
            }
            (Self::Unavailable { on, .. }, true) => {
                *on = true;
                Effect::Request
            }
            (Self::Off, true) => Effect::Request,
            (Self::Muted, true) => {
                *self = Self::Live;
                Effect::Enable(true)
            }
            (Self::Live, false) => self.turn_off(when_off),
            (Self::Live, true) | (Self::Muted | Self::Off, false) => Effect::Nothing,
        }
    }

    /// The browser or the page has answered: the track is there and enabled, there is none, or it is
    /// unavailable.
    pub(crate) fn settle(&mut self, answer: TrackState, when_off: WhenOff) -> Effect {
        let on = self.intention().unwrap_or(true);
        *self = match answer {
            TrackState::Live | TrackState::Muted => Self::Live,
            TrackState::Unavailable(reason) => Self::Unavailable { reason, on },
            _ => Self::Off,
        };
        match self {
            Self::Live if !on => self.turn_off(when_off),
            _ => Effect::Nothing,
        }
    }

    fn turn_off(&mut self, when_off: WhenOff) -> Effect {
        match when_off {
            WhenOff::Keep => {
                *self = Self::Muted;
                Effect::Enable(false)
            }
            WhenOff::Release => {
                *self = Self::Off;
                Effect::Release
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: Token = Token(1);

    const fn requested(on: bool) -> LocalTrack {
        LocalTrack::Requested { token: ASKED, on }
    }

    #[test]
    fn toggle_while_requested_takes_effect_once_the_track_is_there() {
        for (when_off, effect, state) in [
            (WhenOff::Keep, Effect::Enable(false), LocalTrack::Muted),
            (WhenOff::Release, Effect::Release, LocalTrack::Off),
        ] {
            let mut track = requested(true);
            assert_eq!(track.turn(false, when_off), Effect::Nothing);
            assert_eq!(track.intention(), Some(false));
            assert_eq!(track.settle(TrackState::Live, when_off), effect);
            assert_eq!(track, state);
        }
    }

    #[test]
    fn second_toggle_while_requested_reverses_the_intention() {
        let mut track = requested(true);
        for on in [false, true] {
            assert_eq!(track.turn(on, WhenOff::Release), Effect::Nothing);
        }
        assert_eq!(
            track.settle(TrackState::Live, WhenOff::Release),
            Effect::Nothing
        );
        assert_eq!(track, LocalTrack::Live);
    }

    #[test]
    fn device_is_kept_or_released_while_the_track_is_off() {
        let mut kept = LocalTrack::Live;
        assert_eq!(kept.turn(false, WhenOff::Keep), Effect::Enable(false));
        assert_eq!(kept.turn(true, WhenOff::Keep), Effect::Enable(true));
        assert_eq!(kept, LocalTrack::Live);
        let mut released = LocalTrack::Live;
        assert_eq!(released.turn(false, WhenOff::Release), Effect::Release);
        assert_eq!(released.turn(true, WhenOff::Release), Effect::Request);
    }

    #[test]
    fn unavailable_track_keeps_its_reason_until_it_is_requested_again() {
        let reason = UnavailableReason::PermissionDenied;
        let mut track = requested(true);
        let refused = TrackState::Unavailable(reason);
        assert_eq!(track.settle(refused, WhenOff::Keep), Effect::Nothing);
        assert_eq!(track.turn(false, WhenOff::Keep), Effect::Nothing);
        assert_eq!(track, LocalTrack::Unavailable { reason, on: false });
        assert_eq!(track.intention(), None);
        assert_eq!(track.turn(true, WhenOff::Keep), Effect::Request);
    }

    #[test]
    fn toggle_to_the_present_state_does_nothing() {
        for (mut track, on) in [
            (LocalTrack::Live, true),
            (LocalTrack::Muted, false),
            (LocalTrack::Off, false),
        ] {
            let before = track;
            assert_eq!(track.turn(on, WhenOff::Release), Effect::Nothing);
            assert_eq!(track, before);
        }
    }
}
