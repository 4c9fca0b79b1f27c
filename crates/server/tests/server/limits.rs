//! What a client may not do, and that the others do not suffer from it.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

use crate::client::{Client, offer};
use crate::harness::{Reply, Server, within};

/// A well-formed message of so many bytes, of a kind that no server knows.
fn padded(bytes: usize) -> String {
    let empty = json!({ "type": "x", "pad": "" }).to_string().len();
    json!({ "type": "x", "pad": "p".repeat(bytes - empty) }).to_string()
}

#[tokio::test]
async fn messages_over_64_kib_are_refused() {
    let server = Server::start().await;
    let (mut ann, _) = Client::join(&server, "standup", "Ann").await;
    let (mut bob, _) = Client::join(&server, "standup", "Bob").await;
    ann.next().await;
    bob.send_text(padded(64 * 1024)).await;
    assert_eq!(
        bob.next().await,
        json!({ "type": "rejected", "code": "unknown-type" })
    );
    bob.send_text(padded(64 * 1024 + 1)).await;
    assert_eq!(bob.closed().await, 1009);
    assert_eq!(ann.next().await["reason"], "lost");
    ann.expect_nothing().await;
}

#[tokio::test]
async fn much_longer_messages_are_refused_with_the_same_code() {
    let server = Server::start().await;
    for path in ["/rooms", "/relay/standup"] {
        let mut client = Client::open(&server, path).await;
        client.send_text("x".repeat(400 * 1024)).await;
        assert_eq!(client.closed().await, 1009);
    }
}

#[tokio::test]
async fn the_relay_has_the_same_message_limit() {
    let server = Server::start().await;
    let mut client = Client::open(&server, "/relay/standup").await;
    client.send_text("x".repeat(64 * 1024)).await;
    assert_eq!(client.next_text().await.len(), 64 * 1024);
    client.send_text("x".repeat(64 * 1024 + 1)).await;
    assert_eq!(client.closed().await, 1009);
}

#[tokio::test]
async fn descriptions_have_48_kib_and_candidates_1_kib() {
    let server = Server::start().await;
    let (mut ann, hers) = Client::join(&server, "standup", "Ann").await;
    let (mut bob, _) = Client::join(&server, "standup", "Bob").await;
    ann.next().await;
    let candidate = |bytes| {
        let candidate = json!({ "candidate": "c".repeat(bytes) });
        json!({ "type": "signal", "to": hers["id"], "candidate": candidate })
    };
    bob.send(offer(&hers["id"], &"s".repeat(48 * 1024))).await;
    bob.send(candidate(1024)).await;
    assert_eq!(ann.next().await["type"], "signal");
    assert_eq!(ann.next().await["type"], "signal");
    bob.send(offer(&hers["id"], &"s".repeat(48 * 1024 + 1)))
        .await;
    assert_eq!(bob.next().await["code"], "malformed");
    bob.send(candidate(1025)).await;
    assert_eq!(bob.next().await["code"], "malformed");
    ann.expect_nothing().await;
}

#[tokio::test]
async fn a_burst_of_candidates_passes_and_a_flood_is_refused() {
    let server = Server::start().await;
    let (mut ann, hers) = Client::join(&server, "standup", "Ann").await;
    let (mut bob, his) = Client::join(&server, "standup", "Bob").await;
    ann.next().await;
    for _ in 0..7 * 30 {
        bob.send(json!({ "type": "signal", "to": hers["id"], "candidate": { "candidate": "" } }))
            .await;
        assert_eq!(ann.next().await["from"], his["id"]);
    }
    for _ in 0..400 {
        bob.send(json!({ "type": "pong" })).await;
    }
    assert_eq!(bob.closed().await, 4013);
    assert_eq!(ann.next().await["type"], "away");
}

#[tokio::test]
async fn the_relay_has_the_same_rate_limit() {
    let server = Server::with(|config| {
        config.limits.message_burst = 5;
        config.limits.messages_per_second = 1;
    })
    .await;
    let mut client = Client::open(&server, "/relay/standup").await;
    for _ in 0..5 {
        client.send_text("x").await;
        assert_eq!(client.next_text().await, "x");
    }
    client.send_text("x").await;
    assert_eq!(client.closed().await, 4013);
}

#[tokio::test]
async fn the_tenth_malformed_message_closes_the_connection() {
    let server = Server::start().await;
    let (mut ann, _) = Client::join(&server, "standup", "Ann").await;
    let broken = ["{", "\"x\"", "1", "[]", "{\"type\":\"signal\"}", ""];
    for text in broken.iter().cycle().take(9) {
        ann.send_text(*text).await;
        assert_eq!(
            ann.next().await,
            json!({ "type": "rejected", "code": "malformed" })
        );
    }
    ann.expect_nothing().await;
    ann.send_text("}").await;
    assert_eq!(ann.next().await["code"], "malformed");
    assert_eq!(ann.closed().await, 4509);
}

#[tokio::test]
async fn malformed_messages_before_the_join_count() {
    let server = Server::start().await;
    let mut client = Client::open(&server, "/rooms").await;
    for _ in 0..10 {
        client.send_text("{").await;
    }
    assert_eq!(client.closed().await, 4509);
}

#[tokio::test]
async fn unknown_message_types_do_not_count_as_malformed() {
    let server = Server::start().await;
    let (mut ann, _) = Client::join(&server, "standup", "Ann").await;
    for _ in 0..20 {
        ann.send(json!({ "type": "raise-hand" })).await;
        assert_eq!(ann.next().await["code"], "unknown-type");
    }
}

#[tokio::test]
async fn a_client_that_does_not_join_in_time_is_closed() {
    let server = Server::with(|config| config.timing.join = Duration::from_millis(100)).await;
    let mut silent = Client::open(&server, "/rooms").await;
    assert_eq!(silent.closed().await, 4502);
    // Talking is not joining.
    let mut talkative = Client::open(&server, "/rooms").await;
    talkative.send(json!({ "type": "x" })).await;
    assert_eq!(talkative.closed().await, 4502);
}

/// Opens a socket whose system buffer is small, so that not reading soon shows.
async fn narrow(server: &Server, room: &str) -> Client {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let tcp = socket.connect(server.address).await.unwrap();
    let url = format!("ws://{}/rooms", server.address);
    let mut client = Client::over(tcp, &url, &[]).await.ok().unwrap();
    client.send(crate::client::join(room, "Slow")).await;
    client
}

#[tokio::test]
async fn a_slow_reader_is_closed_without_delaying_others() {
    let server = Server::with(|config| {
        config.limits.message_burst = 10_000;
        config.timing.close = Duration::from_secs(10);
    })
    .await;
    let mut slow = narrow(&server, "standup").await;
    let id = slow.next().await["id"].clone();
    let (mut ann, hers) = Client::join(&server, "standup", "Ann").await;
    let (mut bob, _) = Client::join(&server, "standup", "Bob").await;
    ann.next().await;
    let sdp = "s".repeat(40 * 1024);
    let mut sent = 0;
    // Each round is answered, so that only the slow one is behind.
    while ann_is_alone(&mut ann, &mut bob, &hers["id"]).await {
        bob.send(offer(&id, &sdp)).await;
        sent += 1;
        assert!(sent < 1000, "the slow reader was never dropped");
    }
    let away = bob.next().await;
    assert_eq!((&away["id"], &away["type"]), (&id, &json!("away")));
    bob.send(offer(&hers["id"], "still here")).await;
    assert_eq!(ann.next().await["description"]["sdp"], "still here");
    assert_eq!(slow.closed().await, 4008);
}

/// Has `bob` signal to `ann`; tells whether that was all that she heard.
async fn ann_is_alone(ann: &mut Client, bob: &mut Client, hers: &serde_json::Value) -> bool {
    bob.send(json!({ "type": "signal", "to": hers, "candidate": { "candidate": "" } }))
        .await;
    if ann.next().await["type"] == "signal" {
        return true;
    }
    assert_eq!(ann.next().await["type"], "signal");
    false
}

#[tokio::test]
async fn a_write_that_takes_too_long_closes_the_connection() {
    let server = Server::with(|config| {
        config.limits.message_burst = 10_000;
        config.limits.queue_bytes = usize::MAX;
        config.limits.queue_messages = usize::MAX;
        config.timing.write = Duration::from_millis(200);
        // Nothing else may end the seat.
        config.timing.pong = Duration::from_secs(3600);
        config.timing.stall = Duration::from_secs(3600);
    })
    .await;
    let mut slow = narrow(&server, "standup").await;
    let id = slow.next().await["id"].clone();
    let (mut ann, _) = Client::join(&server, "standup", "Ann").await;
    let sdp = "s".repeat(40 * 1024);
    for _ in 0..400 {
        ann.send(offer(&id, &sdp)).await;
    }
    let away = within("the news", async {
        loop {
            let message = ann.next().await;
            if message["type"] == "away" {
                return message;
            }
        }
    })
    .await;
    assert_eq!(away["id"], id);
}

#[tokio::test]
async fn a_slow_request_head_is_cut_off() {
    let server = Server::with(|config| {
        config.timing.request_head = Duration::from_millis(500);
    })
    .await;
    let mut tcp = server.tcp().await;
    tcp.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX: ")
        .await
        .unwrap();
    let (mut reader, mut writer) = tcp.split();
    let mut answer = Vec::new();
    let trickle = async {
        let mut beat = tokio::time::interval(Duration::from_millis(20));
        loop {
            beat.tick().await;
            if writer.write_all(b"x").await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    let read = within("the cut", reader.read_to_end(&mut answer));
    tokio::select! {
        // An error is a cut as well.
        _cut = read => (),
        () = trickle => (),
    }
    assert!(!answer.starts_with(b"HTTP/1.1 2"));
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = Server::with(|config| {
        config.timing.request_head = Duration::from_millis(500);
    })
    .await;
    let mut tcp = server.tcp().await;
    tcp.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    within("the end", tcp.read_to_end(&mut answer))
        .await
        .unwrap();
    assert_eq!(Reply::read(&answer).status, 200);
}

#[tokio::test]
async fn a_long_head_is_refused() {
    let server = Server::start().await;
    let pad = "x".repeat(4 * 1024);
    let headers = [("a", pad.as_str()), ("b", &pad), ("c", &pad)];
    assert_eq!(server.get("/healthz", &headers).await.status, 200);
    let pad = "x".repeat(100 * 1024);
    assert_eq!(server.get("/healthz", &[("a", &pad)]).await.status, 431);
}

#[tokio::test]
async fn connections_over_the_limit_wait() {
    let server = Server::with(|config| config.limits.connections = 2).await;
    let one = Client::open(&server, "/relay/a").await;
    let mut two = Client::open(&server, "/relay/b").await;
    let waiting = server.get("/healthz", &[]);
    tokio::pin!(waiting);
    // The server answers those that it has, and not the one over the limit.
    tokio::select! {
        biased;
        reply = &mut waiting => panic!("{} at once", reply.status),
        () = async { for _ in 0..50 {
            two.send_text("x").await;
            two.next_text().await;
        } } => (),
    }
    one.close().await;
    assert_eq!(waiting.await.status, 200);
}
