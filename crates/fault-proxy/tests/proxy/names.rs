//! Names of rooms: where they are found, and which modes they can have.

use serde_json::json;

use crate::client::{Client, join, offer};
use crate::harness::{Proxy, pair};
use crate::socketio::{SocketIo, WEBSOCKET};

const DOCUMENT: &str = include_str!("../../../../docs/faults.md");

#[tokio::test]
async fn passes_everything_on_in_rooms_without_faults() {
    let proxy = Proxy::start().await;
    for room in ["standup", "fault-happy-x"] {
        let [(mut ann, hers), (mut bob, his)] = pair(&proxy, room).await;
        bob.send(offer(&hers["id"])).await;
        assert_eq!(ann.next().await["from"], his["id"]);
        bob.send(json!({ "type": "bye" })).await;
        assert_eq!(bob.close_code().await, Some(1000));
        assert_eq!(ann.next().await["reason"], "bye");
        ann.close().await;
    }
    assert!(proxy.get("/healthz").await.ends_with("ok\n"));
    let evil = [("origin", "https://evil.example")];
    let refused = Client::try_open(proxy.address, "/rooms", &evil).await;
    assert_eq!(refused.err().unwrap().status(), 403);
    let mut long = Client::open(proxy.address, "/rooms").await;
    long.send_text("x".repeat(70 * 1024)).await;
    assert_eq!(long.close_code().await, Some(1009), "as the server does");
}

#[tokio::test]
async fn takes_the_room_from_the_path_or_the_query() {
    let proxy = Proxy::start().await;
    for (path, status, after) in [
        ("/relay/fault-refuse-1", 503, ""),
        ("/relay/fault-refuse~404-1", 404, ""),
        ("/rooms?fault=refuse~401-1", 401, ""),
        ("/channels/fault-retry_after~7-1", 503, "7"),
        ("/relay/fault-no_such-1", 400, ""),
    ] {
        let refused = Client::try_open(proxy.address, path, &[])
            .await
            .err()
            .unwrap();
        assert_eq!(refused.status(), status, "{path}");
        let header = refused.headers().get("retry-after");
        assert_eq!(header.map_or("", |value| value.to_str().unwrap()), after);
    }
    let mut relay = Client::open(proxy.address, "/relay/fault-refuse-1").await;
    relay.send_text("x").await;
    assert_eq!(
        relay.next_text().await,
        "x",
        "the second connection is let in"
    );
    let mut by_query = Client::open(proxy.address, "/rooms?fault=drop_when_connected~50-2").await;
    by_query.send(join("standup", "Ann")).await;
    assert_eq!(by_query.next().await["type"], "welcome");
    assert_eq!(by_query.close_code().await, None);
}

#[tokio::test]
async fn unknown_mode_closes_with_bad_request() {
    let proxy = Proxy::start().await;
    let mut ann = Client::ask(proxy.address, "fault-no_such-x").await;
    assert_eq!(ann.close_code().await, Some(4501));
}

#[tokio::test]
async fn injects_faults_in_each_dialect() {
    let proxy = Proxy::start().await;
    let mut relay = Client::open(
        proxy.address,
        "/relay/fault-dup_all.drop_when_connected~300-x",
    )
    .await;
    relay.send_text("x").await;
    assert_eq!(
        (relay.next_text().await, relay.next_text().await),
        ("x".into(), "x".into())
    );
    assert_eq!(relay.close_code().await, None);
    let mut mesh = Client::open(proxy.address, "/channels/fault-close_4009~1-x").await;
    assert_eq!(mesh.close_code().await, Some(4009));
    let mut full = Client::open(proxy.address, "/relay/fault-room_full-x").await;
    assert_eq!(full.close_code().await, Some(4504));

    let mut ann = SocketIo::connect(proxy.address).await;
    ann.emit(json!(["join", "fault-dup_all-x"])).await;
    assert_eq!(
        (ann.next_event().await, ann.next_event().await),
        (json!(["created"]), json!(["created"]))
    );
    let mut full = SocketIo::connect(proxy.address).await;
    full.emit(json!(["join", "fault-room_full-x"])).await;
    assert_eq!(full.next_event().await, json!(["full"]));
    assert_eq!(full.close_code().await, Some(4504));
    let mut dropped = Client::open(
        proxy.address,
        &format!("{WEBSOCKET}&fault=drop_when_connected~50-x"),
    )
    .await;
    dropped.next_text().await;
    dropped.send_text("40").await;
    assert!(dropped.next_text().await.starts_with("40"));
    assert_eq!(dropped.close_code().await, None);
}

#[tokio::test]
async fn takes_the_room_from_an_appointment_token() {
    let proxy = Proxy::with(|config| {
        config.appointments_secret = Some("s".repeat(32).parse().unwrap());
    })
    .await;
    let mut socket = SocketIo::open(proxy.address).await;
    // {"uuid":"fault-close_1011~1-x"}; the proxy does not check the signature.
    let token = "e30.eyJ1dWlkIjoiZmF1bHQtY2xvc2VfMTAxMX4xLXgifQ.x";
    socket.send(&format!("40{}", json!({ "jwt": token }))).await;
    assert_eq!(socket.close_code().await, Some(1011));
}

#[test]
fn each_mode_is_documented() {
    for mode in [
        "happy",
        "refuse",
        "retry_after",
        "no_first_message",
        "no_pong",
        "close_before_join",
        "close_when_connected",
        "close_<code>",
        "drop_when_connected",
        "drop_on_close",
        "half_open",
        "slow",
        "slow_<n>Bps",
        "kick_first",
        "kick_after",
        "kick_on_return",
        "room_full",
        "token_expired",
        "forbidden",
        "garbage_json",
        "binary_garbage",
        "unknown_type",
        "huge",
        "huge_<n>MiB",
        "dup_all",
        "drop_nth",
        "reorder",
        "reorder_window_<n>",
        "answer_twice",
        "candidate_first",
        "glare",
        "flood",
        "flood_<n>ps",
        "restart",
        "deploy",
    ] {
        assert!(DOCUMENT.contains(&format!("`{mode}`")), "{mode}");
    }
}
