//! Frames that no client library would send.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Server, within};

/// Upgrades by hand: such a client answers nothing.
pub(crate) async fn upgraded(server: &Server) -> TcpStream {
    let mut tcp = server.tcp().await;
    let head = "GET /relay/wire HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
        Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    tcp.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(within("the upgrade", tcp.read_u8()).await.unwrap());
    }
    assert!(answer.starts_with(b"HTTP/1.1 101"));
    tcp
}

/// Sends these bytes, and gives what comes back up to the end.
async fn answer(server: &Server, frames: &[u8]) -> Vec<u8> {
    let mut tcp = upgraded(server).await;
    tcp.write_all(frames).await.unwrap();
    let mut answer = Vec::new();
    within("the end", tcp.read_to_end(&mut answer))
        .await
        .unwrap();
    answer
}

fn close(code: u16) -> Vec<u8> {
    [&[0x88, 2], code.to_be_bytes().as_slice()].concat()
}

#[tokio::test]
async fn an_unmasked_frame_breaks_the_protocol() {
    let server = Server::start().await;
    assert_eq!(answer(&server, b"\x81\x02hi").await, close(1002));
}

#[tokio::test]
async fn a_reserved_bit_breaks_the_protocol() {
    let server = Server::start().await;
    assert_eq!(answer(&server, b"\xc1\x80\0\0\0\0").await, close(1002));
}

#[tokio::test]
async fn a_text_must_be_utf_8() {
    let server = Server::start().await;
    assert_eq!(
        answer(&server, b"\x81\x82\0\0\0\0\xff\xfe").await,
        close(1007)
    );
}

#[tokio::test]
async fn fragments_count_together() {
    let server = Server::start().await;
    let fragment = |first: u8| {
        let head = [first, 0xfe, 0x80, 0x00, 0, 0, 0, 0];
        [head.as_slice(), &[b'x'; 0x8000]].concat()
    };
    let more = [
        fragment(0x01),
        fragment(0x00),
        b"\x80\x81\0\0\0\0x".to_vec(),
    ]
    .concat();
    assert_eq!(answer(&server, &more).await, close(1009));
}

/// A reset would take the close with it, and fail the reading here.
#[tokio::test]
async fn the_reason_reaches_a_peer_that_is_still_talking() {
    let server = Server::start().await;
    let head = [0x81, 0xff, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0];
    let long = [head.as_slice(), &[b'x'; 0x40000]].concat();
    assert_eq!(answer(&server, &long).await, close(1009));
}
