//! The `rooms` dialect: who is notified of what, and in which order.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Client, join, offer};
use crate::harness::Server;

#[tokio::test]
async fn a_newcomer_gets_the_roster_and_the_others_are_notified() {
    let server = Server::start().await;
    let (mut ann, first) = Client::join(&server, "standup", "Ann").await;
    assert_eq!(first["participants"], json!([]));
    assert_eq!(first["v"], 1);
    assert_eq!(first["ping"], 5000);
    assert_eq!(first["seq"], 0);
    assert!(first["epoch"].is_string());

    let mut bob = Client::open(&server, "/rooms").await;
    let mut hello = join("standup", "Bob");
    hello["tracks"] = json!({ "microphone": "muted", "camera": "device-not-found" });
    bob.send(hello).await;
    let second = bob.next().await;
    assert_eq!(
        second["participants"],
        json!([{ "id": first["id"], "name": "Ann", "tracks": { "microphone": "live", "camera": "live" } }])
    );
    assert_eq!(second["epoch"], first["epoch"]);
    assert_ne!(second["resume"], first["resume"]);
    assert_eq!(
        ann.next().await,
        json!({
            "type": "joined", "seq": 1, "id": second["id"], "name": "Bob",
            "tracks": { "microphone": "muted", "camera": "device-not-found" }
        })
    );
}

/// Some keyboards and file systems write an accented letter as one character, others as two.
#[tokio::test]
async fn room_names_that_differ_in_unicode_form_only_are_one_room() {
    let server = Server::start().await;
    let (_ann, first) = Client::join(&server, "caf\u{e9}", "Ann").await;
    let (_bob, second) = Client::join(&server, "cafe\u{301}", "Bob").await;
    assert_eq!(second["participants"][0]["id"], first["id"]);
}

#[tokio::test]
async fn rooms_are_separate() {
    let server = Server::start().await;
    let (mut ann, hers) = Client::join(&server, "one", "Ann").await;
    let (mut bob, _) = Client::join(&server, "One", "Bob").await;
    bob.send(offer(&hers["id"], "v=0")).await;
    assert_eq!(bob.next().await["code"], "no-such-participant");
    ann.expect_nothing().await;
}

#[tokio::test]
async fn signals_reach_their_addressee_with_the_true_sender() {
    let server = Server::start().await;
    let (mut ann, hers) = Client::join(&server, "standup", "Ann").await;
    let (mut bob, his) = Client::join(&server, "standup", "Bob").await;
    let (mut eve, _) = Client::join(&server, "standup", "Eve").await;
    for _ in 0..2 {
        assert_eq!(ann.next().await["type"], "joined");
    }
    let mut signal = offer(&hers["id"], "v=0\r\n");
    signal["from"] = json!("someone else");
    bob.send(signal).await;
    assert_eq!(
        ann.next().await,
        json!({
            "type": "signal", "seq": 3, "from": his["id"], "offer": 1,
            "description": { "type": "offer", "sdp": "v=0\r\n" }
        })
    );
    let candidate = json!({
        "candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host",
        "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "ab"
    });
    bob.send(json!({ "type": "signal", "to": hers["id"], "candidate": candidate }))
        .await;
    let passed = ann.next().await;
    assert_eq!(
        (&passed["candidate"], &passed["seq"]),
        (&candidate, &json!(4))
    );
    eve.expect_nothing().await;
}

#[tokio::test]
async fn signals_to_nobody_or_oneself_are_rejected() {
    let server = Server::start().await;
    let (mut ann, hers) = Client::join(&server, "standup", "Ann").await;
    for to in [json!("nobody"), hers["id"].clone()] {
        ann.send(offer(&to, "v=0")).await;
        let answer = ann.next().await;
        assert_eq!(
            answer,
            json!({ "type": "rejected", "code": "no-such-participant" })
        );
    }
}

#[tokio::test]
async fn signals_keep_their_order_and_numbers() {
    let server = Server::start().await;
    let (mut ann, hers) = Client::join(&server, "standup", "Ann").await;
    let (mut bob, _) = Client::join(&server, "standup", "Bob").await;
    for n in 0..100 {
        bob.send(offer(&hers["id"], &n.to_string())).await;
    }
    assert_eq!(ann.next().await["seq"], 1);
    for n in 0..100 {
        let signal = ann.next().await;
        assert_eq!(signal["description"]["sdp"], n.to_string());
        assert_eq!(signal["seq"], n + 2);
    }
}

#[tokio::test]
async fn media_is_reported_to_others_and_newcomers() {
    let server = Server::start().await;
    let (mut ann, hers) = Client::join(&server, "standup", "Ann").await;
    let (mut bob, _) = Client::join(&server, "standup", "Bob").await;
    ann.next().await;
    ann.send(json!({ "type": "media", "tracks": { "microphone": "muted", "camera": "permission-denied" } }))
        .await;
    assert_eq!(
        bob.next().await,
        json!({
            "type": "media", "seq": 1, "from": hers["id"],
            "tracks": { "microphone": "muted", "camera": "permission-denied" }
        })
    );
    ann.expect_nothing().await;
    let (_eve, welcome) = Client::join(&server, "standup", "Eve").await;
    assert_eq!(welcome["participants"][0]["tracks"]["microphone"], "muted");
}

#[tokio::test]
async fn bye_notifies_the_others_and_closes_normally() {
    let server = Server::start().await;
    let (mut ann, _) = Client::join(&server, "standup", "Ann").await;
    let (mut bob, his) = Client::join(&server, "standup", "Bob").await;
    ann.next().await;
    bob.send(json!({ "type": "bye" })).await;
    let left = json!({ "type": "left", "seq": 2, "id": his["id"], "reason": "bye" });
    assert_eq!(ann.next().await, left);
    assert_eq!(bob.closed().await, 1000);
    ann.expect_nothing().await;
}

#[tokio::test]
async fn without_a_grace_a_lost_connection_leaves_at_once() {
    let server = Server::with(|config| config.timing.seat = Duration::ZERO).await;
    let (mut ann, _) = Client::join(&server, "standup", "Ann").await;
    for proper in [true, false] {
        let (bob, his) = Client::join(&server, "standup", "Bob").await;
        ann.next().await;
        if proper {
            bob.close().await;
        } else {
            drop(bob);
        }
        let left = ann.next().await;
        assert_eq!((&left["id"], &left["reason"]), (&his["id"], &json!("lost")));
    }
    let (_eve, welcome) = Client::join(&server, "standup", "Eve").await;
    assert_eq!(welcome["participants"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_full_room_refuses_until_a_seat_is_free() {
    let server = Server::with(|config| config.room_capacity = NonZeroUsize::new(2).unwrap()).await;
    let (mut ann, _) = Client::join(&server, "standup", "Ann").await;
    let (mut bob, _) = Client::join(&server, "standup", "Bob").await;
    ann.next().await;
    let mut eve = Client::open(&server, "/rooms").await;
    eve.send(join("standup", "Eve")).await;
    assert_eq!(
        eve.next().await,
        json!({ "type": "refused", "code": "room-full" })
    );
    assert_eq!(eve.closed().await, 4504);
    ann.expect_nothing().await;
    bob.send(json!({ "type": "bye" })).await;
    assert_eq!(ann.next().await["type"], "left");
    Client::join(&server, "standup", "Eve").await;
}

/// Each pair of participants meets exactly once: one finds the other on the roster, the other is
/// notified of the one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn simultaneous_joins_give_consistent_rosters() {
    const CROWD: usize = 24;
    let server =
        Server::with(|config| config.room_capacity = NonZeroUsize::new(CROWD).unwrap()).await;
    let mut clients = Vec::new();
    for _ in 0..CROWD {
        clients.push(Client::open(&server, "/rooms").await);
    }
    let joins = clients.into_iter().map(|mut client| {
        tokio::spawn(async move {
            client.send(join("standup", "X")).await;
            let welcome = client.next().await;
            let mut met = ids(&welcome["participants"]);
            for seq in 1..CROWD - met.len() {
                let joined = client.next().await;
                assert_eq!(
                    (&joined["type"], &joined["seq"]),
                    (&json!("joined"), &json!(seq))
                );
                met.push(joined["id"].as_str().unwrap().to_owned());
            }
            (client, welcome["id"].as_str().unwrap().to_owned(), met)
        })
    });
    let mut seen = Vec::new();
    for task in joins.collect::<Vec<_>>() {
        seen.push(task.await.unwrap());
    }
    let everyone = seen
        .iter()
        .map(|(_, id, _)| id.clone())
        .collect::<BTreeSet<_>>();
    assert_eq!(everyone.len(), CROWD);
    for (_client, id, met) in &seen {
        let mut met_or_self = met.iter().cloned().collect::<BTreeSet<_>>();
        assert_eq!(met_or_self.len(), met.len(), "someone was met twice");
        met_or_self.insert(id.clone());
        assert_eq!(met_or_self, everyone);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn simultaneous_joins_never_overfill_a_room() {
    let server = Server::start().await;
    let mut tasks = Vec::new();
    for _ in 0..24 {
        let mut client = Client::open(&server, "/rooms").await;
        tasks.push(tokio::spawn(async move {
            client.send(join("standup", "X")).await;
            let answer = client.next().await;
            (client, answer)
        }));
    }
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    let welcomes = answers
        .iter()
        .filter(|(_, answer)| answer["type"] == "welcome");
    assert_eq!(welcomes.count(), 8);
}

#[tokio::test]
async fn the_first_message_must_be_a_join() {
    let server = Server::start().await;
    for message in [
        json!({ "type": "media", "tracks": { "microphone": "live" } }),
        json!({ "type": "pong" }),
        offer(&json!("x"), "v=0"),
    ] {
        let mut client = Client::open(&server, "/rooms").await;
        client.send(message).await;
        assert_eq!(
            client.next().await,
            json!({ "type": "refused", "code": "bad-request" })
        );
        assert_eq!(client.closed().await, 4501);
    }
}

#[tokio::test]
async fn a_client_may_leave_before_it_joins() {
    let server = Server::start().await;
    let mut client = Client::open(&server, "/rooms").await;
    client.send(json!({ "type": "bye" })).await;
    assert_eq!(client.closed().await, 1000);
}

#[tokio::test]
async fn a_second_join_ends_the_membership() {
    let server = Server::start().await;
    let (mut ann, _) = Client::join(&server, "standup", "Ann").await;
    let (mut bob, his) = Client::join(&server, "standup", "Bob").await;
    ann.next().await;
    bob.send(join("elsewhere", "Bob")).await;
    assert_eq!(bob.next().await["code"], "bad-request");
    assert_eq!(bob.closed().await, 4501);
    let left = ann.next().await;
    assert_eq!((&left["id"], &left["reason"]), (&his["id"], &json!("lost")));
}

#[tokio::test]
async fn a_refused_join_gets_the_reason() {
    let server = Server::start().await;
    let wide = "x".repeat(129);
    for (message, code, close) in [
        (
            json!({ "type": "join", "room": "a" }),
            "version-not-supported",
            4515,
        ),
        (
            json!({ "type": "join", "v": 2, "room": "a" }),
            "version-not-supported",
            4515,
        ),
        (json!({ "type": "join", "v": 1 }), "invalid-room", 4516),
        (join("a/b", "Ann"), "invalid-room", 4516),
        (join(&wide, "Ann"), "invalid-room", 4516),
        (join("a", "A\u{202e}nn"), "invalid-name", 4517),
    ] {
        let mut client = Client::open(&server, "/rooms").await;
        client.send(message).await;
        assert_eq!(client.next().await["code"], code);
        assert_eq!(client.closed().await, close);
    }
}

#[tokio::test]
async fn a_client_that_does_not_answer_pings_is_closed() {
    let server = Server::with(|config| {
        config.timing.ping = Duration::from_millis(100);
        config.timing.pong = Duration::from_millis(800);
    })
    .await;
    let (mut ann, welcome) = Client::join(&server, "standup", "Ann").await;
    assert_eq!(welcome["ping"], 100);
    let (mut bob, his) = Client::join(&server, "standup", "Bob").await;
    ann.next().await;
    let mut pings = 0;
    let away = loop {
        let message = ann.next_even_ping().await;
        if message["type"] != "ping" {
            break message;
        }
        assert_eq!(message, json!({ "type": "ping", "heard": 0, "last": 1 }));
        pings += 1;
        ann.send(json!({ "type": "pong" })).await;
    };
    assert_eq!(away, json!({ "type": "away", "seq": 2, "id": his["id"] }));
    assert!(pings >= 3, "{pings} pings in eight intervals");
    assert_eq!(bob.closed().await, 4009);
    for _ in 0..10 {
        assert_eq!(ann.next_even_ping().await["type"], "ping");
        ann.send(json!({ "type": "pong" })).await;
    }
}

fn ids(participants: &Value) -> Vec<String> {
    let participants = participants.as_array().unwrap().iter();
    participants
        .map(|peer| peer["id"].as_str().unwrap().to_owned())
        .collect()
}
