use std::io::{self, ErrorKind};

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::dialect::Dialect;
use crate::plan;

/// The longest head that the server itself reads.
const MAX_BYTES: usize = 16 * 1024;

/// The head of an HTTP request or response, with the bytes that were read beyond it.
pub(crate) struct Head {
    bytes: Vec<u8>,
    end: usize,
}

impl Head {
    pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let mut bytes = Vec::new();
        loop {
            if stream.read_buf(&mut bytes).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end.map(|end| end + 4) {
                return Ok(Self { bytes, end });
            }
            if bytes.len() > MAX_BYTES {
                return Err(ErrorKind::InvalidData.into());
            }
        }
    }

    /// All bytes that were read: the head and what came after it.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn head(&self) -> &[u8] {
        &self.bytes[..self.end]
    }

    /// The bytes after the head.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.bytes[self.end..]
    }

    /// Whether this response accepts an upgrade.
    pub(crate) fn is_upgraded(&self) -> bool {
        self.bytes.starts_with(b"HTTP/1.1 101")
    }

    /// The WebSocket that this request asks for, if it asks for one.
    pub(crate) fn upgrade(&self) -> Option<Upgrade> {
        let head = str::from_utf8(self.head()).ok()?;
        let mut lines = head.split("\r\n");
        let target = lines.next()?.split(' ').nth(1)?;
        let is_upgrade = |line: &str| {
            let line = line.to_ascii_lowercase();
            line.starts_with("upgrade:") && line.contains("websocket")
        };
        lines.any(is_upgrade).then(|| Upgrade::read(target))
    }
}

/// A request for a WebSocket.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Upgrade {
    pub(crate) dialect: Dialect,
    /// The name of the room with faults, if the request target has one.
    pub(crate) room: Option<String>,
}

impl Upgrade {
    fn read(target: &str) -> Self {
        let (_, query) = target.split_once('?').unwrap_or_default();
        let mut query = form_urlencoded::parse(query.as_bytes());
        let in_query = query.find(|(key, _)| key == "fault");
        let in_query = in_query.map(|(_, room)| room.into_owned());
        Self {
            dialect: Dialect::of_path(target),
            room: in_query.or_else(|| plan::find_room(target).map(str::to_owned)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn upgrade(request: &str) -> Option<Upgrade> {
        let head = Head::read(&mut request.as_bytes()).await.unwrap();
        head.upgrade()
    }

    #[tokio::test]
    async fn upgrade_has_dialect_and_room_of_the_target() {
        let request = "GET /relay/fault-dup_all-1 HTTP/1.1\r\nUpgrade: WebSocket\r\n\r\n";
        let relay = Upgrade {
            dialect: Dialect::Relay,
            room: Some("dup_all-1".to_owned()),
        };
        assert_eq!(upgrade(request).await, Some(relay));
        let request = "GET /rooms?fault=slow~1-a HTTP/1.1\r\nupgrade: websocket\r\n\r\n";
        let rooms = Upgrade {
            dialect: Dialect::Rooms,
            room: Some("slow~1-a".to_owned()),
        };
        assert_eq!(upgrade(request).await, Some(rooms));
        assert_eq!(
            upgrade("GET /rooms HTTP/1.1\r\nHost: x\r\n\r\n").await,
            None
        );
    }

    #[tokio::test]
    async fn bytes_after_the_head_are_kept() {
        let mut bytes = b"HTTP/1.1 101 X\r\n\r\nrest".as_slice();
        let head = Head::read(&mut bytes).await.unwrap();
        assert!(head.is_upgraded());
        assert_eq!(head.rest(), b"rest");
        assert!(Head::read(&mut b"GET".as_slice()).await.is_err());
    }
}
