/// What a participant sends, one state for each of the two tracks that every link carries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MediaState {
    /// The microphone's track.
    pub audio: TrackState,
    /// The camera's track.
    pub video: TrackState,
}

impl MediaState {
    /// Both tracks live: what is assumed of a peer whose server does not carry such news.
    pub const LIVE: Self = Self {
        audio: TrackState::Live,
        video: TrackState::Live,
    };

    /// Nothing yet: the browser is still being asked for the devices.
    pub const PENDING: Self = Self {
        audio: TrackState::Pending,
        video: TrackState::Pending,
    };
}

/// Whether a track carries something, and if not, why not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TrackState {
    /// It carries sound or picture.
    Live,
    /// Its owner turned it off.
    Muted,
    /// The browser is still being asked for the device.
    Pending,
    /// Its owner did not ask for this device.
    NotRequested,
    /// The browser, its user or the system refused the device.
    PermissionDenied,
    /// There is no such device.
    DeviceNotFound,
    /// Another program holds the device.
    DeviceInUse,
    /// The device failed or went away for another reason.
    Unavailable,
}

impl TrackState {
    /// The state's word on the wire and in the JavaScript API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Muted => "muted",
            Self::Pending => "pending",
            Self::NotRequested => "not-requested",
            Self::PermissionDenied => "permission-denied",
            Self::DeviceNotFound => "device-not-found",
            Self::DeviceInUse => "device-in-use",
            Self::Unavailable => "unavailable",
        }
    }

    /// Reads a state's word. A word of a later version means a track that carries nothing.
    pub fn from_wire(word: &str) -> Self {
        const KNOWN: [TrackState; 7] = [
            TrackState::Live,
            TrackState::Muted,
            TrackState::Pending,
            TrackState::NotRequested,
            TrackState::PermissionDenied,
            TrackState::DeviceNotFound,
            TrackState::DeviceInUse,
        ];
        KNOWN
            .into_iter()
            .find(|state| state.as_str() == word)
            .unwrap_or(Self::Unavailable)
    }

    /// Whether there is a device behind the track, on or off.
    pub fn has_device(self) -> bool {
        matches!(self, Self::Live | Self::Muted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_reads_back_and_a_foreign_one_carries_nothing() {
        for state in [TrackState::Live, TrackState::Muted, TrackState::DeviceInUse] {
            assert_eq!(TrackState::from_wire(state.as_str()), state);
        }
        assert_eq!(TrackState::from_wire("hologram"), TrackState::Unavailable);
    }
}
