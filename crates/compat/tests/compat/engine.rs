//! Engine.IO and Socket.IO, without the events of a particular system.

use std::time::Duration;

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::client::Client;
use crate::harness::{Server, within};
use crate::io::{Io, POLLING, Polling, WEBSOCKET};

#[tokio::test]
async fn the_handshake_states_the_limits_and_a_connect_gets_an_id() {
    let server = Server::start().await;
    let (mut io, open) = Io::open(&server).await;
    assert_eq!(open["upgrades"], json!([]));
    assert_eq!(
        (&open["pingInterval"], &open["pingTimeout"]),
        (&json!(10_000), &json!(15_000))
    );
    assert_eq!(open["maxPayload"], 65_536);
    io.send_packet("40").await;
    let connected = io.next_packet().await;
    let sid = connected.strip_prefix("40").unwrap();
    let sid: serde_json::Value = serde_json::from_str(sid).unwrap();
    assert!(sid["sid"].as_str().unwrap().len() >= 20);
    assert_ne!(
        sid["sid"], open["sid"],
        "the one is a secret, the other need not be"
    );
}

#[tokio::test]
async fn handshake_errors_are_those_of_the_protocol() {
    let server = Server::start().await;
    let unknown = format!("{POLLING}&sid=nobody");
    let old = "/socket.io/?EIO=2&transport=polling";
    for (method, path, code, message) in [
        ("GET", "/socket.io/", 0, "Transport unknown"),
        (
            "GET",
            "/socket.io/?EIO=4&transport=grpc",
            0,
            "Transport unknown",
        ),
        ("GET", &unknown, 1, "Session ID unknown"),
        ("POST", &unknown, 1, "Session ID unknown"),
        ("POST", POLLING, 2, "Bad handshake method"),
        ("PUT", POLLING, 2, "Bad handshake method"),
        ("GET", WEBSOCKET, 3, "Bad request"),
        ("PUT", &unknown, 3, "Bad request"),
        (
            "GET",
            "/socket.io?transport=polling",
            5,
            "Unsupported protocol version",
        ),
        ("GET", old, 5, "Unsupported protocol version"),
    ] {
        let reply = server.http(method, path, &[]).await;
        assert_eq!(reply.status, 400, "{method} {path}");
        assert_eq!(reply.json(), json!({ "code": code, "message": message }));
    }
    for path in [
        "/socket.io/?EIO=2&transport=websocket".to_owned(),
        format!("{WEBSOCKET}&sid=nobody"),
        POLLING.to_owned(),
    ] {
        let refused = Client::try_open(&server, &path, &[]).await.err().unwrap();
        assert_eq!(refused.status(), 400, "{path}");
    }
}

#[tokio::test]
async fn another_namespace_is_refused_without_ending_the_session() {
    let server = Server::start().await;
    let (mut io, _) = Io::open(&server).await;
    io.send_packet("40/nope,{\"a\":1}").await;
    assert_eq!(
        io.next_packet().await,
        "44/nope,{\"message\":\"Invalid namespace\"}"
    );
    io.send_packet("40").await;
    assert!(io.next_packet().await.starts_with("40{"));
    io.expect_nothing().await;
}

#[tokio::test]
async fn a_client_can_disconnect_from_the_namespace_and_reconnect() {
    let server = Server::start().await;
    let (mut io, _) = Io::open(&server).await;
    io.send_packet("40").await;
    let first = io.next_packet().await;
    io.emit(json!(["join", "r1"])).await;
    assert_eq!(io.event().await, json!(["created"]));
    io.send_packet("41").await;
    io.send_packet("40").await;
    assert_ne!(io.next_packet().await, first);
    io.emit(json!(["join", "r1"])).await;
    assert_eq!(
        io.event().await,
        json!(["created"]),
        "the place was given back"
    );
}

#[tokio::test]
async fn packets_against_the_protocol_end_the_session() {
    let server = Server::start().await;
    for packet in [
        "42[\"join\",\"r1\"]",
        "41",
        "430[]",
        "",
        "2",
        "2probe",
        "9",
        "40{",
        "40[",
        "hello",
        "4",
        "é",
    ] {
        let (mut io, _) = Io::open(&server).await;
        io.send_packet(packet).await;
        assert_eq!(io.closed().await, 4501, "{packet}");
    }
    for packet in [
        "40",
        "2",
        "42",
        "42[]",
        "42{}",
        "42[1]",
        "42[\"a\"",
        "42/admin,[\"a\"]",
        "41/admin,",
        "44",
        "49",
        "x",
        "4212345678901234567890[\"getIce\"]",
    ] {
        let mut io = Io::connect(&server).await;
        io.send_packet(packet).await;
        assert_eq!(io.closed().await, 4501, "{packet}");
    }
}

#[tokio::test]
async fn binary_messages_are_refused() {
    let server = Server::start().await;
    let attachment = "451-[\"offer\",{\"_placeholder\":true,\"num\":0}]";
    for packet in [attachment, "461-1[]", "bAAEC"] {
        let mut io = Io::connect(&server).await;
        io.send_packet(packet).await;
        assert_eq!(io.closed().await, 1003, "{packet}");
    }
    let mut io = Io::connect(&server).await;
    io.send_frame(Message::binary(vec![4, 1])).await;
    assert_eq!(io.closed().await, 1003);
}

#[tokio::test]
async fn unexpected_acknowledgements_and_noops_are_ignored() {
    let server = Server::start().await;
    let mut io = Io::connect(&server).await;
    for packet in [
        "3",
        "430[]",
        "6",
        "5",
        "42[\"unknown\",1,2,3]",
        "42[\"constructor\"]",
    ] {
        io.send_packet(packet).await;
    }
    io.expect_nothing().await;
}

#[tokio::test]
async fn a_client_that_does_not_connect_in_time_is_closed() {
    let server =
        Server::with(|config| config.server.timing.join = Duration::from_millis(100)).await;
    let (mut io, _) = Io::open(&server).await;
    assert_eq!(io.closed().await, 4502);
    let (page, _) = Polling::open(&server).await;
    assert_eq!(page.next_packet().await, "1");
    assert_eq!(page.get().await.json()["code"], 1);
}

#[tokio::test]
async fn a_client_that_does_not_answer_pings_is_closed() {
    let server = Server::with(|config| {
        config.timing.engine_ping = Duration::from_millis(100);
        config.timing.engine_pong = Duration::from_millis(400);
    })
    .await;
    let mut alive = Io::connect(&server).await;
    alive.emit(json!(["join", "r1"])).await;
    assert_eq!(alive.event().await, json!(["created"]));
    let page = Polling::connect(&server).await;
    for _ in 0..8 {
        assert_eq!(alive.client.next_text().await, "2");
        alive.send_packet("3").await;
        assert_eq!(page.next_packet().await, "2");
        page.send_packet("3").await;
    }
    page.send_packet("42[\"join\",\"r1\"]").await;
    let mut silent = Io::connect(&server).await;
    silent.client.next_text().await;
    assert_eq!(
        alive.event().await,
        json!(["leave"]),
        "the page has gone silent"
    );
    assert_eq!(silent.closed().await, 4009);
    assert_eq!(page.get().await.status, 400);
}

#[tokio::test]
async fn messages_over_64_kib_are_refused() {
    let server = Server::start().await;
    let padded = |bytes: usize| format!("42[\"x\",\"{}\"]", "p".repeat(bytes - 10));
    let mut io = Io::connect(&server).await;
    io.send_packet(&padded(64 * 1024)).await;
    io.expect_nothing().await;
    io.send_packet(&padded(64 * 1024 + 1)).await;
    assert_eq!(io.closed().await, 1009);
    let page = Polling::connect(&server).await;
    page.send_packet(&padded(64 * 1024)).await;
    assert_eq!(page.post(padded(64 * 1024 + 1)).await.status, 413);
    assert_eq!(page.post("3").await.status, 400);
}

#[tokio::test]
async fn too_many_messages_end_the_session() {
    let server = Server::with(|config| {
        config.server.limits.message_burst = 5;
        config.server.limits.messages_per_second = 1;
    })
    .await;
    let mut io = Io::connect(&server).await;
    for _ in 0..5 {
        io.send_packet("3").await;
    }
    assert_eq!(io.closed().await, 4013);
    let page = Polling::connect(&server).await;
    let flood = ["3"; 10].join("\u{1e}");
    assert_eq!(page.post(flood).await.status, 400);
    assert_eq!(page.post("3").await.status, 400);
}

#[tokio::test]
async fn the_origin_check_applies() {
    let server = Server::start().await;
    let local = [("origin", "http://localhost:3000")];
    let reply = server.get(POLLING, &local).await;
    assert_eq!(
        reply.header("access-control-allow-origin"),
        "http://localhost:3000"
    );
    let evil = [("origin", "https://evil.example")];
    assert_eq!(server.get(POLLING, &evil).await.status, 403);
    let refused = Client::try_open(&server, WEBSOCKET, &evil)
        .await
        .err()
        .unwrap();
    assert_eq!(refused.status(), 403);
    assert!(Client::try_open(&server, WEBSOCKET, &local).await.is_ok());
}

#[tokio::test]
async fn at_shutdown_sessions_are_closed_and_nobody_is_reported_to_leave() {
    let server = Server::start().await;
    let mut alice = Io::connect(&server).await;
    let mut bob = Io::connect(&server).await;
    for io in [&mut alice, &mut bob] {
        io.emit(json!(["join", "r1"])).await;
        io.event().await;
    }
    let last = {
        let page = Polling::connect(&server).await;
        let waiting = page.get();
        tokio::pin!(waiting);
        // The request must be there by then.
        tokio::select! {
            biased;
            _ = &mut waiting => panic!("nothing was said"),
            () = async { for _ in 0..20 { bob.expect_nothing().await; } } => (),
        }
        server.ask_to_stop();
        waiting.await
    };
    assert_eq!(last.body, b"1");
    for mut io in [alice, bob] {
        let Message::Close(Some(frame)) = io.client.next_raw().await else {
            panic!("something else came first");
        };
        assert_eq!(u16::from(frame.code), 4001);
    }
    within("the end", server.stop()).await.unwrap();
}
