//! What a fault says, in the words of each dialect.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use videocalls_protocol::rooms::{close, write_event};
use videocalls_protocol::{Event, Refusal};

/// Which conversation a path is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Dialect {
    Rooms,
    Relay,
    Channels,
    SocketIo,
}

/// What a message carries, as far as the faults care.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Cargo {
    Offer,
    Answer,
    Candidate,
    /// The first words of a connection, and signs of life.
    Frame,
    Other,
}

impl Dialect {
    /// Whatever is no path of ours may be one of the mesh's.
    pub(super) fn of(path: &str) -> Self {
        match path.split(['/', '?']).nth(1) {
            Some("rooms") => Self::Rooms,
            Some("relay") => Self::Relay,
            Some("socket.io") => Self::SocketIo,
            _ => Self::Channels,
        }
    }

    /// Whether there are no words before the first that matter.
    pub(super) fn is_connected_by_upgrade(self) -> bool {
        matches!(self, Self::Relay | Self::Channels)
    }

    /// Whether a message from the server says that the client is in.
    pub(super) fn lets_in(self, text: &str) -> bool {
        match self {
            Self::Rooms => text.contains(r#""type":"welcome""#),
            Self::Relay | Self::Channels => false,
            Self::SocketIo => text.starts_with("40"),
        }
    }

    pub(super) fn cargo(self, text: &str) -> Cargo {
        let has = |word| text.contains(word);
        if self.is_sign_of_life(text) || self.lets_in(text) || self.is_handshake(text) {
            Cargo::Frame
        } else if has(r#""sdp":"#) && has(r#""type":"answer""#) {
            Cargo::Answer
        } else if has(r#""sdp":"#) && has(r#""type":"offer""#) {
            Cargo::Offer
        } else if has(r#""candidate":"#) {
            Cargo::Candidate
        } else {
            Cargo::Other
        }
    }

    pub(super) fn is_sign_of_life(self, text: &str) -> bool {
        match self {
            Self::Rooms => text.contains(r#""type":"ping""#) || text.contains(r#""type":"pong""#),
            Self::Relay | Self::Channels => false,
            Self::SocketIo => ["2", "3", "6"].contains(&text),
        }
    }

    fn is_handshake(self, text: &str) -> bool {
        self == Self::SocketIo && text.starts_with('0')
    }

    /// What a client answers to a ping.
    pub(super) fn pong(self) -> Option<&'static str> {
        match self {
            Self::Rooms => Some(r#"{"type":"pong"}"#),
            Self::Relay | Self::Channels => None,
            Self::SocketIo => Some("3"),
        }
    }

    /// What a client says that leaves for good.
    pub(super) fn bye(self) -> Option<&'static str> {
        match self {
            Self::Rooms => Some(r#"{"type":"bye"}"#),
            Self::Relay | Self::Channels => None,
            Self::SocketIo => Some("41"),
        }
    }

    pub(super) fn says_bye(self, text: &str) -> bool {
        self.bye() == Some(text)
    }

    /// A message of a kind that nobody knows.
    pub(super) fn unknown(self) -> String {
        self.padded(0)
    }

    /// The same, of so many bytes or a little more.
    pub(super) fn padded(self, bytes: usize) -> String {
        let pad = "x".repeat(bytes);
        let unknown = json!({ "type": "fault", "event": "fault", "action": "fault", "pad": pad });
        match self {
            Self::SocketIo => format!("42[\"fault\",{unknown}]"),
            _ => unknown.to_string(),
        }
    }

    /// A message that breaks off in the middle.
    pub(super) fn broken(self) -> &'static str {
        match self {
            Self::SocketIo => "42[\"offer\",{\"sdp\":",
            _ => "{\"type\":\"signal\",\"from\":",
        }
    }

    /// How a server says that someone gets no place, or loses it; and the code that goes with it.
    pub(super) fn refusal(self, refusal: Refusal) -> (Option<String>, u16) {
        let word = match (self, refusal) {
            (Self::Rooms, refusal) => Some(write_event(&Event::Refused(refusal), None)),
            (Self::SocketIo, Refusal::RoomFull) => Some("42[\"full\"]".to_owned()),
            (Self::SocketIo, _) => Some("41".to_owned()),
            (Self::Relay | Self::Channels, _) => None,
        };
        (word, close::code(refusal))
    }
}

/// What a client says, and what is in the token that it may show.
pub(super) fn with_token(text: &str) -> String {
    let payload = text.split('.').nth(1);
    let payload = payload.and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok());
    let payload = payload.and_then(|payload| String::from_utf8(payload).ok());
    format!("{text} {}", payload.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_each_dialect_are_told_apart() {
        use Cargo::{Answer, Candidate, Frame, Offer, Other};
        use Dialect::{Channels, Relay, Rooms, SocketIo};
        for (dialect, text, cargo) in [
            (Rooms, r#"{"type":"welcome","v":1}"#, Frame),
            (Rooms, r#"{"type":"ping","heard":0}"#, Frame),
            (
                Rooms,
                r#"{"type":"signal","offer":1,"description":{"type":"answer","sdp":"v=0"}}"#,
                Answer,
            ),
            (
                Rooms,
                r#"{"type":"signal","offer":1,"description":{"type":"offer","sdp":"v=0"}}"#,
                Offer,
            ),
            (
                Rooms,
                r#"{"type":"signal","candidate":{"candidate":"","sdpMid":"0"}}"#,
                Candidate,
            ),
            (Rooms, r#"{"type":"joined","seq":1}"#, Other),
            (
                Relay,
                r#"{"sdp":{"type":"offer","sdp":"v=0"},"id":"a"}"#,
                Offer,
            ),
            (
                Relay,
                r#"{"ice":{"candidate":"c","sdpMid":null},"id":"a"}"#,
                Candidate,
            ),
            (
                Channels,
                r#"{"action":"new-answer","message":{"sdp":{"type":"answer","sdp":"v=0"}}}"#,
                Answer,
            ),
            (Channels, r#"{"action":"new-peer","message":{}}"#, Other),
            (SocketIo, "0{\"sid\":\"x\"}", Frame),
            (SocketIo, "40{\"sid\":\"x\"}", Frame),
            (SocketIo, "2", Frame),
            (
                SocketIo,
                r#"42["answerToClient",{"type":"answer","sdp":"v=0"}]"#,
                Answer,
            ),
            (SocketIo, r#"42["created"]"#, Other),
        ] {
            assert_eq!(dialect.cargo(text), cargo, "{text}");
        }
    }

    #[test]
    fn a_path_tells_the_dialect() {
        assert_eq!(Dialect::of("/rooms"), Dialect::Rooms);
        assert_eq!(Dialect::of("/rooms?fault=x"), Dialect::Rooms);
        assert_eq!(Dialect::of("/relay/a"), Dialect::Relay);
        assert_eq!(Dialect::of("/socket.io/?EIO=4"), Dialect::SocketIo);
        assert_eq!(Dialect::of("/channels/a"), Dialect::Channels);
        assert_eq!(Dialect::of("/"), Dialect::Channels);
    }

    #[test]
    fn a_token_is_looked_into() {
        let payload = URL_SAFE_NO_PAD.encode("{\"uuid\":\"fault-slow-1\"}");
        let said = format!("40{{\"jwt\":\"h.{payload}.s\"}}");
        assert!(with_token(&said).contains("fault-slow-1"));
        assert_eq!(with_token("a.b"), "a.b ");
    }
}
