//! Each mode of `docs/faults.md`, against a real proxy on a free port.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that panics has failed, which is what it is for"
)]

mod client;
mod harness;
mod program;
mod socketio;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use client::{Client, answer, candidate, join, offer, resume};
use harness::{Proxy, within};
use socketio::{SocketIo, WEBSOCKET};

const DOCUMENT: &str = include_str!("../../../../docs/faults.md");

/// How long a test waits before it takes it that no message comes.
const SILENCE: Duration = Duration::from_millis(300);

/// Joins two clients. The first has already received the `joined` of the second.
async fn pair(proxy: &Proxy, room: &str) -> [(Client, Value); 2] {
    let (mut ann, hers) = Client::join(proxy.address, room, "Ann").await;
    let bob = Client::join(proxy.address, room, "Bob").await;
    assert_eq!(ann.next().await["type"], "joined");
    [(ann, hers), bob]
}

async fn assert_silent(client: &mut Client) {
    let received = timeout(SILENCE, client.next_frame()).await;
    assert!(received.is_err(), "{received:?}");
}

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
async fn disconnects_only_the_first_connection_by_default() {
    let proxy = Proxy::start().await;
    for (mode, welcome, code) in [
        ("close_before_join", false, Some(1011)),
        ("close_before_join~1013", false, Some(1013)),
        ("refuse", false, Some(1011)),
        ("retry_after", false, Some(4013)),
        ("close_when_connected", true, Some(1011)),
        ("close_when_connected~50~1012", true, Some(1012)),
        ("drop_when_connected~50", true, None),
        ("close_1005~50", true, None),
        ("close_1006~50", true, None),
    ] {
        let room = format!("fault-{mode}-x");
        let mut ann = Client::ask(proxy.address, &room).await;
        if welcome {
            assert_eq!(ann.next().await["type"], "welcome", "{mode}");
        }
        assert_eq!(ann.close_code().await, code, "{mode}");
        let mut ann = Client::ask(proxy.address, &room).await;
        assert_eq!(ann.next().await["type"], "welcome", "{mode}");
        assert_silent(&mut ann).await;
    }
}

#[tokio::test]
async fn closes_with_each_code() {
    let proxy = Proxy::start().await;
    let codes = [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013,
    ];
    for code in codes.into_iter().chain(4000..4020).chain(4500..4520) {
        let mut ann = Client::ask(proxy.address, &format!("fault-close_{code}~1-x")).await;
        assert_eq!(ann.close_code().await, Some(code));
    }
}

#[tokio::test]
async fn refuses_each_connection() {
    let proxy = Proxy::start().await;
    for (mode, welcome, reason, code) in [
        ("room_full", false, "room-full", 4504),
        ("token_expired", false, "token-expired", 4505),
        ("forbidden", false, "forbidden", 4507),
        ("kick_first", false, "kicked", 4503),
        ("kick_after~50", true, "kicked", 4503),
    ] {
        for _ in 0..3 {
            let mut ann = Client::ask(proxy.address, &format!("fault-{mode}-x")).await;
            if welcome {
                assert_eq!(ann.next().await["type"], "welcome", "{mode}");
            }
            let refused = json!({ "type": "refused", "code": reason });
            assert_eq!(ann.next().await, refused, "{mode}");
            assert_eq!(ann.close_code().await, Some(code), "{mode}");
        }
    }
}

#[tokio::test]
async fn kicked_participant_leaves_no_seat() {
    let proxy = Proxy::start().await;
    let [(mut ann, _), (bob, his)] = pair(&proxy, "fault-kick_after~500~x1-x").await;
    assert_eq!(ann.close_code().await, Some(4503));
    let (mut bob, left) = (bob, json!({ "reason": "bye" }));
    assert_eq!(bob.next().await["reason"], left["reason"]);
    drop((bob, his));
}

#[tokio::test]
async fn kick_on_return_kicks_the_second_connection() {
    let proxy = Proxy::start().await;
    let room = "fault-kick_on_return~50-x";
    let (mut ann, hers) = Client::join(proxy.address, room, "Ann").await;
    assert_eq!(ann.close_code().await, None);
    let mut ann = Client::open(proxy.address, "/rooms").await;
    ann.send(resume(room, &hers, 0)).await;
    assert_eq!(ann.next().await["code"], "kicked");
    assert_eq!(ann.close_code().await, Some(4503));
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
async fn no_first_message_sends_nothing() {
    let proxy = Proxy::with(|config| {
        config.server.timing.ping = Duration::from_millis(20);
        config.server.timing.pong = SILENCE / 2;
    })
    .await;
    let mut ann = Client::ask(proxy.address, "fault-no_first_message-x").await;
    assert_silent(&mut ann).await;
    let mut ann = Client::ask(proxy.address, "fault-no_first_message-x").await;
    assert_eq!(ann.next().await["type"], "welcome");
}

#[tokio::test]
async fn no_pong_passes_other_messages_on() {
    let proxy = Proxy::with(|config| {
        config.server.timing.ping = Duration::from_millis(50);
        config.server.timing.pong = Duration::from_millis(200);
    })
    .await;
    let room = "fault-no_pong-x";
    let (mut ann, hers) = Client::join(proxy.address, room, "Ann").await;
    ann.send(json!({ "type": "ping" })).await;
    assert_silent(&mut ann).await;
    let (mut bob, his) = Client::join(proxy.address, room, "Bob").await;
    assert_eq!(
        ann.next_or_ping().await["id"],
        his["id"],
        "Ann still has her seat"
    );
    bob.send(offer(&hers["id"])).await;
    assert_eq!(ann.next_or_ping().await["type"], "signal");
    assert_eq!(
        bob.next_or_ping().await["type"],
        "ping",
        "the second connection"
    );
}

#[tokio::test]
async fn half_open_connection_loses_its_seat_and_stays_open() {
    let proxy = Proxy::with(|config| {
        config.server.timing.ping = Duration::from_millis(100);
        config.server.timing.pong = Duration::from_millis(600);
    })
    .await;
    let room = "fault-half_open~100-x";
    let (mut bob, his) = Client::join(proxy.address, room, "Bob").await;
    let (mut ann, _) = Client::join(proxy.address, room, "Ann").await;
    let away = loop {
        let message = ann.next_or_ping().await;
        if message["type"] != "ping" {
            break message;
        }
        ann.send(json!({ "type": "pong" })).await;
        bob.send(json!({ "type": "pong" })).await;
    };
    assert_eq!((&away["type"], &away["id"]), (&json!("away"), &his["id"]));
    bob.send(json!({ "type": "ping" })).await;
    let answered = async { while bob.next_or_ping().await["type"] != "pong" {} };
    assert!(timeout(SILENCE, answered).await.is_err());
    let (_bob, again) = Client::resume(proxy.address, room, &his, 0).await;
    assert_eq!(again["resumed"], true);
}

#[tokio::test]
async fn slow_limits_the_rate() {
    let proxy = Proxy::start().await;
    for mode in ["slow~200", "slow_200Bps"] {
        let started = Instant::now();
        let mut ann = Client::ask(proxy.address, &format!("fault-{mode}-x")).await;
        let welcome = ann.next_text().await;
        let due = Duration::from_millis(welcome.len() as u64 * 5 / 2);
        assert!(started.elapsed() > due, "{:?}", started.elapsed());
    }
}

#[tokio::test]
async fn sends_invalid_messages_after_valid_ones() {
    let proxy = Proxy::start().await;
    for (mode, is_garbage) in [
        (
            "garbage_json",
            (|message| {
                let broken = |text: &str| serde_json::from_str::<Value>(text).is_err();
                matches!(message, Message::Text(text) if broken(text))
            }) as fn(&Message) -> bool,
        ),
        ("binary_garbage", |message| {
            matches!(message, Message::Binary(_))
        }),
        (
            "unknown_type",
            |message| matches!(message, Message::Text(text) if text.contains("\"type\":\"fault\"")),
        ),
    ] {
        let mut ann = Client::ask(proxy.address, &format!("fault-{mode}-x")).await;
        assert_eq!(ann.next().await["type"], "welcome", "{mode}");
        assert!(is_garbage(&ann.next_frame().await), "{mode}");
        ann.send(offer(&json!("nobody"))).await;
        assert_eq!(ann.next().await["type"], "rejected", "{mode}");
        assert!(is_garbage(&ann.next_frame().await), "{mode}");
    }
}

#[tokio::test]
async fn huge_sends_a_message_of_that_size() {
    let proxy = Proxy::start().await;
    for (mode, bytes) in [("huge_1MiB", 1 << 20), ("huge~2000", 2000)] {
        let mut ann = Client::ask(proxy.address, &format!("fault-{mode}-x")).await;
        assert_eq!(ann.next().await["type"], "welcome");
        let huge = ann.next_text().await.len();
        assert!((bytes..bytes + 100).contains(&huge), "{huge}");
        ann.assert_nothing_pending().await;
    }
}

/// Bob joins and sends until there are `sent` events. Returns the numbers of those that Ann receives.
async fn numbers(mode: &str, sent: usize, received: usize) -> Vec<u64> {
    let proxy = Proxy::start().await;
    let (mut ann, hers) = Client::join(proxy.address, &format!("fault-{mode}-x"), "Ann").await;
    let (mut bob, _) = Client::join(proxy.address, &format!("fault-{mode}-x"), "Bob").await;
    for _ in 1..sent {
        bob.send(offer(&hers["id"])).await;
    }
    let mut numbers = Vec::new();
    for _ in 0..received {
        numbers.push(ann.next().await["seq"].as_u64().unwrap());
    }
    assert_silent(&mut ann).await;
    numbers
}

#[tokio::test]
async fn duplicates_drops_and_reorders_messages() {
    assert_eq!(numbers("dup_all", 3, 6).await, [1, 1, 2, 2, 3, 3]);
    assert_eq!(numbers("drop_nth~2", 4, 3).await, [1, 3, 4]);
    assert_eq!(numbers("drop_nth", 4, 3).await, [1, 2, 4]);
    assert_eq!(numbers("reorder_window_5", 6, 6).await, [5, 4, 3, 2, 1, 6]);
    assert_eq!(numbers("dup_all.reorder~2", 2, 4).await, [1, 1, 2, 2]);
}

#[tokio::test]
async fn answer_twice_sends_two_numbered_answers() {
    let proxy = Proxy::start().await;
    let [(mut ann, hers), (mut bob, _)] = pair(&proxy, "fault-answer_twice-x").await;
    bob.send(offer(&hers["id"])).await;
    bob.send(answer(&hers["id"])).await;
    for (seq, kind) in [(2, "offer"), (3, "answer"), (4, "answer")] {
        let signal = ann.next().await;
        assert_eq!(
            (&signal["seq"], &signal["description"]["type"]),
            (&json!(seq), &json!(kind))
        );
    }
    ann.assert_nothing_pending().await;
}

#[tokio::test]
async fn candidate_first_sends_the_description_second() {
    let proxy = Proxy::start().await;
    let [(mut ann, hers), (mut bob, _)] = pair(&proxy, "fault-candidate_first-x").await;
    bob.send(offer(&hers["id"])).await;
    bob.send(candidate(&hers["id"])).await;
    let first = ann.next().await;
    assert_eq!(
        (&first["seq"], &first["candidate"]),
        (&json!(2), &json!({ "candidate": "" }))
    );
    assert_eq!(ann.next().await["description"]["type"], "offer");
    // Without a candidate, after a second.
    bob.send(offer(&hers["id"])).await;
    assert_silent(&mut ann).await;
    assert_eq!(ann.next().await["description"]["type"], "offer");
}

#[tokio::test]
async fn glare_makes_offers_cross() {
    let proxy = Proxy::start().await;
    let [(mut ann, hers), (mut bob, his)] = pair(&proxy, "fault-glare~60000-x").await;
    bob.send(offer(&hers["id"])).await;
    bob.send(candidate(&hers["id"])).await;
    assert_silent(&mut ann).await;
    ann.send(offer(&his["id"])).await;
    assert_eq!(ann.next().await["description"]["type"], "offer");
    assert_eq!(bob.next().await["description"]["type"], "offer");
    assert!(ann.next().await["candidate"].is_object(), "after the offer");
    // Only the first offer is held back.
    bob.send(offer(&hers["id"])).await;
    assert_eq!(ann.next().await["description"]["type"], "offer");
}

#[tokio::test]
async fn glare_releases_an_offer_after_its_time() {
    let proxy = Proxy::start().await;
    let [(mut ann, hers), (mut bob, _)] = pair(&proxy, "fault-glare~50-x").await;
    bob.send(offer(&hers["id"])).await;
    assert_eq!(ann.next().await["description"]["type"], "offer");
}

#[tokio::test]
async fn flood_sends_at_its_rate() {
    let proxy = Proxy::start().await;
    let mut ann = Client::ask(proxy.address, "fault-flood_1000ps~500-x").await;
    assert_eq!(ann.next().await["type"], "welcome");
    for _ in 0..500 {
        assert_eq!(ann.next().await["type"], "fault");
    }
    ann.assert_nothing_pending().await;
}

#[tokio::test]
async fn drop_on_close_resets_a_leaving_client() {
    let proxy = Proxy::start().await;
    for _ in 0..2 {
        let mut ann = Client::ask(proxy.address, "fault-drop_on_close-x").await;
        ann.next().await;
        ann.send(json!({ "type": "bye" })).await;
        assert_eq!(ann.close_code().await, None);
    }
}

/// A restart ends the room's sockets, seats and epoch, and leaves other rooms alone.
#[tokio::test]
async fn restart_replaces_the_server_of_one_room() {
    for (mode, code) in [("restart~100~400", None), ("deploy~100~400", Some(4001))] {
        let proxy = Proxy::start().await;
        let room = format!("fault-{mode}-x");
        let (mut other, _) = Client::join(proxy.address, "standup", "Eve").await;
        let [(mut ann, hers), (mut bob, his)] = pair(&proxy, &room).await;
        assert_eq!(hers["epoch"], his["epoch"]);
        assert_eq!(ann.close_code().await, code, "{mode}");
        assert_eq!(bob.close_code().await, code, "{mode}");
        assert_eq!(
            Client::ask(proxy.address, &room).await.close_code().await,
            None,
            "while it is down"
        );
        let again = within("the next server", async {
            loop {
                let mut ann = Client::open(proxy.address, "/rooms").await;
                ann.send(resume(&room, &hers, 1)).await;
                if let Some(welcome) = ann.next_if_any().await {
                    break (ann, welcome);
                }
            }
        });
        let (_ann, again) = again.await;
        assert_eq!(again["id"], hers["id"]);
        assert_ne!(again["epoch"], hers["epoch"]);
        assert_eq!(
            (&again["participants"], again.get("resumed")),
            (&json!([]), None)
        );
        other.assert_nothing_pending().await;
    }
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

#[tokio::test]
async fn shutdown_closes_the_sockets_of_all_rooms() {
    let proxy = Proxy::start().await;
    let (mut ann, _) = Client::join(proxy.address, "fault-dup_all-x", "Ann").await;
    let (mut bob, _) = Client::join(proxy.address, "standup", "Bob").await;
    let ended = proxy.stop();
    assert_eq!(ann.close_code().await, Some(4001));
    assert_eq!(bob.close_code().await, Some(4001));
    within("the end", ended).await.unwrap();
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
