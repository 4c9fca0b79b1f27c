/// The state of a participant's two tracks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MediaState {
    /// The microphone track.
    pub audio: TrackState,
    /// The camera track.
    pub video: TrackState,
}

impl MediaState {
    /// Both tracks live: the assumption about a peer whose server does not report track states.
    pub const LIVE: Self = Self {
        audio: TrackState::Live,
        video: TrackState::Live,
    };

    /// Both devices are still being requested from the browser.
    pub const PENDING: Self = Self {
        audio: TrackState::Pending,
        video: TrackState::Pending,
    };
}

/// Whether a track carries media, and if not, why.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TrackState {
    /// The track carries sound or picture.
    Live,
    /// Its owner turned it off.
    Muted,
    /// The device is still being requested from the browser.
    Pending,
    /// The call was started without this device.
    NotRequested,
    /// The user, the browser or the system denied access to the device.
    PermissionDenied,
    /// There is no such device.
    DeviceNotFound,
    /// Another program uses the device.
    DeviceInUse,
    /// The device failed or was removed.
    Unavailable,
}

impl TrackState {
    /// The name of the state on the wire and in the JavaScript API.
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

    /// Reads the name of a state. An unknown name is read as [`Unavailable`](Self::Unavailable).
    pub fn from_wire(name: &str) -> Self {
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
            .find(|state| state.as_str() == name)
            .unwrap_or(Self::Unavailable)
    }

    /// Whether the track has a device, switched on or off.
    pub fn has_device(self) -> bool {
        matches!(self, Self::Live | Self::Muted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_names_read_back_and_unknown_ones_are_unavailable() {
        for state in [TrackState::Live, TrackState::Muted, TrackState::DeviceInUse] {
            assert_eq!(TrackState::from_wire(state.as_str()), state);
        }
        assert_eq!(TrackState::from_wire("hologram"), TrackState::Unavailable);
    }
}
