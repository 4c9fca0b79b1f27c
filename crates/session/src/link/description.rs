use videocalls_protocol::TrackSources;
use videocalls_protocol::data::is_announced;

use crate::sdp::{self, Origin};

/// The connection at the other end of a link, as one of its descriptions identifies it.
///
/// The fingerprint of its certificate tells connections apart: browsers and SDKs make a certificate
/// for each, and no renegotiation changes it. The `o=` line does so only where there is no
/// fingerprint, since some peers write the same line into all their descriptions, others a new one
/// into each. Where it follows JSEP (RFC 8829 section 5.2.1), it tells the order of the descriptions.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct RemoteEnd {
    origin: Origin,
    fingerprint: Option<String>,
    /// The username fragment of the ICE generation.
    ufrag: Option<String>,
    /// Whether it announces our data channels.
    has_data_channels: bool,
    /// A hash of the description without its candidates.
    content: u64,
}

impl RemoteEnd {
    /// Reads which connection made a description; `None` if the description is unreadable.
    pub(crate) fn of(sdp: &str) -> Option<Self> {
        Some(Self {
            origin: sdp::origin(sdp)?,
            fingerprint: sdp::fingerprint(sdp),
            ufrag: sdp::ufrag(sdp),
            has_data_channels: is_announced(sdp),
            content: sdp::content_hash(sdp),
        })
    }

    /// Whether the client at the other end has our data channels.
    pub(crate) fn has_data_channels(&self) -> bool {
        self.has_data_channels
    }

    pub(crate) fn ufrag(&self) -> Option<&str> {
        self.ufrag.as_deref()
    }

    /// Whether both descriptions are by the same connection.
    pub(crate) fn is_same_connection(&self, other: &Self) -> bool {
        match (&self.fingerprint, &other.fingerprint) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => self.origin.session == other.origin.session,
        }
    }

    /// Whether both descriptions are by the same connection, even of a peer that uses one
    /// certificate for all its connections.
    pub(crate) fn is_surely_same_connection(&self, other: &Self) -> bool {
        let is_same_generation = self.ufrag == other.ufrag;
        self.is_same_connection(other) && (is_same_generation || self.is_ordered_with(other))
    }

    /// Whether this description was made after another one by the same connection. Where the `o=`
    /// lines do not tell, any other description counts as newer.
    pub(crate) fn is_newer_than(&self, other: &Self) -> bool {
        if self.is_ordered_with(other) {
            self.origin.version > other.origin.version
        } else {
            self.content != other.content
        }
    }

    /// Whether the `o=` lines tell which of two descriptions is newer.
    pub(crate) fn is_ordered_with(&self, other: &Self) -> bool {
        let is_same_session = self.origin.session == other.origin.session;
        is_same_session && self.origin.version != other.origin.version
    }

    /// Whether this description is the other one, sent again. A peer with a placeholder for its
    /// `o=` line may well write the same description twice.
    pub(crate) fn is_repetition_of(&self, other: &Self) -> bool {
        let is_same = self.origin == other.origin && self.content == other.content;
        is_same && !self.origin.is_placeholder()
    }

    /// Whether this answer can be to an offer that was made after `other` came from the same
    /// connection.
    pub(crate) fn may_answer_after(&self, other: &Self) -> bool {
        self.is_newer_than(other) || self.origin.is_placeholder() && self.origin == other.origin
    }
}

/// An offer or answer from the other end, read as far as the session needs it.
#[derive(Clone, Debug)]
pub(crate) struct RemoteDescription {
    /// The number of the offer that this is, or that it answers, where the dialect carries one.
    pub(crate) id: Option<u32>,
    pub(crate) sdp: String,
    /// What the sender's tracks show, as far as it is stated.
    pub(crate) sources: TrackSources,
    pub(crate) end: RemoteEnd,
}
