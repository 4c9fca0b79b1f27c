//! What a client that resumes its seat has missed: all of it once and in order, or the whole roster.

use std::time::Duration;

use serde_json::{Value, json};

use super::{ROOM, patient};
use crate::client::{Client, offer, resume};
use crate::harness::Server;

/// Ann, and the welcome of Bob, who is away.
async fn without_bob(server: &Server) -> (Client, Value, Value) {
    let (mut ann, hers) = Client::join(server, ROOM, "Ann").await;
    let (bob, his) = Client::join(server, ROOM, "Bob").await;
    ann.next().await;
    drop(bob);
    assert_eq!(ann.next().await["type"], "away");
    (ann, hers, his)
}

#[tokio::test]
async fn signals_to_an_away_participant_are_kept() {
    let server = patient().await;
    let (mut ann, hers, his) = without_bob(&server).await;
    ann.send(offer(&his["id"], "v=0")).await;
    ann.send(json!({ "type": "media", "tracks": { "microphone": "muted" } }))
        .await;
    ann.expect_nothing().await;
    let (mut bob, again) = Client::resume(&server, ROOM, &his, Some(0)).await;
    assert_eq!(
        (&again["resumed"], &again["seq"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(again["participants"].as_array().map_or(0, Vec::len), 0);
    let signal = bob.next().await;
    assert_eq!((&signal["seq"], &signal["from"]), (&json!(1), &hers["id"]));
    let media = bob.next().await;
    assert_eq!(
        (&media["seq"], &media["tracks"]["microphone"]),
        (&json!(2), &json!("muted"))
    );
}

#[tokio::test]
async fn the_event_log_holds_64_events() {
    for (count, kept) in [(64, true), (65, false), (200, false)] {
        let server = patient().await;
        let (mut ann, _, his) = without_bob(&server).await;
        for number in 0..count {
            ann.send(offer(&his["id"], &number.to_string())).await;
        }
        ann.expect_nothing().await;
        let (mut bob, again) = Client::resume(&server, ROOM, &his, Some(0)).await;
        assert_eq!(again["id"], his["id"]);
        assert_eq!(again["resumed"] == true, kept, "{count}");
        if kept {
            for seq in 1..=count {
                assert_eq!(bob.next().await["seq"], seq);
            }
        } else {
            assert_eq!(again["seq"], count);
            assert_eq!(again["participants"][0]["name"], "Ann");
        }
        bob.expect_nothing().await;
    }
}

#[tokio::test]
async fn the_event_log_holds_64_kib() {
    for (count, kept) in [(6, true), (7, false)] {
        let server = patient().await;
        let (mut ann, _, his) = without_bob(&server).await;
        for _ in 0..count {
            ann.send(offer(&his["id"], &"s".repeat(10 * 1024))).await;
        }
        ann.expect_nothing().await;
        let (_bob, again) = Client::resume(&server, ROOM, &his, Some(0)).await;
        assert_eq!(again["resumed"] == true, kept, "{count}");
    }
}

#[tokio::test]
async fn old_events_are_forgotten() {
    let server = Server::with(|config| {
        config.timing.ping = Duration::from_millis(20);
        config.timing.pong = Duration::from_millis(400);
        config.timing.seat = Duration::from_millis(400);
    })
    .await;
    let (mut ann, _) = Client::join(&server, ROOM, "Ann").await;
    let (mut bob, his) = Client::join(&server, ROOM, "Bob").await;
    ann.send(offer(&his["id"], "v=0")).await;
    assert_eq!(bob.next().await["seq"], 1);
    let start = tokio::time::Instant::now();
    let beat = async |client: &mut Client| {
        while client.next_even_ping().await["type"] != "ping" {}
        client.send(json!({ "type": "pong" })).await;
    };
    while start.elapsed() < Duration::from_secs(1) {
        beat(&mut ann).await;
        beat(&mut bob).await;
    }
    drop(bob);
    let (_bob, again) = Client::resume(&server, ROOM, &his, Some(0)).await;
    assert_eq!((&again["id"], again.get("resumed")), (&his["id"], None));
    let (_bob, again) = Client::resume(&server, ROOM, &again, Some(1)).await;
    assert_eq!(again["resumed"], true, "who has heard it need not");
}

#[tokio::test]
async fn an_impossible_resume_gets_the_whole_roster() {
    let server = patient().await;
    let (_ann, _, mut his) = without_bob(&server).await;
    let epoch = his["epoch"].clone();
    for (claimed, seq) in [
        (epoch.clone(), json!(1)),
        (epoch.clone(), json!(u64::MAX)),
        (epoch.clone(), json!(-1)),
        (epoch.clone(), json!("0")),
        (json!("another"), json!(0)),
        (Value::Null, json!(0)),
        (epoch.clone(), Value::Null),
    ] {
        let mut bob = Client::open(&server, "/rooms").await;
        let mut join = resume(ROOM, &his, None);
        join["epoch"] = claimed.clone();
        join["seq"] = seq.clone();
        bob.send(join).await;
        let again = bob.next().await;
        assert_eq!(again["id"], his["id"]);
        assert_eq!(again.get("resumed"), None, "{claimed} {seq}");
        assert_eq!((&again["seq"], &again["epoch"]), (&json!(0), &epoch));
        his = again;
    }
}

#[tokio::test]
async fn the_server_reports_how_many_messages_it_received() {
    let server = Server::with(|config| config.timing.ping = Duration::from_millis(50)).await;
    let (mut ann, hers) = Client::join(&server, ROOM, "Ann").await;
    for message in [
        offer(&json!("nobody"), "v=0"),
        offer(&json!("nobody"), &"s".repeat(50 * 1024)),
        json!({ "type": "signal" }),
        json!({ "type": "media", "tracks": { "microphone": "muted" } }),
        json!({ "type": "receive-report", "notReceiving": ["x"] }),
        // These are not counted.
        json!({ "type": "pong" }),
        json!({ "type": "ping" }),
        json!({ "type": "raise-hand" }),
        json!("signal"),
    ] {
        ann.send(message).await;
    }
    while ann.next_even_ping().await["heard"] != 5 {}
    let (mut ann, again) = Client::resume(&server, ROOM, &hers, Some(0)).await;
    assert_eq!(again["heard"], 5);
    ann.send(offer(&json!("nobody"), "v=0")).await;
    ann.next().await;
    while ann.next_even_ping().await["heard"] != 6 {}
    // A client that starts over is counted from zero.
    let (mut ann, again) = Client::resume(&server, ROOM, &again, None).await;
    assert_eq!(again.get("heard"), None);
    loop {
        let ping = ann.next_even_ping().await;
        if ping["type"] == "ping" {
            break assert_eq!(ping["heard"], 0);
        }
    }
}
