use std::fmt;

use videocalls_protocol::Refusal;

/// Why a call is over.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum EndReason {
    /// This participant left.
    Left,
    /// The call was cancelled before it was joined.
    Aborted,
    /// The server refused this participant, or removed them.
    Refused(Refusal),
    /// No connection to the server could be made.
    Unreachable,
    /// The page's function for access tokens supplied none.
    TokenFailed,
    /// The server accepted the connection and never answered the join.
    ServerSilent,
    /// The connection to the server was lost and could not be restored.
    ServerGone,
    /// The server sent only messages that could not be used.
    ProtocolError,
    /// An internal error: a bug.
    Internal,
}

impl EndReason {
    /// The stable code of this reason in the JavaScript API.
    pub fn code(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Aborted => "aborted",
            Self::Refused(refusal) => refusal_code(refusal),
            Self::Unreachable => "signaling-unreachable",
            Self::TokenFailed => "token-failed",
            Self::ServerSilent => "server-silent",
            Self::ServerGone => "server-gone",
            Self::ProtocolError => "protocol-error",
            Self::Internal => "internal",
        }
    }

    /// Whether the call was ended on purpose, and did not fail.
    pub fn is_wanted(self) -> bool {
        matches!(self, Self::Left | Self::Aborted)
    }

    /// What happened and what to do, in a sentence or two for the person in the call.
    pub fn help(self) -> &'static str {
        match self {
            Self::Left => "You left the call.",
            Self::Aborted => "The call was cancelled.",
            Self::Refused(refusal) => refusal_help(refusal),
            Self::Unreachable => {
                "The call server can't be reached. Check your internet connection and try again."
            }
            Self::TokenFailed => "You could not be signed in. Reload the page and try again.",
            Self::ServerSilent => "The call server does not answer. Wait a moment and try again.",
            Self::ServerGone => {
                "The connection to the call server was lost. Join again to continue."
            }
            Self::ProtocolError => {
                "This page and the call server are not compatible. Reload the page."
            }
            Self::Internal => {
                "The call stopped because of an internal error. Reload the page to join again."
            }
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

fn refusal_code(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::RoomFull => "room-full",
        Refusal::InvalidRoom => "invalid-room",
        Refusal::InvalidName => "invalid-name",
        Refusal::Forbidden => "forbidden",
        Refusal::InvalidToken => "invalid-token",
        Refusal::TokenExpired => "token-expired",
        Refusal::TokenUsed => "token-used",
        Refusal::Removed => "removed",
        Refusal::RoomLocked => "room-locked",
        Refusal::Denied => "denied",
        Refusal::CallEnded => "call-ended",
        Refusal::Replaced => "replaced",
        Refusal::VersionNotSupported => "version-not-supported",
        _ => "bad-request",
    }
}

fn refusal_help(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::RoomFull => "This room is full. Try again when someone has left.",
        Refusal::InvalidRoom => "The server does not accept this room name. Choose another one.",
        Refusal::InvalidName => "The server does not accept this name. Choose another one.",
        Refusal::Forbidden | Refusal::InvalidToken => {
            "You are not allowed into this room. Ask for a new invitation."
        }
        Refusal::TokenUsed => "This invitation was used before. Ask for a new one.",
        Refusal::TokenExpired => "Your invitation has expired. Ask for a new one.",
        Refusal::Removed => "You were removed from the call.",
        Refusal::RoomLocked => "This room is locked. Ask someone in it to unlock it.",
        Refusal::Denied => "You were not admitted to this call.",
        Refusal::CallEnded => "The call was ended for everyone.",
        Refusal::Replaced => "You joined this call from another window, so this one has ended.",
        Refusal::VersionNotSupported => {
            "This page and the call server are of different versions. Reload the page."
        }
        _ => "The call server refused this page's request. Reload the page.",
    }
}
