//! The close codes of a `rooms` server, in the private range of RFC 6455 section 7.4.2: after
//! 4000–4499 the client reconnects, 4500–4999 are final.

use crate::{CloseAction, Refusal};

/// The server is shutting down; reconnect.
pub const SHUTDOWN: u16 = 4001;
/// The client did not read fast enough; reconnect.
pub const SLOW_CONSUMER: u16 = 4008;
/// The client did not answer pings; reconnect.
pub const PING_TIMEOUT: u16 = 4009;
/// The server has lost the seat; rejoin as a new participant.
pub const STATE_LOST: u16 = 4010;
/// Too many messages in too short a time; reconnect later.
pub const RATE_LIMITED: u16 = 4013;
/// The token is missing or not valid.
pub const INVALID_TOKEN: u16 = 4500;
/// A message violated the protocol.
pub const BAD_REQUEST: u16 = 4501;
/// No `join` arrived in time.
pub const JOIN_TIMEOUT: u16 = 4502;
/// A moderator removed the client.
pub const REMOVED: u16 = 4503;
/// The room is full.
pub const ROOM_FULL: u16 = 4504;
/// The token has expired.
pub const TOKEN_EXPIRED: u16 = 4505;
/// The token does not let its bearer join this room.
pub const FORBIDDEN: u16 = 4507;
/// Too many malformed messages.
pub const TOO_MANY_ERRORS: u16 = 4509;
/// The same person joined elsewhere.
pub const REPLACED: u16 = 4514;
/// The server does not support the client's version.
pub const VERSION_NOT_SUPPORTED: u16 = 4515;
/// The room name is not accepted.
pub const INVALID_ROOM: u16 = 4516;
/// The display name is not accepted.
pub const INVALID_NAME: u16 = 4517;

/// The token admits one participant only, and has done so.
pub const TOKEN_USED: u16 = 4518;
/// A moderator has locked the room.
pub const ROOM_LOCKED: u16 = 4519;
/// A moderator did not admit the client.
pub const DENIED: u16 = 4520;
/// A moderator has ended the call for everyone.
pub const CALL_ENDED: u16 = 4521;

/// The close code for a refusal.
pub fn code(refusal: Refusal) -> u16 {
    match refusal {
        Refusal::RoomFull => ROOM_FULL,
        Refusal::InvalidRoom => INVALID_ROOM,
        Refusal::InvalidName => INVALID_NAME,
        Refusal::Forbidden => FORBIDDEN,
        Refusal::InvalidToken => INVALID_TOKEN,
        Refusal::TokenExpired => TOKEN_EXPIRED,
        Refusal::TokenUsed => TOKEN_USED,
        Refusal::Removed => REMOVED,
        Refusal::RoomLocked => ROOM_LOCKED,
        Refusal::Denied => DENIED,
        Refusal::CallEnded => CALL_ENDED,
        Refusal::Replaced => REPLACED,
        Refusal::VersionNotSupported => VERSION_NOT_SUPPORTED,
        Refusal::BadRequest => BAD_REQUEST,
    }
}

/// What a client does after this close code, one of ours or of the WebSocket protocol.
pub(crate) fn action(code: u16) -> CloseAction {
    match code {
        STATE_LOST => CloseAction::RejoinFresh,
        1008 | 1009 => CloseAction::Terminal(Refusal::BadRequest),
        ROOM_FULL => CloseAction::Terminal(Refusal::RoomFull),
        INVALID_ROOM => CloseAction::Terminal(Refusal::InvalidRoom),
        INVALID_NAME => CloseAction::Terminal(Refusal::InvalidName),
        INVALID_TOKEN => CloseAction::Terminal(Refusal::InvalidToken),
        TOKEN_USED => CloseAction::Terminal(Refusal::TokenUsed),
        FORBIDDEN => CloseAction::Terminal(Refusal::Forbidden),
        TOKEN_EXPIRED => CloseAction::Terminal(Refusal::TokenExpired),
        REMOVED => CloseAction::Terminal(Refusal::Removed),
        ROOM_LOCKED => CloseAction::Terminal(Refusal::RoomLocked),
        DENIED => CloseAction::Terminal(Refusal::Denied),
        CALL_ENDED => CloseAction::Terminal(Refusal::CallEnded),
        REPLACED => CloseAction::Terminal(Refusal::Replaced),
        VERSION_NOT_SUPPORTED => CloseAction::Terminal(Refusal::VersionNotSupported),
        4501..=4999 => CloseAction::Terminal(Refusal::BadRequest),
        _ => CloseAction::Backoff,
    }
}
