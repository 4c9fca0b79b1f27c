use std::fmt;

use crate::TrackKind;

/// What a track shows. A participant has at most one track of each source.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Source {
    /// The microphone.
    Microphone,
    /// The camera.
    Camera,
    /// A shared screen, window or tab.
    Screen,
    /// The sound of the shared screen, window or tab.
    ScreenAudio,
}

impl Source {
    /// All sources.
    pub const ALL: [Self; 4] = [
        Self::Microphone,
        Self::Camera,
        Self::Screen,
        Self::ScreenAudio,
    ];

    /// The source's name, on the wire and in the JavaScript API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Microphone => "microphone",
            Self::Camera => "camera",
            Self::Screen => "screen",
            Self::ScreenAudio => "screen-audio",
        }
    }

    /// Reads a source's name; `None` if this version does not know it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }

    /// The source that a track of this kind shows, if it is the `nth` one (from 0) of a peer that does
    /// not name its sources.
    pub fn assumed(kind: TrackKind, nth: usize) -> Option<Self> {
        let sources = Self::ALL.into_iter();
        sources.filter(|it| it.kind() == kind).nth(nth)
    }

    /// The kind of the source's track.
    pub fn kind(self) -> TrackKind {
        match self {
            Self::Microphone | Self::ScreenAudio => TrackKind::Audio,
            Self::Camera | Self::Screen => TrackKind::Video,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_unknown_ones_do_not() {
        for source in Source::ALL {
            assert_eq!(Source::from_name(source.as_str()), Some(source));
        }
        for name in ["", "Camera", "hologram"] {
            assert_eq!(Source::from_name(name), None, "{name:?}");
        }
    }

    #[test]
    fn unnamed_tracks_are_assumed_in_order() {
        let assumed = |kind| [0, 1, 2].map(|nth| Source::assumed(kind, nth));
        assert_eq!(
            assumed(TrackKind::Video),
            [Some(Source::Camera), Some(Source::Screen), None]
        );
        assert_eq!(
            assumed(TrackKind::Audio),
            [Some(Source::Microphone), Some(Source::ScreenAudio), None]
        );
    }
}
