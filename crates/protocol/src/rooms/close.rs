//! The codes with which a `rooms` server closes a socket, in the private range of RFC 6455
//! section 7.4.2: 4000–4499 ask the client to come back, 4500–4999 are final.

use crate::{CloseAction, Refusal};

/// The server shuts down; come back.
pub const SHUTDOWN: u16 = 4001;
/// The client did not read fast enough; come back.
pub const SLOW_CONSUMER: u16 = 4008;
/// The client did not answer pings; come back.
pub const PING_TIMEOUT: u16 = 4009;
/// The server has lost the seat; come back as new.
pub const STATE_LOST: u16 = 4010;
/// Too many messages in too short a time; come back later.
pub const RATE_LIMITED: u16 = 4013;
/// The token is not good.
pub const BAD_TOKEN: u16 = 4500;
/// A message broke the rules.
pub const BAD_REQUEST: u16 = 4501;
/// No `join` came in time.
pub const JOIN_TIMEOUT: u16 = 4502;
/// A moderator sent the client out.
pub const KICKED: u16 = 4503;
/// No seat is free.
pub const ROOM_FULL: u16 = 4504;
/// The token's time is over and was not renewed.
pub const TOKEN_EXPIRED: u16 = 4505;
/// The token is not good for this room.
pub const FORBIDDEN: u16 = 4507;
/// Too many malformed messages.
pub const TOO_MANY_ERRORS: u16 = 4509;
/// The same person joined elsewhere.
pub const REPLACED: u16 = 4514;
/// The client speaks a version that the server does not.
pub const VERSION_NOT_SUPPORTED: u16 = 4515;
/// The room's name is not accepted.
pub const INVALID_ROOM: u16 = 4516;
/// The participant's name is not accepted.
pub const INVALID_NAME: u16 = 4517;

/// The code that goes with a refusal.
pub fn code(refusal: Refusal) -> u16 {
    match refusal {
        Refusal::RoomFull => ROOM_FULL,
        Refusal::InvalidRoom => INVALID_ROOM,
        Refusal::InvalidName => INVALID_NAME,
        Refusal::Forbidden => FORBIDDEN,
        Refusal::TokenExpired => TOKEN_EXPIRED,
        Refusal::Kicked => KICKED,
        Refusal::Replaced => REPLACED,
        Refusal::VersionNotSupported => VERSION_NOT_SUPPORTED,
        Refusal::BadRequest => BAD_REQUEST,
    }
}

/// What a client is to do after this code, its own or one of the WebSocket protocol.
pub(crate) fn action(code: u16) -> CloseAction {
    match code {
        STATE_LOST => CloseAction::RejoinFresh,
        1008 | 1009 => CloseAction::Terminal(Refusal::BadRequest),
        ROOM_FULL => CloseAction::Terminal(Refusal::RoomFull),
        INVALID_ROOM => CloseAction::Terminal(Refusal::InvalidRoom),
        INVALID_NAME => CloseAction::Terminal(Refusal::InvalidName),
        BAD_TOKEN | FORBIDDEN => CloseAction::Terminal(Refusal::Forbidden),
        TOKEN_EXPIRED => CloseAction::Terminal(Refusal::TokenExpired),
        KICKED => CloseAction::Terminal(Refusal::Kicked),
        REPLACED => CloseAction::Terminal(Refusal::Replaced),
        VERSION_NOT_SUPPORTED => CloseAction::Terminal(Refusal::VersionNotSupported),
        4500..=4999 => CloseAction::Terminal(Refusal::BadRequest),
        _ => CloseAction::Backoff,
    }
}
