use std::io::{self, ErrorKind};

use tokio::io::{AsyncRead, AsyncReadExt};

use super::plan;
use super::words::Dialect;
use crate::web;

/// No longer than what the server itself reads.
const MAX_BYTES: usize = 16 * 1024;

/// The head of a request or of an answer, as it came, and what of the rest came with it.
pub(super) struct Head {
    pub(super) bytes: Vec<u8>,
    end: usize,
}

impl Head {
    pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
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

    /// What came after the head.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.end..]
    }

    pub(super) fn is_upgraded(&self) -> bool {
        self.bytes.starts_with(b"HTTP/1.1 101")
    }

    /// What is asked for, if it is a WebSocket.
    pub(super) fn upgrade(&self) -> Option<Upgrade> {
        let head = str::from_utf8(&self.bytes[..self.end]).ok()?;
        let mut lines = head.split("\r\n");
        let target = lines.next()?.split(' ').nth(1)?;
        let is_upgrade = |line: &str| {
            let line = line.to_ascii_lowercase();
            line.starts_with("upgrade:") && line.contains("websocket")
        };
        lines.any(is_upgrade).then(|| Upgrade::read(target))
    }
}

/// A WebSocket that is asked for.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Upgrade {
    pub(super) dialect: Dialect,
    /// The name of the room, if it misbehaves and the address says so.
    pub(super) name: Option<String>,
}

impl Upgrade {
    fn read(target: &str) -> Self {
        let query = target.split_once('?').map(|(_, query)| query);
        let asked = web::parameter(query, "fault").map(String::from);
        Self {
            dialect: Dialect::of(target),
            name: asked.or_else(|| plan::find(target).map(str::to_owned)),
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
    async fn an_upgrade_names_its_dialect_and_its_room() {
        let ask = "GET /relay/fault-dup_all-1 HTTP/1.1\r\nUpgrade: WebSocket\r\n\r\n";
        let relay = Upgrade {
            dialect: Dialect::Relay,
            name: Some("dup_all-1".to_owned()),
        };
        assert_eq!(upgrade(ask).await, Some(relay));
        let ask = "GET /rooms?fault=slow~1-a HTTP/1.1\r\nupgrade: websocket\r\n\r\n";
        let rooms = Upgrade {
            dialect: Dialect::Rooms,
            name: Some("slow~1-a".to_owned()),
        };
        assert_eq!(upgrade(ask).await, Some(rooms));
        assert_eq!(
            upgrade("GET /rooms HTTP/1.1\r\nHost: x\r\n\r\n").await,
            None
        );
    }

    #[tokio::test]
    async fn what_came_with_a_head_is_kept() {
        let mut bytes = b"HTTP/1.1 101 X\r\n\r\nrest".as_slice();
        let head = Head::read(&mut bytes).await.unwrap();
        assert!(head.is_upgraded());
        assert_eq!(head.rest(), b"rest");
        assert!(Head::read(&mut b"GET".as_slice()).await.is_err());
    }
}
