//! Socket.IO over Engine.IO, as far as a client needs it that opens a WebSocket at once and talks in
//! the main namespace: no polling, no binary data.
//!
//! <https://github.com/socketio/engine.io-protocol>, <https://github.com/socketio/socket.io-protocol>

use crate::DecodeError;
use crate::json::{List, Record, quote};

/// A connection: the handshake, and what waits for its end.
#[derive(Clone, Debug)]
pub(crate) struct SocketIo {
    /// Whether the address asks for the Engine.IO of Socket.IO 1 and 2, where the client pings,
    /// and is let in without asking.
    old: bool,
    /// What is said of oneself when connecting: nothing, or JSON.
    auth: String,
    connected: bool,
    /// How often there is a ping, and how late it may be, in milliseconds.
    interval: Option<u32>,
    lateness: u32,
    waiting: Vec<String>,
}

/// Who has to say something how often, in milliseconds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Heartbeat {
    /// The interval of the server's pings, as [`Welcome`](crate::Welcome) counts it.
    pub(crate) server: Option<u32>,
    /// The interval of the client's.
    pub(crate) client: Option<u32>,
}

/// What a frame says.
#[derive(Debug)]
pub(crate) enum Packet<'a> {
    /// A step of the handshake, or a pong.
    Handshake,
    /// The handshake is over.
    Connected(Heartbeat),
    Ping,
    /// The server does not want to talk to us, or not any more.
    Dismissed,
    Event(String, List<'a>),
    /// The answer to what was [`ask`](SocketIo::ask)ed under this number.
    Answer(&'a str, List<'a>),
    Unknown,
}

/// The arguments of an event, in the writing.
#[derive(Debug, Default)]
pub(crate) struct Arguments(String);

impl SocketIo {
    pub(crate) fn new(auth: String) -> Self {
        Self {
            old: false,
            auth,
            connected: false,
            interval: None,
            lateness: 0,
            waiting: Vec::new(),
        }
    }

    /// Begins anew on another socket.
    pub(crate) fn restart(&mut self) {
        self.connected = false;
        self.waiting.clear();
    }

    /// Completes a server's address: the path, unless it has one, and the transport. An old server
    /// is known by its greeting; with `EIO=3` in the address it is not asked for what it gives
    /// unasked.
    pub(crate) fn address(&mut self, server: &str) -> String {
        let (path, query) = server.split_once('?').unwrap_or((server, ""));
        let path = path.trim_end_matches('/');
        // Two slashes stand before the authority, and more of them before folders.
        let folder = match path.bytes().filter(|&it| it == b'/').count() {
            ..=2 => "/socket.io/?",
            _ => "/?",
        };
        let mut address = [path, folder, query].concat();
        if query.as_bytes().windows(5).any(|field| field == b"EIO=3") {
            self.old = true;
        } else {
            address.push_str(if query.is_empty() { "EIO=4" } else { "&EIO=4" });
        }
        address + "&transport=websocket"
    }

    /// Reads a frame. What is to be answered at once is added to `replies`.
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

    /// Writes an event that wants an answer, under a number of one digit.
    pub(crate) fn ask(&mut self, number: &str, name: &str, arguments: Arguments) -> Vec<String> {
        self.send(&["42", number].concat(), name, arguments)
    }

    fn send(&mut self, kind: &str, name: &str, arguments: Arguments) -> Vec<String> {
        let mut frame = [kind, "["].concat();
        quote(name, &mut frame);
        frame.push_str(&arguments.0);
        frame.push(']');
        if self.connected {
            return vec![frame];
        }
        self.waiting.push(frame);
        Vec::new()
    }

    fn opened(
        &mut self,
        rest: &str,
        replies: &mut Vec<String>,
    ) -> Result<Packet<'static>, DecodeError> {
        let mut record = Record::parse(rest)?;
        self.interval = record.number("pingInterval");
        self.lateness = record.number("pingTimeout").unwrap_or_default();
        if !self.old {
            replies.push(["40", &self.auth].concat());
        }
        Ok(Packet::Handshake)
    }

    /// An old server lets in without giving an id.
    fn connected(&mut self, rest: &str) -> Result<Heartbeat, DecodeError> {
        if rest.is_empty() {
            self.connected = true;
            return Ok(Heartbeat {
                server: None,
                client: self.interval,
            });
        }
        Record::parse(rest)?;
        self.connected = true;
        // A session waits for 2.4 pings; here one may be late by `lateness`.
        let patience = |interval: u32| interval.saturating_add(self.lateness) / 12 * 5;
        Ok(Heartbeat {
            server: self.interval.map(patience),
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
                replies.append(&mut self.waiting);
                Ok(Packet::Connected(heartbeat))
            }
            '1' => Ok(Packet::Dismissed),
            '4' => Record::parse(rest).map(|_| Packet::Dismissed),
            '2' => {
                let mut arguments = List::parse(body)?;
                let name = arguments.text();
                Ok(name.map_or(Packet::Unknown, |name| Packet::Event(name, arguments)))
            }
            '3' => {
                let number = rest.strip_suffix(body).unwrap_or_default();
                List::parse(body).map(|answer| Packet::Answer(number, answer))
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
        (io.address(server), io.old)
    }

    #[test]
    fn an_address_is_completed_as_far_as_it_needs_it() {
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
    fn what_is_said_before_the_handshake_is_over_follows_it() {
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
        assert_eq!(heartbeat.server, Some(18_750), "2.4 of them are 45 s");
        assert_eq!(replies, [r#"42["join","r"]"#]);
    }

    #[test]
    fn an_old_server_lets_in_unasked_and_wants_to_be_pinged() {
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
