use std::fmt;

use videocalls_protocol::Refusal;

/// Why a call is over.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum EndReason {
    /// This participant left.
    Left,
    /// This participant's program called it off before it had begun.
    Aborted,
    /// The server refused, or sent this participant out.
    Refused(Refusal),
    /// No connection to the server came about.
    Unreachable,
    /// The server let us connect and then said nothing.
    ServerSilent,
    /// The connection to the server was lost.
    ServerGone,
    /// The server kept saying what nobody can read.
    ProtocolError,
    /// The program itself failed; a bug.
    Internal,
}

impl EndReason {
    /// The stable word for this reason in the JavaScript API.
    pub fn code(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Aborted => "aborted",
            Self::Refused(refusal) => refusal_code(refusal),
            Self::Unreachable => "signaling-unreachable",
            Self::ServerSilent => "server-silent",
            Self::ServerGone => "server-gone",
            Self::ProtocolError => "protocol-error",
            Self::Internal => "internal",
        }
    }

    /// Whether this is the end that was wished for, and no failure.
    pub fn is_wanted(self) -> bool {
        matches!(self, Self::Left | Self::Aborted)
    }

    /// What happened and what to do, in a sentence or two for the person in the call.
    pub fn help(self) -> &'static str {
        match self {
            Self::Left => "You left the call.",
            Self::Aborted => "The call was called off.",
            Self::Refused(refusal) => refusal_help(refusal),
            Self::Unreachable => {
                "The call server can't be reached. Check your internet connection and try again."
            }
            Self::ServerSilent => "The call server does not answer. Wait a moment and try again.",
            Self::ServerGone => "The connection to the call server was lost. Join again to go on.",
            Self::ProtocolError => {
                "The call server and this page do not understand each other. Reload the page."
            }
            Self::Internal => "Something went wrong in this page. Reload it to go on.",
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
        Refusal::TokenExpired => "token-expired",
        Refusal::Kicked => "kicked",
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
        Refusal::Forbidden => "You are not allowed into this room. Ask for a new invitation.",
        Refusal::TokenExpired => "Your invitation has expired. Ask for a new one.",
        Refusal::Kicked => "You were removed from the call.",
        Refusal::Replaced => "You joined this call from another window, so this one has ended.",
        Refusal::VersionNotSupported => {
            "This page and the call server are of different versions. Reload the page."
        }
        _ => "The call server refused this page's request. Reload the page.",
    }
}
