//! What the injectors need to know of each dialect: kinds of messages, and messages to inject.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use videocalls_protocol::rooms::{close, write_event};
use videocalls_protocol::{Event, Refusal};

/// The wire format of a WebSocket, by its path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Dialect {
    Rooms,
    Relay,
    Channels,
    SocketIo,
}

/// The kinds of messages that injectors tell apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum MessageKind {
    Offer,
    Answer,
    Candidate,
    /// A handshake or a keep-alive, which injectors leave alone.
    Control,
    Other,
}

impl Dialect {
    /// With `--channels-anywhere`, the mesh takes every path that no other dialect has.
    pub(crate) fn of_path(path: &str) -> Self {
        match path.split(['/', '?']).nth(1) {
            Some("rooms") => Self::Rooms,
            Some("relay") => Self::Relay,
            Some("socket.io") => Self::SocketIo,
            _ => Self::Channels,
        }
    }

    /// Whether the upgrade alone joins the room, without a handshake after it.
    pub(crate) fn is_joined_by_upgrade(self) -> bool {
        matches!(self, Self::Relay | Self::Channels)
    }

    /// Whether a message from the server tells the client that it has joined.
    pub(crate) fn is_welcome(self, text: &str) -> bool {
        match self {
            Self::Rooms => text.contains(r#""type":"welcome""#),
            Self::Relay | Self::Channels => false,
            Self::SocketIo => text.starts_with("40"),
        }
    }

    pub(crate) fn kind(self, text: &str) -> MessageKind {
        let has = |part| text.contains(part);
        if self.is_keep_alive(text) || self.is_welcome(text) || self.is_handshake(text) {
            MessageKind::Control
        } else if has(r#""sdp":"#) && has(r#""type":"answer""#) {
            MessageKind::Answer
        } else if has(r#""sdp":"#) && has(r#""type":"offer""#) {
            MessageKind::Offer
        } else if has(r#""candidate":"#) {
            MessageKind::Candidate
        } else {
            MessageKind::Other
        }
    }

    pub(crate) fn is_keep_alive(self, text: &str) -> bool {
        match self {
            Self::Rooms => text.contains(r#""type":"ping""#) || text.contains(r#""type":"pong""#),
            Self::Relay | Self::Channels => false,
            Self::SocketIo => ["2", "3", "6"].contains(&text),
        }
    }

    fn is_handshake(self, text: &str) -> bool {
        self == Self::SocketIo && text.starts_with('0')
    }

    /// What a client sends in answer to a ping.
    pub(crate) fn pong(self) -> Option<&'static str> {
        match self {
            Self::Rooms => Some(r#"{"type":"pong"}"#),
            Self::Relay | Self::Channels => None,
            Self::SocketIo => Some("3"),
        }
    }

    /// What a client sends when it leaves for good.
    pub(crate) fn bye(self) -> Option<&'static str> {
        match self {
            Self::Rooms => Some(r#"{"type":"bye"}"#),
            Self::Relay | Self::Channels => None,
            Self::SocketIo => Some("41"),
        }
    }

    pub(crate) fn is_bye(self, text: &str) -> bool {
        self.bye() == Some(text)
    }

    /// A valid message of an unknown type.
    pub(crate) fn unknown(self) -> String {
        self.unknown_of_size(0)
    }

    /// The same with at least this many bytes.
    pub(crate) fn unknown_of_size(self, bytes: usize) -> String {
        let pad = "x".repeat(bytes);
        let unknown = json!({ "type": "fault", "event": "fault", "action": "fault", "pad": pad });
        match self {
            Self::SocketIo => format!("42[\"fault\",{unknown}]"),
            _ => unknown.to_string(),
        }
    }

    /// A message that ends in the middle of its JSON.
    pub(crate) fn truncated(self) -> &'static str {
        match self {
            Self::SocketIo => "42[\"offer\",{\"sdp\":",
            _ => "{\"type\":\"signal\",\"from\":",
        }
    }

    /// The message and the close code with which a server refuses or removes a client.
    pub(crate) fn refusal(self, refusal: Refusal) -> (Option<String>, u16) {
        let message = match (self, refusal) {
            (Self::Rooms, refusal) => Some(write_event(&Event::Refused(refusal), None)),
            (Self::SocketIo, Refusal::RoomFull) => Some("42[\"full\"]".to_owned()),
            (Self::SocketIo, _) => Some("41".to_owned()),
            (Self::Relay | Self::Channels, _) => None,
        };
        (message, close::code(refusal))
    }
}

/// A message of a client, followed by the decoded payload of the JWT in it, if there is one.
pub(crate) fn with_token(text: &str) -> String {
    let payload = text.split('.').nth(1);
    let payload = payload.and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok());
    let payload = payload.and_then(|payload| String::from_utf8(payload).ok());
    format!("{text} {}", payload.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classifies_messages_of_each_dialect() {
        use Dialect::{Channels, Relay, Rooms, SocketIo};
        use MessageKind::{Answer, Candidate, Control, Offer, Other};
        for (dialect, text, kind) in [
            (Rooms, r#"{"type":"welcome","v":1}"#, Control),
            (Rooms, r#"{"type":"ping","heard":0}"#, Control),
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
            (SocketIo, "0{\"sid\":\"x\"}", Control),
            (SocketIo, "40{\"sid\":\"x\"}", Control),
            (SocketIo, "2", Control),
            (
                SocketIo,
                r#"42["answerToClient",{"type":"answer","sdp":"v=0"}]"#,
                Answer,
            ),
            (SocketIo, r#"42["created"]"#, Other),
        ] {
            assert_eq!(dialect.kind(text), kind, "{text}");
        }
    }

    #[test]
    fn path_names_the_dialect() {
        assert_eq!(Dialect::of_path("/rooms"), Dialect::Rooms);
        assert_eq!(Dialect::of_path("/rooms?fault=x"), Dialect::Rooms);
        assert_eq!(Dialect::of_path("/relay/a"), Dialect::Relay);
        assert_eq!(Dialect::of_path("/socket.io/?EIO=4"), Dialect::SocketIo);
        assert_eq!(Dialect::of_path("/channels/a"), Dialect::Channels);
        assert_eq!(Dialect::of_path("/"), Dialect::Channels);
    }

    #[test]
    fn with_token_decodes_the_payload() {
        let payload = URL_SAFE_NO_PAD.encode("{\"uuid\":\"fault-slow-1\"}");
        let message = format!("40{{\"jwt\":\"h.{payload}.s\"}}");
        assert!(with_token(&message).contains("fault-slow-1"));
        assert_eq!(with_token("a.b"), "a.b ");
    }
}
