//! Seats whose connection was lost: how long they are kept.

use std::num::NonZeroUsize;
use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncReadExt;

use super::{FOR_EVER, ROOM, ann_and_bob, with_grace};
use crate::client::{Client, join, resume};
use crate::harness::{Server, within};

/// How a connection can end.
#[derive(Clone, Copy, Debug)]
enum Ending {
    Cut,
    Closed,
    Silent,
    Flooding,
    Binary,
    TooLong,
    Malformed,
    SecondJoin,
    Bye,
}

impl Ending {
    async fn happen(self, mut socket: Client) {
        let code = match self {
            Self::Cut => return drop(socket),
            Self::Closed => return socket.close().await,
            Self::Silent => 4009,
            Self::Flooding => {
                for _ in 0..40 {
                    socket.send(json!({ "type": "pong" })).await;
                }
                4013
            }
            Self::Binary => {
                let bytes = tokio_tungstenite::tungstenite::Message::binary(vec![0]);
                socket.send_frame(bytes).await;
                1003
            }
            Self::TooLong => {
                socket.send_text("x".repeat(64 * 1024 + 1)).await;
                1009
            }
            Self::Malformed => {
                for _ in 0..10 {
                    socket.send_text("{").await;
                }
                4509
            }
            Self::SecondJoin => {
                socket.send(join(ROOM, "Bob")).await;
                4501
            }
            Self::Bye => {
                socket.send(json!({ "type": "bye" })).await;
                1000
            }
        };
        assert_eq!(socket.closed().await, code, "{self:?}");
    }
}

async fn impatient() -> Server {
    Server::with(|config| {
        config.timing.seat = FOR_EVER;
        config.timing.ping = FOR_EVER;
        config.timing.pong = Duration::from_millis(700);
        config.limits.message_burst = 30;
    })
    .await
}

#[tokio::test]
async fn a_lost_seat_is_kept_and_resumed() {
    for going in [
        Ending::Cut,
        Ending::Closed,
        Ending::Silent,
        Ending::Flooding,
        Ending::Binary,
    ] {
        let server = impatient().await;
        let (mut ann, bob, his) = ann_and_bob(&server).await;
        // Whoever asks is alive.
        let beat = async {
            loop {
                tokio::time::sleep(Duration::from_millis(100)).await;
                ann.send(json!({ "type": "ping" })).await;
                let answer = ann.next().await;
                if answer["type"] == "away" {
                    break answer;
                }
                assert_eq!(answer, json!({ "type": "pong" }));
            }
        };
        let (away, ()) = tokio::join!(beat, going.happen(bob));
        let id = &his["id"];
        assert_eq!(away, json!({ "type": "away", "seq": 2, "id": id }));
        assert_eq!(ann.next().await["type"], "pong", "the last ping's answer");

        let (mut eve, welcome) = Client::join(&server, ROOM, "Eve").await;
        assert_eq!(welcome["participants"][1]["id"], *id);
        assert_eq!(welcome["participants"][1]["away"], true, "{welcome}");
        assert_eq!(welcome["participants"][0].get("away"), None);
        ann.next().await;

        let (mut bob, again) = Client::resume(&server, ROOM, &his, Some(0)).await;
        assert_eq!(again["id"], *id);
        assert_eq!(again["resumed"], true, "{going:?}: {again}");
        assert_ne!(again["resume"], his["resume"]);
        let back = |seq: u64| json!({ "type": "back", "seq": seq, "id": id });
        assert_eq!(ann.next().await, back(4));
        assert_eq!(eve.next().await, back(1));
        assert_eq!(bob.next().await["type"], "joined", "Eve's arrival");
        bob.expect_nothing().await;
    }
}

#[tokio::test]
async fn bye_and_protocol_errors_free_the_seat_at_once() {
    for (going, reason) in [
        (Ending::Bye, "bye"),
        (Ending::TooLong, "lost"),
        (Ending::Malformed, "lost"),
        (Ending::SecondJoin, "lost"),
    ] {
        let server = with_grace(FOR_EVER).await;
        let (mut ann, bob, his) = ann_and_bob(&server).await;
        going.happen(bob).await;
        let left = json!({ "type": "left", "seq": 2, "id": his["id"], "reason": reason });
        assert_eq!(ann.next().await, left, "{going:?}");
        let (_bob, again) = Client::resume(&server, ROOM, &his, Some(0)).await;
        assert_eq!(again["id"], his["id"], "the same person");
        assert_eq!(again.get("resumed"), None, "on a new seat");
        assert_eq!(again["seq"], 0);
        assert_eq!(ann.next().await["type"], "joined");
    }
}

#[tokio::test]
async fn a_seat_is_freed_when_its_grace_is_over() {
    let server = with_grace(Duration::from_millis(300)).await;
    let (mut ann, bob, his) = ann_and_bob(&server).await;
    drop(bob);
    assert_eq!(ann.next().await["type"], "away");
    let left = json!({ "type": "left", "seq": 3, "id": his["id"], "reason": "lost" });
    assert_eq!(ann.next().await, left);
    let (_, welcome) = Client::join(&server, ROOM, "Eve").await;
    assert_eq!(welcome["participants"].as_array().unwrap().len(), 1);
    ann.next().await;
    let (_bob, again) = Client::resume(&server, ROOM, &his, Some(0)).await;
    assert_eq!((&again["id"], again.get("resumed")), (&his["id"], None));
}

/// The grace of the first loss must not end the seat after the second.
#[tokio::test]
async fn a_resumed_seat_is_kept_again() {
    let grace = Duration::from_millis(600);
    let server = with_grace(grace).await;
    let (mut ann, bob, his) = ann_and_bob(&server).await;
    drop(bob);
    assert_eq!(ann.next().await["type"], "away");
    let lost = tokio::time::Instant::now();
    let (mut bob, mut his) = Client::resume(&server, ROOM, &his, Some(0)).await;
    assert_eq!(ann.next().await["type"], "back");
    tokio::time::sleep_until(lost + grace / 2).await;
    drop(bob);
    assert_eq!(ann.next().await["type"], "away");
    tokio::time::sleep_until(lost + grace + Duration::from_millis(100)).await;
    (bob, his) = Client::resume(&server, ROOM, &his, Some(0)).await;
    assert_eq!(ann.next().await["type"], "back", "and not left");
    assert_eq!(his["resumed"], true);
    drop(bob);
}

#[tokio::test]
async fn a_kept_seat_counts_as_taken() {
    let server = Server::with(|config| config.room_capacity = NonZeroUsize::new(2).unwrap()).await;
    let (mut ann, bob, his) = ann_and_bob(&server).await;
    drop(bob);
    assert_eq!(ann.next().await["type"], "away");
    let mut eve = Client::open(&server, "/rooms").await;
    eve.send(join(ROOM, "Eve")).await;
    assert_eq!(eve.closed().await, 4504);
    let (_bob, again) = Client::resume(&server, ROOM, &his, Some(0)).await;
    assert_eq!(again["resumed"], true, "in a full room");
}

#[tokio::test]
async fn the_number_of_kept_seats_is_limited() {
    let server = Server::with(|config| config.limits.held_seats = 2).await;
    let mut others = Vec::new();
    for room in ["a", "b"] {
        let (mut stays, _) = Client::join(&server, room, "Stays").await;
        let (goes, seat) = Client::join(&server, room, "Goes").await;
        stays.next().await;
        drop(goes);
        assert_eq!(stays.next().await["type"], "away");
        others.push((stays, seat));
    }
    let (mut ann, bob, _) = ann_and_bob(&server).await;
    drop(bob);
    assert_eq!(ann.next().await["reason"], "lost", "at once");
    // One that is taken again makes room for another.
    let (_back, again) = Client::resume(&server, "a", &others[0].1, Some(0)).await;
    assert_eq!(again["resumed"], true);
    let (carol, _) = Client::join(&server, ROOM, "Carol").await;
    ann.next().await;
    drop(carol);
    assert_eq!(ann.next().await["type"], "away");
}

#[tokio::test]
async fn changed_media_is_reported_after_a_resume() {
    let server = Server::start().await;
    let (mut ann, bob, mut his) = ann_and_bob(&server).await;
    drop(bob);
    ann.next().await;
    for (video, notified) in [("live", false), ("muted", true), ("muted", false)] {
        let mut bob = Client::open(&server, "/rooms").await;
        let mut join = resume(ROOM, &his, Some(0));
        join["tracks"] = json!({ "microphone": "live", "camera": video });
        bob.send(join).await;
        his = bob.next().await;
        assert_eq!(his["resumed"], true);
        assert_eq!(ann.next().await["type"], "back");
        if notified {
            let media = ann.next().await;
            assert_eq!(
                (&media["type"], &media["tracks"]["camera"]),
                (&json!("media"), &json!("muted"))
            );
        }
        ann.expect_nothing().await;
        drop(bob);
        assert_eq!(ann.next().await["type"], "away");
    }
}

#[tokio::test]
async fn receive_reports_are_forwarded_and_kept() {
    let server = Server::start().await;
    let (mut ann, hers) = Client::join(&server, ROOM, "Ann").await;
    let (mut bob, his) = Client::join(&server, ROOM, "Bob").await;
    ann.next().await;
    let not_receiving = json!([hers["id"], "nobody", his["id"], hers["id"]]);
    bob.send(json!({ "type": "receive-report", "notReceiving": not_receiving }))
        .await;
    let report = json!({ "type": "receive-report", "seq": 2, "from": his["id"], "notReceiving": [hers["id"]] });
    assert_eq!(ann.next().await, report, "those who are there, once");
    let (mut eve, welcome) = Client::join(&server, ROOM, "Eve").await;
    assert_eq!(
        welcome["participants"][1]["notReceiving"],
        json!([hers["id"]])
    );
    assert_eq!(welcome["participants"][0].get("notReceiving"), None);
    ann.next().await;
    bob.next().await;
    // It outlives the socket of one who remembers,
    drop(bob);
    ann.next().await;
    let (bob, again) = Client::resume(&server, ROOM, &his, Some(1)).await;
    assert_eq!(again["heard"], 1);
    assert_eq!(ann.next().await["type"], "back");
    ann.expect_nothing().await;
    drop(bob);
    ann.next().await;
    // and not that of one who does not.
    let (_bob, _) = Client::resume(&server, ROOM, &again, None).await;
    assert_eq!(ann.next().await["type"], "back");
    let well = ann.next().await;
    assert_eq!(
        (&well["type"], &well["notReceiving"]),
        (&json!("receive-report"), &json!([]))
    );
    eve.send(json!({ "type": "bye" })).await;
    assert_eq!(ann.next().await["type"], "left");
    ann.expect_nothing().await;
}

#[tokio::test]
async fn receive_reports_forget_participants_who_left() {
    let server = Server::start().await;
    let (mut ann, hers) = Client::join(&server, ROOM, "Ann").await;
    let (mut bob, _) = Client::join(&server, ROOM, "Bob").await;
    bob.send(json!({ "type": "receive-report", "notReceiving": [hers["id"]] }))
        .await;
    bob.expect_nothing().await;
    ann.send(json!({ "type": "bye" })).await;
    assert_eq!(bob.next().await["type"], "left");
    let (_, welcome) = Client::join(&server, ROOM, "Eve").await;
    assert_eq!(welcome["participants"][0].get("notReceiving"), None);
}

#[tokio::test]
async fn a_ping_is_answered_at_once() {
    let server = Server::start().await;
    let (mut ann, _) = Client::join(&server, ROOM, "Ann").await;
    ann.send(json!({ "type": "ping" })).await;
    assert_eq!(ann.next().await, json!({ "type": "pong" }));
}

#[tokio::test]
async fn kept_seats_do_not_delay_shutdown() {
    let server = with_grace(FOR_EVER).await;
    let (mut ann, bob, _) = ann_and_bob(&server).await;
    drop(bob);
    assert_eq!(ann.next().await["type"], "away");
    let mut silent = crate::wire::upgraded(&server).await;
    let ended = server.stop();
    assert_eq!(ann.closed().await, 4001);
    drop(ann);
    let mut rest = Vec::new();
    within("the cut", silent.read_to_end(&mut rest)).await.ok();
    within("the end", ended).await.unwrap();
}
