//! Modes that refuse, end or silence connections.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use crate::client::{Client, offer, resume};
use crate::harness::{Proxy, SILENCE, assert_silent, pair, within};

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
        ("kick_first", false, "removed", 4503),
        ("kick_after~50", true, "removed", 4503),
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
    assert_eq!(ann.next().await["code"], "removed");
    assert_eq!(ann.close_code().await, Some(4503));
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
async fn shutdown_closes_the_sockets_of_all_rooms() {
    let proxy = Proxy::start().await;
    let (mut ann, _) = Client::join(proxy.address, "fault-dup_all-x", "Ann").await;
    let (mut bob, _) = Client::join(proxy.address, "standup", "Bob").await;
    let ended = proxy.stop();
    assert_eq!(ann.close_code().await, Some(4001));
    assert_eq!(bob.close_code().await, Some(4001));
    within("the end", ended).await.unwrap();
}
