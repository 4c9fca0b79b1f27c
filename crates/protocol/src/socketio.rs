//! The part of Socket.IO over Engine.IO that a client needs which uses a WebSocket from the start and
//! only the main namespace: no polling, no binary data.
//!
//! <https://github.com/socketio/engine.io-protocol>, <https://github.com/socketio/socket.io-protocol>

use crate::DecodeError;
use crate::json::{List, Record, quote};

/// A connection: its handshake, and the frames that wait until the handshake is complete.
#[derive(Clone, Debug)]
pub(crate) struct SocketIo {
    /// Whether the address asks for Engine.IO 3 (Socket.IO 1 and 2). There the client sends the
    /// pings, and is connected without asking.
    legacy: bool,
    /// The authentication payload: empty, or JSON.
    auth: String,
    connected: bool,
    /// The interval of pings, and how late one may be, in milliseconds.
    ping_interval: Option<u32>,
    ping_timeout: u32,
    /// Frames to send when the handshake is complete.
    queue: Vec<String>,
}

/// The intervals of keep-alive messages, in milliseconds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Heartbeat {
    /// The interval of the server's pings, for [`Welcome::ping_interval`](crate::Welcome).
    pub(crate) server: Option<u32>,
    /// The interval of the client's pings, for [`Welcome::keep_alive`](crate::Welcome).
    pub(crate) client: Option<u32>,
}

/// The meaning of a frame.
#[derive(Debug)]
pub(crate) enum Packet<'a> {
    /// A step of the handshake, or a pong.
    Handshake,
    /// The handshake is complete.
    Connected(Heartbeat),
    Ping,
    /// The server has refused the connection, or ended it.
    Disconnected,
    Event(String, List<'a>),
    /// The acknowledgement of the event that was sent with this id, and its arguments.
    Ack(&'a str, List<'a>),
    Unknown,
}

/// Writes the arguments of an event.
#[derive(Debug, Default)]
pub(crate) struct Arguments(String);

impl SocketIo {
    pub(crate) fn new(auth: String) -> Self {
        Self {
            legacy: false,
            auth,
            connected: false,
            ping_interval: None,
            ping_timeout: 0,
            queue: Vec::new(),
        }
    }

    /// Starts over on a new socket.
    pub(crate) fn restart(&mut self) {
        self.connected = false;
        self.queue.clear();
    }

    /// Completes the address of a server: adds the default path, unless it has one, and the
    /// transport. `EIO=3` in the address selects the legacy handshake.
    pub(crate) fn address(&mut self, server: &str) -> String {
        let (path, query) = server.split_once('?').unwrap_or((server, ""));
        let path = path.trim_end_matches('/');
        // The scheme has two slashes; a third one begins a path.
        let suffix = match path.bytes().filter(|&it| it == b'/').count() {
            ..=2 => "/socket.io/?",
            _ => "/?",
        };
        let mut address = [path, suffix, query].concat();
        if query.as_bytes().windows(5).any(|field| field == b"EIO=3") {
            self.legacy = true;
        } else {
            address.push_str(if query.is_empty() { "EIO=4" } else { "&EIO=4" });
        }
        address + "&transport=websocket"
    }

    /// Reads a frame. Frames to send at once are added to `replies`.
    pub(crate) fn read<'a>(
        &mut self,
        frame: &'a str,
        replies: &mut Vec<String>,
    ) -> Result<Packet<'a>, DecodeError> {
        let (kind, rest) = split(frame).ok_or(DecodeError::Malformed { at: 0 })?;
        match kind {
            '0' => self.opened(rest, replies),
            '2' => Ok(Packet::Ping),
            '3' | '6' => Ok(Packet::Handshake),
            '4' => self.message(rest, replies),
            '1' | '5' => Ok(Packet::Unknown),
            _ => Err(DecodeError::Malformed { at: 0 }),
        }
    }

    /// Writes an event.
    pub(crate) fn emit(&mut self, name: &str, arguments: Arguments) -> Vec<String> {
        self.send("42", name, arguments)
    }

    /// Writes an event that asks for an acknowledgement, under an id of one digit.
    pub(crate) fn emit_with_ack(
        &mut self,
        id: &str,
        name: &str,
        arguments: Arguments,
    ) -> Vec<String> {
        self.send(&["42", id].concat(), name, arguments)
    }

    fn send(&mut self, packet_type: &str, name: &str, arguments: Arguments) -> Vec<String> {
        let mut frame = [packet_type, "["].concat();
        quote(name, &mut frame);
        frame.push_str(&arguments.0);
        frame.push(']');
        if self.connected {
            return vec![frame];
        }
        self.queue.push(frame);
        Vec::new()
    }

    fn opened(
        &mut self,
        rest: &str,
        replies: &mut Vec<String>,
    ) -> Result<Packet<'static>, DecodeError> {
        let mut record = Record::parse(rest)?;
        self.ping_interval = record.number("pingInterval");
        self.ping_timeout = record.number("pingTimeout").unwrap_or_default();
        if !self.legacy {
            replies.push(["40", &self.auth].concat());
        }
        Ok(Packet::Handshake)
    }

    /// A legacy server sends no session id with it.
    fn connected(&mut self, rest: &str) -> Result<Heartbeat, DecodeError> {
        if rest.is_empty() {
            self.connected = true;
            return Ok(Heartbeat {
                server: None,
                client: self.ping_interval,
            });
        }
        Record::parse(rest)?;
        self.connected = true;
        // A session considers the socket dead after 2.4 intervals without a ping. Here that is the
        // interval and the timeout.
        let scaled = |interval: u32| interval.saturating_add(self.ping_timeout) / 12 * 5;
        Ok(Heartbeat {
            server: self.ping_interval.map(scaled),
            client: None,
        })
    }

    fn message<'a>(
        &mut self,
        rest: &'a str,
        replies: &mut Vec<String>,
    ) -> Result<Packet<'a>, DecodeError> {
        let (kind, rest) = split(rest).ok_or(DecodeError::Malformed { at: 1 })?;
        if rest.starts_with('/') {
            return Ok(Packet::Unknown);
        }
        let body = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        match kind {
            '0' => {
                let heartbeat = self.connected(rest)?;
                replies.append(&mut self.queue);
                Ok(Packet::Connected(heartbeat))
            }
            '1' => Ok(Packet::Disconnected),
            '4' => Record::parse(rest).map(|_| Packet::Disconnected),
            '2' => {
                let mut arguments = List::parse(body)?;
                let name = arguments.text();
                Ok(name.map_or(Packet::Unknown, |name| Packet::Event(name, arguments)))
            }
            '3' => {
                let id = rest.strip_suffix(body).unwrap_or_default();
                List::parse(body).map(|arguments| Packet::Ack(id, arguments))
            }
            _ => Ok(Packet::Unknown),
        }
    }
}

impl Arguments {
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.0.push(',');
        quote(text, &mut self.0);
        self
    }

    pub(crate) fn json(mut self, json: &str) -> Self {
        self.0.push(',');
        self.0.push_str(json);
        self
    }
}

fn split(text: &str) -> Option<(char, &str)> {
    let mut characters = text.chars();
    characters.next().map(|first| (first, characters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(server: &str) -> (String, bool) {
        let mut io = SocketIo::new(String::new());
        (io.address(server), io.legacy)
    }

    #[test]
    fn address_gets_missing_path_and_transport() {
        let four = "EIO=4&transport=websocket";
        for (server, expected) in [
            ("wss://h:1/", format!("wss://h:1/socket.io/?{four}")),
            ("wss://h:1", format!("wss://h:1/socket.io/?{four}")),
            ("wss://h/a/b", format!("wss://h/a/b/?{four}")),
            ("wss://h/?a=b", format!("wss://h/socket.io/?a=b&{four}")),
        ] {
            assert_eq!(address(server), (expected, false));
        }
        let expected = "ws://h/socket.io/?EIO=3&transport=websocket".to_owned();
        assert_eq!(address("ws://h/?EIO=3"), (expected, true));
    }

    #[test]
    fn frames_sent_before_the_handshake_follow_it() {
        let mut io = SocketIo::new(r#"{"jwt":"x"}"#.to_owned());
        let mut replies = Vec::new();
        assert!(io.emit("join", Arguments::default().text("r")).is_empty());
        let open = r#"0{"sid":"e","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;
        assert!(matches!(io.read(open, &mut replies), Ok(Packet::Handshake)));
        assert_eq!(replies, [r#"40{"jwt":"x"}"#]);
        replies.clear();
        let connected = io.read(r#"40{"sid":"s"}"#, &mut replies);
        let Ok(Packet::Connected(heartbeat)) = connected else {
            panic!("{connected:?}");
        };
        assert_eq!(heartbeat.server, Some(18_750), "2.4 intervals are 45 s");
        assert_eq!(replies, [r#"42["join","r"]"#]);
    }

    #[test]
    fn legacy_server_connects_unasked_and_expects_pings() {
        let mut io = SocketIo::new(String::new());
        io.address("ws://h/?EIO=3");
        let mut replies = Vec::new();
        let open = r#"0{"sid":"e","pingInterval":25000,"pingTimeout":5000}"#;
        assert!(matches!(io.read(open, &mut replies), Ok(Packet::Handshake)));
        assert_eq!(replies, [""; 0]);
        let connected = io.read("40", &mut replies);
        let Ok(Packet::Connected(heartbeat)) = connected else {
            panic!("{connected:?}");
        };
        assert_eq!(heartbeat.client, Some(25_000));
        assert_eq!(heartbeat.server, None);
    }
}
