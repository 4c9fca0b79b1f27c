use crate::Source;

/// The states of a participant's tracks, by source.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct MediaState {
    /// In the order of [`Source::ALL`].
    states: [TrackState; Source::ALL.len()],
}

impl MediaState {
    /// A live microphone and a live camera: the assumption about a peer whose server does not report
    /// track states.
    pub fn assumed() -> Self {
        let mut media = Self::default();
        media.set(Source::Microphone, TrackState::Live);
        media.set(Source::Camera, TrackState::Live);
        media
    }

    /// The state of a source's track.
    pub fn of(&self, source: Source) -> TrackState {
        self.states[source as usize]
    }

    /// Sets the state of a source's track.
    pub fn set(&mut self, source: Source, state: TrackState) {
        self.states[source as usize] = state;
    }

    /// The tracks that are not off, in the order of their sources.
    pub fn tracks(&self) -> impl Iterator<Item = (Source, TrackState)> + '_ {
        let tracks = Source::ALL.into_iter().zip(self.states);
        tracks.filter(|(_, state)| *state != TrackState::Off)
    }
}

impl FromIterator<(Source, TrackState)> for MediaState {
    fn from_iter<T: IntoIterator<Item = (Source, TrackState)>>(tracks: T) -> Self {
        let mut media = Self::default();
        for (source, state) in tracks {
            media.set(source, state);
        }
        media
    }
}

/// Whether a track carries media, and if not, why.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum TrackState {
    /// There is no track: the source is not wanted, and its device is not open.
    #[default]
    Off,
    /// The browser, or the page, has been asked for the track.
    Requested,
    /// The track carries sound or picture.
    Live,
    /// The device is open, and its owner has turned the track off.
    Muted,
    /// The track is wanted, and carries nothing.
    Unavailable(UnavailableReason),
}

/// Why a track that is wanted carries nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum UnavailableReason {
    /// The user, the browser or the system denied access to the device.
    PermissionDenied,
    /// There is no such device.
    DeviceNotFound,
    /// Another program uses the device.
    DeviceInUse,
    /// The system silences the track for the moment: during a phone call, or with the lid closed.
    Interrupted,
    /// The device failed or was removed.
    Failed,
}

impl TrackState {
    /// The name of the state in the JavaScript API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Requested => "requested",
            Self::Live => "live",
            Self::Muted => "muted",
            Self::Unavailable(_) => "unavailable",
        }
    }

    /// Why the track is unavailable, if it is.
    pub fn reason(self) -> Option<UnavailableReason> {
        match self {
            Self::Unavailable(reason) => Some(reason),
            _ => None,
        }
    }

    /// The name of the state on the wire: the reason stands for itself.
    pub fn to_wire(self) -> &'static str {
        match self {
            Self::Unavailable(reason) => reason.as_str(),
            state => state.as_str(),
        }
    }

    /// Reads the name of a state. An unknown name is an unknown reason for a track that carries
    /// nothing.
    pub fn from_wire(name: &str) -> Self {
        let states = [Self::Off, Self::Requested, Self::Live, Self::Muted];
        let state = states.into_iter().find(|state| state.as_str() == name);
        state.unwrap_or_else(|| Self::Unavailable(UnavailableReason::from_wire(name)))
    }

    /// Whether the track has a device, switched on or off.
    pub fn has_device(self) -> bool {
        matches!(self, Self::Live | Self::Muted)
    }
}

impl UnavailableReason {
    const ALL: [Self; 5] = [
        Self::PermissionDenied,
        Self::DeviceNotFound,
        Self::DeviceInUse,
        Self::Interrupted,
        Self::Failed,
    ];

    /// The name of the reason on the wire and in the JavaScript API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PermissionDenied => "permission-denied",
            Self::DeviceNotFound => "device-not-found",
            Self::DeviceInUse => "device-in-use",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
        }
    }

    fn from_wire(name: &str) -> Self {
        let known = Self::ALL.into_iter().find(|it| it.as_str() == name);
        known.unwrap_or(Self::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [TrackState; 6] = [
        TrackState::Off,
        TrackState::Requested,
        TrackState::Live,
        TrackState::Muted,
        TrackState::Unavailable(UnavailableReason::DeviceInUse),
        TrackState::Unavailable(UnavailableReason::Interrupted),
    ];

    #[test]
    fn state_names_read_back_and_unknown_ones_are_failures() {
        for state in STATES {
            assert_eq!(TrackState::from_wire(state.to_wire()), state);
        }
        let unknown = TrackState::Unavailable(UnavailableReason::Failed);
        assert_eq!(TrackState::from_wire("hologram"), unknown);
    }

    #[test]
    fn track_that_is_off_is_as_if_it_had_never_been() {
        let mut media = MediaState::assumed();
        media.set(Source::Screen, TrackState::Live);
        assert_eq!(media.tracks().count(), 3);
        media.set(Source::Screen, TrackState::Off);
        assert_eq!(media, MediaState::assumed());
    }
}
