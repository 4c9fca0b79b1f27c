//! The server that misbehaves: each mode does what `docs/faults.md` says, as often as it says.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Client, join, offer, resume};
use crate::harness::{Server, within};
use crate::io::{Io, WEBSOCKET};

const DOCUMENT: &str = include_str!("../../../../docs/faults.md");

/// Long enough to see that nothing comes.
const A_WHILE: Duration = Duration::from_millis(300);

async fn start() -> Server {
    Server::with_faults(|_| ()).await
}

/// Opens a socket and says that it wants to join.
async fn ask(server: &Server, room: &str) -> Client {
    let mut client = Client::open(server, "/rooms").await;
    client.send(join(room, "Ann")).await;
    client
}

/// Two in a room, the first of whom has heard of the second.
async fn pair(server: &Server, room: &str) -> [(Client, Value); 2] {
    let (mut ann, hers) = Client::join(server, room, "Ann").await;
    let bob = Client::join(server, room, "Bob").await;
    assert_eq!(ann.next().await["type"], "joined");
    [(ann, hers), bob]
}

async fn says_nothing(client: &mut Client) {
    let said = timeout(A_WHILE, client.next_raw()).await;
    assert!(said.is_err(), "{said:?}");
}

#[tokio::test]
async fn a_room_without_a_fault_is_like_any_other() {
    let server = start().await;
    for room in ["standup", "fault-happy-x"] {
        let [(mut ann, hers), (mut bob, his)] = pair(&server, room).await;
        bob.send(offer(&hers["id"], "v=0")).await;
        assert_eq!(ann.next().await["from"], his["id"]);
        bob.send(json!({ "type": "bye" })).await;
        assert_eq!(bob.closed().await, 1000);
        assert_eq!(ann.next().await["reason"], "bye");
        ann.close().await;
    }
    assert_eq!(server.get("/healthz", &[]).await.body, b"ok\n");
    let evil = [("origin", "https://evil.example")];
    let refused = Client::try_open(&server, "/rooms", &evil).await;
    assert_eq!(refused.err().unwrap().status(), 403);
    let mut long = Client::open(&server, "/rooms").await;
    long.send_text("x".repeat(70 * 1024)).await;
    assert_eq!(long.closed().await, 1009, "as the server says");
}

/// What ends the first connection, and lets the second live.
#[tokio::test]
async fn what_would_make_recovery_impossible_happens_once() {
    let server = start().await;
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
        let mut ann = ask(&server, &room).await;
        if welcome {
            assert_eq!(ann.next().await["type"], "welcome", "{mode}");
        }
        assert_eq!(ann.ending().await, code, "{mode}");
        let mut ann = ask(&server, &room).await;
        assert_eq!(ann.next().await["type"], "welcome", "{mode}");
        says_nothing(&mut ann).await;
    }
}

#[tokio::test]
async fn each_close_code_can_be_had() {
    let server = start().await;
    let codes = [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013,
    ];
    for code in codes.into_iter().chain(4000..4020).chain(4500..4520) {
        let mut ann = ask(&server, &format!("fault-close_{code}~1-x")).await;
        assert_eq!(ann.ending().await, Some(code));
    }
}

#[tokio::test]
async fn who_is_refused_is_refused_for_good() {
    let server = start().await;
    for (mode, welcome, word, code) in [
        ("room_full", false, "room-full", 4504),
        ("token_expired", false, "token-expired", 4505),
        ("forbidden", false, "forbidden", 4507),
        ("kick_first", false, "kicked", 4503),
        ("kick_after~50", true, "kicked", 4503),
    ] {
        for _ in 0..3 {
            let mut ann = ask(&server, &format!("fault-{mode}-x")).await;
            if welcome {
                assert_eq!(ann.next().await["type"], "welcome", "{mode}");
            }
            let refused = json!({ "type": "refused", "code": word });
            assert_eq!(ann.next().await, refused, "{mode}");
            assert_eq!(ann.closed().await, code, "{mode}");
        }
    }
}

#[tokio::test]
async fn who_is_kicked_leaves_no_seat_behind() {
    let server = start().await;
    let [(mut ann, _), (bob, his)] = pair(&server, "fault-kick_after~500~x1-x").await;
    assert_eq!(ann.ending().await, Some(4503));
    let (mut bob, left) = (bob, json!({ "reason": "bye" }));
    assert_eq!(bob.next().await["reason"], left["reason"]);
    drop((bob, his));
}

#[tokio::test]
async fn one_who_comes_back_is_kicked() {
    let server = start().await;
    let room = "fault-kick_on_return~50-x";
    let (mut ann, hers) = Client::join(&server, room, "Ann").await;
    assert_eq!(ann.ending().await, None);
    let mut ann = Client::open(&server, "/rooms").await;
    ann.send(resume(room, &hers, Some(0))).await;
    assert_eq!(ann.next().await["code"], "kicked");
    assert_eq!(ann.closed().await, 4503);
}

#[tokio::test]
async fn an_address_can_say_it_before_the_upgrade() {
    let server = start().await;
    for (path, status, after) in [
        ("/relay/fault-refuse-1", 503, ""),
        ("/relay/fault-refuse~404-1", 404, ""),
        ("/rooms?fault=refuse~401-1", 401, ""),
        ("/channels/fault-retry_after~7-1", 503, "7"),
        ("/relay/fault-no_such-1", 400, ""),
    ] {
        let refused = Client::try_open(&server, path, &[]).await.err().unwrap();
        assert_eq!(refused.status(), status, "{path}");
        let header = refused.headers().get("retry-after");
        assert_eq!(header.map_or("", |value| value.to_str().unwrap()), after);
    }
    let mut relay = Client::open(&server, "/relay/fault-refuse-1").await;
    relay.send_text("x").await;
    assert_eq!(relay.next_text().await, "x", "the second time");
    let mut by_query = Client::open(&server, "/rooms?fault=drop_when_connected~50-2").await;
    by_query.send(join("standup", "Ann")).await;
    assert_eq!(by_query.next().await["type"], "welcome");
    assert_eq!(by_query.ending().await, None);
}

#[tokio::test]
async fn a_fault_that_there_is_not_is_said_to_be_none() {
    let server = start().await;
    let mut ann = ask(&server, "fault-no_such-x").await;
    assert_eq!(ann.closed().await, 4501);
}

#[tokio::test]
async fn a_silent_server_says_nothing_at_all() {
    let server = Server::with_faults(|config| {
        config.timing.ping = Duration::from_millis(20);
        config.timing.pong = A_WHILE / 2;
    })
    .await;
    let mut ann = ask(&server, "fault-no_first_message-x").await;
    says_nothing(&mut ann).await;
    let mut ann = ask(&server, "fault-no_first_message-x").await;
    assert_eq!(ann.next().await["type"], "welcome");
}

#[tokio::test]
async fn a_lifeless_server_passes_messages_on() {
    let server = Server::with_faults(|config| {
        config.timing.ping = Duration::from_millis(50);
        config.timing.pong = Duration::from_millis(200);
    })
    .await;
    let room = "fault-no_pong-x";
    let (mut ann, hers) = Client::join(&server, room, "Ann").await;
    ann.send(json!({ "type": "ping" })).await;
    says_nothing(&mut ann).await;
    let (mut bob, his) = Client::join(&server, room, "Bob").await;
    assert_eq!(
        ann.next_even_ping().await["id"],
        his["id"],
        "she still has her seat"
    );
    bob.send(offer(&hers["id"], "v=0")).await;
    assert_eq!(ann.next_even_ping().await["type"], "signal");
    assert_eq!(
        bob.next_even_ping().await["type"],
        "ping",
        "the second connection"
    );
}

#[tokio::test]
async fn a_half_open_socket_looks_alive_and_is_not() {
    let server = Server::with_faults(|config| {
        config.timing.ping = Duration::from_millis(100);
        config.timing.pong = Duration::from_millis(600);
    })
    .await;
    let room = "fault-half_open~100-x";
    let (mut bob, his) = Client::join(&server, room, "Bob").await;
    let (mut ann, _) = Client::join(&server, room, "Ann").await;
    let away = loop {
        let message = ann.next_even_ping().await;
        if message["type"] != "ping" {
            break message;
        }
        ann.send(json!({ "type": "pong" })).await;
        bob.send(json!({ "type": "pong" })).await;
    };
    assert_eq!((&away["type"], &away["id"]), (&json!("away"), &his["id"]));
    bob.send(json!({ "type": "ping" })).await;
    let heard = async { while bob.next_even_ping().await["type"] != "pong" {} };
    assert!(timeout(A_WHILE, heard).await.is_err());
    let (_bob, again) = Client::resume(&server, room, &his, Some(0)).await;
    assert_eq!(again["resumed"], true);
}

#[tokio::test]
async fn a_slow_server_is_slow() {
    let server = start().await;
    for mode in ["slow~200", "slow_200Bps"] {
        let begun = Instant::now();
        let mut ann = ask(&server, &format!("fault-{mode}-x")).await;
        let welcome = ann.next_text().await;
        let due = Duration::from_millis(welcome.len() as u64 * 5 / 2);
        assert!(begun.elapsed() > due, "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn garbage_comes_beside_what_is_meant() {
    let server = start().await;
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
        let mut ann = ask(&server, &format!("fault-{mode}-x")).await;
        assert_eq!(ann.next().await["type"], "welcome", "{mode}");
        assert!(is_garbage(&ann.next_raw().await), "{mode}");
        ann.send(offer(&json!("nobody"), "v=0")).await;
        assert_eq!(ann.next().await["type"], "rejected", "{mode}");
        assert!(is_garbage(&ann.next_raw().await), "{mode}");
    }
}

#[tokio::test]
async fn a_huge_message_is_huge() {
    let server = start().await;
    for (mode, bytes) in [("huge_1MiB", 1 << 20), ("huge~2000", 2000)] {
        let mut ann = ask(&server, &format!("fault-{mode}-x")).await;
        assert_eq!(ann.next().await["type"], "welcome");
        let huge = ann.next_text().await.len();
        assert!((bytes..bytes + 100).contains(&huge), "{huge}");
        ann.hears_nothing().await;
    }
}

/// The numbers of the signals that Ann hears when Bob sends so many.
async fn numbers(mode: &str, sent: usize, heard: usize) -> Vec<u64> {
    let server = start().await;
    let (mut ann, hers) = Client::join(&server, &format!("fault-{mode}-x"), "Ann").await;
    let (mut bob, _) = Client::join(&server, &format!("fault-{mode}-x"), "Bob").await;
    for _ in 1..sent {
        bob.send(offer(&hers["id"], "v=0")).await;
    }
    let mut numbers = Vec::new();
    for _ in 0..heard {
        numbers.push(ann.next().await["seq"].as_u64().unwrap());
    }
    says_nothing(&mut ann).await;
    numbers
}

#[tokio::test]
async fn messages_are_doubled_lost_and_shuffled() {
    assert_eq!(numbers("dup_all", 3, 6).await, [1, 1, 2, 2, 3, 3]);
    assert_eq!(numbers("drop_nth~2", 4, 3).await, [1, 3, 4]);
    assert_eq!(numbers("drop_nth", 4, 3).await, [1, 2, 4]);
    assert_eq!(numbers("reorder_window_5", 6, 6).await, [5, 4, 3, 2, 1, 6]);
    assert_eq!(numbers("dup_all.reorder~2", 2, 4).await, [1, 1, 2, 2]);
}

fn answer(to: &Value) -> Value {
    let description = json!({ "type": "answer", "sdp": "v=0" });
    json!({ "type": "signal", "to": to, "offer": 1, "description": description })
}

fn candidate(to: &Value) -> Value {
    json!({ "type": "signal", "to": to, "candidate": { "candidate": "" } })
}

#[tokio::test]
async fn an_answer_comes_twice_and_counts_twice() {
    let server = start().await;
    let [(mut ann, hers), (mut bob, _)] = pair(&server, "fault-answer_twice-x").await;
    bob.send(offer(&hers["id"], "v=0")).await;
    bob.send(answer(&hers["id"])).await;
    for (seq, kind) in [(2, "offer"), (3, "answer"), (4, "answer")] {
        let signal = ann.next().await;
        assert_eq!(
            (&signal["seq"], &signal["description"]["type"]),
            (&json!(seq), &json!(kind))
        );
    }
    ann.hears_nothing().await;
}

#[tokio::test]
async fn a_candidate_overtakes_its_description() {
    let server = start().await;
    let [(mut ann, hers), (mut bob, _)] = pair(&server, "fault-candidate_first-x").await;
    bob.send(offer(&hers["id"], "v=0")).await;
    bob.send(candidate(&hers["id"])).await;
    let first = ann.next().await;
    assert_eq!(
        (&first["seq"], &first["candidate"]),
        (&json!(2), &json!({ "candidate": "" }))
    );
    assert_eq!(ann.next().await["description"]["type"], "offer");
    // Without a candidate it comes late.
    bob.send(offer(&hers["id"], "v=0")).await;
    says_nothing(&mut ann).await;
    assert_eq!(ann.next().await["description"]["type"], "offer");
}

#[tokio::test]
async fn offers_cross() {
    let server = start().await;
    let [(mut ann, hers), (mut bob, his)] = pair(&server, "fault-glare~60000-x").await;
    bob.send(offer(&hers["id"], "v=0")).await;
    bob.send(candidate(&hers["id"])).await;
    says_nothing(&mut ann).await;
    ann.send(offer(&his["id"], "v=0")).await;
    assert_eq!(ann.next().await["description"]["type"], "offer");
    assert_eq!(bob.next().await["description"]["type"], "offer");
    assert!(ann.next().await["candidate"].is_object(), "in its order");
    // Once.
    bob.send(offer(&hers["id"], "v=0")).await;
    assert_eq!(ann.next().await["description"]["type"], "offer");
}

#[tokio::test]
async fn an_offer_does_not_wait_for_ever_for_another() {
    let server = start().await;
    let [(mut ann, hers), (mut bob, _)] = pair(&server, "fault-glare~50-x").await;
    bob.send(offer(&hers["id"], "v=0")).await;
    assert_eq!(ann.next().await["description"]["type"], "offer");
}

#[tokio::test]
async fn a_flood_has_its_measure() {
    let server = start().await;
    let mut ann = ask(&server, "fault-flood_1000ps~500-x").await;
    assert_eq!(ann.next().await["type"], "welcome");
    for _ in 0..500 {
        assert_eq!(ann.next().await["type"], "fault");
    }
    ann.hears_nothing().await;
}

#[tokio::test]
async fn who_says_goodbye_is_cut_off() {
    let server = start().await;
    for _ in 0..2 {
        let mut ann = ask(&server, "fault-drop_on_close-x").await;
        ann.next().await;
        ann.send(json!({ "type": "bye" })).await;
        assert_eq!(ann.ending().await, None);
    }
}

/// A restart takes the room's sockets, its seats and its epoch; and nothing of other rooms.
#[tokio::test]
async fn a_room_is_restarted() {
    for (mode, code) in [("restart~100~400", None), ("deploy~100~400", Some(4001))] {
        let server = start().await;
        let room = format!("fault-{mode}-x");
        let (mut other, _) = Client::join(&server, "standup", "Eve").await;
        let [(mut ann, hers), (mut bob, his)] = pair(&server, &room).await;
        assert_eq!(hers["epoch"], his["epoch"]);
        assert_eq!(ann.ending().await, code, "{mode}");
        assert_eq!(bob.ending().await, code, "{mode}");
        assert_eq!(
            ask(&server, &room).await.ending().await,
            None,
            "while it is down"
        );
        let again = within("the next life", async {
            loop {
                let mut ann = Client::open(&server, "/rooms").await;
                ann.send(resume(&room, &hers, Some(1))).await;
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
        other.hears_nothing().await;
    }
}

#[tokio::test]
async fn the_other_dialects_have_faults_too() {
    let server = start().await;
    let mut relay = Client::open(&server, "/relay/fault-dup_all.drop_when_connected~300-x").await;
    relay.send_text("x").await;
    assert_eq!(
        (relay.next_text().await, relay.next_text().await),
        ("x".into(), "x".into())
    );
    assert_eq!(relay.ending().await, None);
    let mut mesh = Client::open(&server, "/channels/fault-close_4009~1-x").await;
    assert_eq!(mesh.closed().await, 4009);
    let mut full = Client::open(&server, "/relay/fault-room_full-x").await;
    assert_eq!(full.closed().await, 4504);

    let mut ann = Io::connect(&server).await;
    ann.emit(json!(["join", "fault-dup_all-x"])).await;
    assert_eq!(
        (ann.event().await, ann.event().await),
        (json!(["created"]), json!(["created"]))
    );
    let mut full = Io::connect(&server).await;
    full.emit(json!(["join", "fault-room_full-x"])).await;
    assert_eq!(full.event().await, json!(["full"]));
    assert_eq!(full.closed().await, 4504);
    let mut dropped = Client::open(
        &server,
        &format!("{WEBSOCKET}&fault=drop_when_connected~50-x"),
    )
    .await;
    dropped.next_text().await;
    dropped.send_text("40").await;
    assert!(dropped.next_text().await.starts_with("40"));
    assert_eq!(dropped.ending().await, None);
}

#[tokio::test]
async fn an_appointment_s_token_can_say_it() {
    let server = Server::with_faults(|config| {
        config.appointments_secret = Some("s".repeat(32).parse().unwrap());
    })
    .await;
    let (mut io, _) = Io::open(&server).await;
    // {"uuid":"fault-close_1011~1-x"}; that it is not signed is for the server to find.
    let token = "e30.eyJ1dWlkIjoiZmF1bHQtY2xvc2VfMTAxMX4xLXgifQ.x";
    io.say(&format!("40{}", json!({ "jwt": token }))).await;
    assert_eq!(io.closed().await, 1011);
}

#[tokio::test]
async fn the_end_of_the_server_is_told_through_it() {
    let server = start().await;
    let (mut ann, _) = Client::join(&server, "fault-dup_all-x", "Ann").await;
    let (mut bob, _) = Client::join(&server, "standup", "Bob").await;
    let ended = server.stop();
    assert_eq!(ann.closed().await, 4001);
    assert_eq!(bob.closed().await, 4001);
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
