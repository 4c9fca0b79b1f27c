use crate::sdp::{self, Origin};

/// The connection at the other end of a link, as one of its descriptions identifies it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct RemoteEnd {
    origin: Origin,
    /// The username fragment of the ICE generation.
    ufrag: Option<String>,
}

impl RemoteEnd {
    /// Reads which connection made a description; `None` if the description is unreadable.
    pub(crate) fn of(sdp: &str) -> Option<Self> {
        Some(Self {
            origin: sdp::origin(sdp)?,
            ufrag: sdp::ufrag(sdp),
        })
    }

    pub(crate) fn ufrag(&self) -> Option<&str> {
        self.ufrag.as_deref()
    }

    /// Whether both descriptions are by the same connection.
    pub(crate) fn is_same_connection(&self, other: &Self) -> bool {
        self.origin.session == other.origin.session
    }

    /// Whether this description was made after another one by the same connection.
    pub(crate) fn is_newer_than(&self, other: &Self) -> bool {
        self.origin.version > other.origin.version
    }

    /// Whether this description is the other one, sent again.
    pub(crate) fn is_repetition_of(&self, other: &Self) -> bool {
        self.origin == other.origin
    }
}

/// An offer or answer from the other end, read as far as the session needs it.
#[derive(Clone, Debug)]
pub(crate) struct RemoteDescription {
    /// The number of the offer that this is, or that it answers, where the dialect carries one.
    pub(crate) id: Option<u32>,
    pub(crate) sdp: String,
    pub(crate) end: RemoteEnd,
}
