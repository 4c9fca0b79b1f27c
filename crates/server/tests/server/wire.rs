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
async fn the_close_code_reaches_a_peer_that_is_still_sending() {
    let server = Server::start().await;
    let head = [0x81, 0xff, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0];
    let long = [head.as_slice(), &[b'x'; 0x40000]].concat();
    assert_eq!(answer(&server, &long).await, close(1009));
}

/// A frame of a client whose mask is nothing, so that its payload can be read here.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    let mut frame = vec![first];
    if length < 126 {
        frame.push(0x80 | length);
    } else {
        frame.extend([0xfe, 0, length]);
    }
    [&frame, [0; 4].as_slice(), payload].concat()
}

#[tokio::test]
async fn undefined_frames_break_the_protocol() {
    let server = Server::start().await;
    for (what, frames) in [
        ("an opcode that is reserved", frame(0x83, b"")),
        ("a control opcode that is reserved", frame(0x8b, b"")),
        ("a ping in fragments", frame(0x09, b"")),
        ("a long ping", frame(0x89, &[b'x'; 126])),
        ("a continuation of nothing", frame(0x80, b"x")),
        (
            "a text within a text",
            [frame(0x01, b"x"), frame(0x81, b"x")].concat(),
        ),
        ("a close of one byte", frame(0x88, b"x")),
    ] {
        assert_eq!(answer(&server, &frames).await, close(1002), "{what}");
    }
}

#[tokio::test]
async fn a_close_is_answered_and_a_malformed_one_refused() {
    let server = Server::start().await;
    for (sent, answered) in [(1000, 1000), (4999, 4999), (999, 1002), (1005, 1002)] {
        let sent = frame(0x88, &u16::to_be_bytes(sent));
        let answer = answer(&server, &sent).await;
        assert_eq!(answer[0], 0x88);
        assert_eq!(answer[2..4], u16::to_be_bytes(answered), "{sent:?}");
    }
    assert_eq!(answer(&server, &frame(0x88, b"")).await, [0x88, 0]);
}

#[tokio::test]
async fn a_ping_between_fragments_is_answered() {
    let server = Server::start().await;
    // The fragments part a letter in two.
    let said = [
        frame(0x01, b"h\xc3"),
        frame(0x89, &[b'x'; 125]),
        frame(0x80, b"\xa9"),
    ];
    let pong = [[0x8a, 125].as_slice(), &[b'x'; 125]].concat();
    let text = [b"\x81\x03", "hé".as_bytes()].concat();
    let mut tcp = upgraded(&server).await;
    tcp.write_all(&said.concat()).await.unwrap();
    let mut heard = vec![0; pong.len() + text.len()];
    let read = tcp.read_exact(&mut heard);
    within("the pong and the text", read).await.unwrap();
    assert_eq!(heard, [pong, text].concat());
}

#[tokio::test]
async fn an_incomplete_upgrade_is_refused() {
    let server = Server::start().await;
    let whole = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    for (name, value) in [
        ("connection", "close"),
        ("upgrade", "h2c"),
        ("sec-websocket-version", "8"),
        ("sec-websocket-key", ""),
    ] {
        let head = whole.iter().filter(|(known, _)| *known != name);
        let wrong = (name, value);
        let value = Some(&wrong).filter(|(_, value)| !value.is_empty());
        let head = head.chain(value);
        let head = head.map(|(name, value)| format!("{name}: {value}\r\n"));
        let head = head.collect::<String>();
        let request = format!("GET /rooms HTTP/1.1\r\nHost: x\r\n{head}\r\n");
        let mut tcp = server.tcp().await;
        tcp.write_all(request.as_bytes()).await.unwrap();
        let mut status = [0; 10];
        tcp.read_exact(&mut status).await.unwrap();
        assert_eq!(&status, b"HTTP/1.1 4", "{name}");
    }
}
