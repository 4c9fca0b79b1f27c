/// The two kinds of track.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum TrackKind {
    /// Sound.
    Audio,
    /// Pictures.
    Video,
}

impl TrackKind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::Audio, Self::Video];

    /// The name of the kind in the browser's API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
        }
    }
}
