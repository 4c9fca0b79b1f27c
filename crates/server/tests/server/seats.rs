//! Seats that outlive their sockets: how one is lost, held, taken again and given up.

use std::num::NonZeroUsize;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

use crate::client::{Client, join, offer, resume};
use crate::harness::{Server, within};

const ROOM: &str = "standup";

/// Longer than any test takes.
const FOR_EVER: Duration = Duration::from_secs(3600);

async fn with_grace(grace: Duration) -> Server {
    Server::with(|config| config.timing.seat = grace).await
}

/// Ann, who will hear of it, and Bob, who will lose his seat.
async fn ann_and_bob(server: &Server) -> (Client, Client, Value) {
    let (mut ann, _) = Client::join(server, ROOM, "Ann").await;
    let (bob, his) = Client::join(server, ROOM, "Bob").await;
    ann.next().await;
    (ann, bob, his)
}

/// How a socket can go.
#[derive(Clone, Copy, Debug)]
enum Going {
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

impl Going {
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
        Going::Cut,
        Going::Closed,
        Going::Silent,
        Going::Flooding,
        Going::Binary,
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
        (Going::Bye, "bye"),
        (Going::TooLong, "lost"),
        (Going::Malformed, "lost"),
        (Going::SecondJoin, "lost"),
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
async fn the_later_of_two_connections_has_the_seat() {
    let server = Server::start().await;
    let (mut ann, mut old, his) = ann_and_bob(&server).await;
    let (mut new, again) = Client::resume(&server, ROOM, &his, Some(0)).await;
    assert_eq!(
        (&again["id"], &again["resumed"]),
        (&his["id"], &json!(true))
    );
    let refused = json!({ "type": "refused", "code": "replaced" });
    assert_eq!(old.next().await, refused);
    assert_eq!(old.closed().await, 4514);
    assert_eq!(ann.next().await["type"], "back");
    ann.send(offer(&his["id"], "v=0")).await;
    assert_eq!(new.next().await["type"], "signal");
    new.send(json!({ "type": "media", "audio": "muted" })).await;
    assert_eq!(ann.next().await["from"], his["id"]);
}

/// A socket that takes nothing keeps neither its owner nor the others waiting.
#[tokio::test]
async fn a_half_open_connection_is_replaced() {
    let server = Server::start().await;
    let (mut ann, bob, his) = ann_and_bob(&server).await;
    // Nobody reads it, and nobody closes it.
    let half_open = bob;
    for number in 0..20 {
        ann.send(offer(&his["id"], &number.to_string())).await;
    }
    ann.expect_nothing().await;
    let (mut bob, again) = Client::resume(&server, ROOM, &his, Some(3)).await;
    assert_eq!(
        (&again["resumed"], &again["seq"]),
        (&json!(true), &json!(3))
    );
    for number in 3..20 {
        let missed = bob.next().await;
        assert_eq!(missed["seq"], number + 1);
        assert_eq!(missed["description"]["sdp"], number.to_string());
    }
    bob.expect_nothing().await;
    drop(half_open);
    assert_eq!(ann.next().await["type"], "back");
    ann.expect_nothing().await;
}

/// Those who show the same token are the same client, who may have missed a welcome: the socket that was
/// opened last has the seat, whichever is heard first, and nobody comes or goes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_simultaneous_resumes_one_has_the_seat() {
    const RACERS: usize = 6;
    let server = Server::start().await;
    let (mut ann, bob, his) = ann_and_bob(&server).await;
    drop(bob);
    assert_eq!(ann.next().await["type"], "away");
    let mut sockets = Vec::new();
    for _ in 0..RACERS {
        sockets.push(Client::open(&server, "/rooms").await);
    }
    let racers = sockets.into_iter().map(|mut socket| {
        let join = resume(ROOM, &his, Some(0));
        tokio::spawn(async move {
            socket.send(join).await;
            let answer = socket.next().await;
            (socket, answer)
        })
    });
    let mut welcomed = Vec::new();
    let mut last = None;
    for racer in racers.collect::<Vec<_>>() {
        let (socket, answer) = within("a racer", racer).await.unwrap();
        last = Some(answer["type"] == "welcome");
        if last == Some(false) {
            assert_eq!(answer["code"], "replaced", "{answer}");
            continue;
        }
        assert_eq!(
            (&answer["id"], &answer["resumed"]),
            (&his["id"], &json!(true))
        );
        welcomed.push(socket);
    }
    assert_eq!(last, Some(true));
    for _ in &welcomed {
        assert_eq!(ann.next().await["type"], "back");
    }
    ann.send(offer(&his["id"], "v=0")).await;
    let mut bob = welcomed.pop().unwrap();
    assert_eq!(bob.next().await["type"], "signal");
    for mut socket in welcomed {
        assert_eq!(socket.next().await["code"], "replaced");
    }
    bob.expect_nothing().await;
    ann.expect_nothing().await;
}

/// What was said by a socket that its owner has given up can arrive long after that.
#[tokio::test]
async fn a_delayed_join_does_not_replace_a_later_connection() {
    let server = Server::start().await;
    let (mut ann, bob, his) = ann_and_bob(&server).await;
    drop(bob);
    assert_eq!(ann.next().await["type"], "away");
    let mut early = [
        Client::open(&server, "/rooms").await,
        Client::open(&server, "/rooms").await,
    ];
    let (mut bob, again) = Client::resume(&server, ROOM, &his, Some(0)).await;
    assert_eq!(again["id"], his["id"]);
    assert_eq!(ann.next().await["type"], "back");
    for late in &mut early {
        late.send(resume(ROOM, &his, Some(0))).await;
        assert_eq!(late.next().await["code"], "replaced");
        // Neither is the token used up, nor does knowing of the next one make it a stranger's.
        bob.expect_nothing().await;
    }
    ann.expect_nothing().await;
    drop(bob);
    assert_eq!(ann.next().await["type"], "away");
    let (_bob, third) = Client::resume(&server, ROOM, &again, Some(0)).await;
    assert_eq!(third["id"], his["id"]);
}

/// A welcome that was lost with its socket has cost nothing.
#[tokio::test]
async fn a_token_is_valid_until_the_next_is_confirmed() {
    let server = Server::start().await;
    let (mut ann, bob, first) = ann_and_bob(&server).await;
    drop(bob);
    assert_eq!(ann.next().await["type"], "away");
    for _ in 0..3 {
        let (lost, again) = Client::resume(&server, ROOM, &first, Some(0)).await;
        assert_eq!(again["id"], first["id"]);
        assert_eq!(ann.next().await["type"], "back");
        drop(lost);
        assert_eq!(ann.next().await["type"], "away");
    }
    let (mut bob, _) = Client::resume(&server, ROOM, &first, Some(0)).await;
    bob.expect_nothing().await;
    let (_eve, other) = Client::resume(&server, ROOM, &first, Some(0)).await;
    assert_ne!(other["id"], first["id"]);
}

#[tokio::test]
async fn only_the_latest_token_takes_the_seat() {
    let server = Server::start().await;
    let (mut ann, bob, first) = ann_and_bob(&server).await;
    drop(bob);
    assert_eq!(ann.next().await["type"], "away");
    let (mut bob, second) = Client::resume(&server, ROOM, &first, Some(0)).await;
    assert_eq!(ann.next().await["type"], "back");
    bob.expect_nothing().await;
    drop(bob);
    assert_eq!(ann.next().await["type"], "away");
    let forged = |token: String| json!({ "resume": token, "epoch": first["epoch"] });
    let identity = first["resume"].as_str().unwrap().split_once('.').unwrap().0;
    for wrong in [
        first.clone(),
        forged(format!("{identity}.{}", "0".repeat(32))),
        forged(format!("{identity}.")),
        forged(identity.to_owned()),
        forged(first["id"].as_str().unwrap().to_owned()),
        forged(String::new()),
    ] {
        let (mut eve, welcome) = Client::resume(&server, ROOM, &wrong, Some(0)).await;
        assert_ne!(welcome["id"], first["id"], "{wrong}");
        assert_eq!(welcome.get("resumed"), None);
        assert_eq!(ann.next().await["type"], "joined");
        eve.send(json!({ "type": "bye" })).await;
        assert_eq!(ann.next().await["type"], "left");
    }
    let (_bob, third) = Client::resume(&server, ROOM, &second, Some(0)).await;
    assert_eq!(
        (&third["id"], third.get("resumed")),
        (&first["id"], Some(&json!(true)))
    );
}

#[tokio::test]
async fn a_token_of_another_room_or_server_gives_the_id_only() {
    let server = Server::start().await;
    let other = Server::start().await;
    let (_ann, bob, his) = ann_and_bob(&server).await;
    drop(bob);
    let (mut dora, _) = Client::join(&other, ROOM, "Dora").await;
    for (server, room) in [(&server, "elsewhere"), (&other, ROOM)] {
        let (mut bob, welcome) = Client::resume(server, room, &his, Some(0)).await;
        assert_eq!(welcome["id"], his["id"]);
        assert_eq!(welcome.get("resumed"), None);
        assert_eq!(welcome["seq"], 0);
        assert_ne!(welcome["resume"], his["resume"]);
        let identity = |welcome: &Value| {
            let token = welcome["resume"].as_str().unwrap();
            token.split_once('.').unwrap().0.to_owned()
        };
        assert_eq!(identity(&welcome), identity(&his), "for the next restart");
        bob.send(json!({ "type": "bye" })).await;
    }
    assert_eq!(dora.next().await["id"], his["id"], "told as a newcomer");
}

/// A busy server lets somebody in who has stopped waiting for it, and who asks again.
#[tokio::test]
async fn a_welcome_lost_after_a_restart_keeps_the_seat() {
    let before = Server::start().await;
    let (_, _bob, his) = ann_and_bob(&before).await;
    let server = Server::start().await;
    for _ in 0..3 {
        let (lost, welcome) = Client::resume(&server, ROOM, &his, Some(0)).await;
        assert_eq!(welcome["id"], his["id"]);
        assert_eq!(welcome["participants"], json!([]));
        drop(lost);
    }
    let (mut bob, _) = Client::resume(&server, ROOM, &his, Some(0)).await;
    bob.expect_nothing().await;
    let (_eve, other) = Client::resume(&server, ROOM, &his, Some(0)).await;
    assert_ne!(other["id"], his["id"], "once he has heard of the new one");
}

/// Whoever has not heard of the seat they have knows events of another one.
#[tokio::test]
async fn a_lost_first_welcome_is_repeated_in_full() {
    let server = Server::start().await;
    let (mut ann, mut bob, his) = ann_and_bob(&server).await;
    bob.send(json!({ "type": "bye" })).await;
    assert_eq!(ann.next().await["type"], "left");
    for _ in 0..2 {
        let (lost, welcome) = Client::resume(&server, ROOM, &his, Some(0)).await;
        assert_eq!(welcome["id"], his["id"]);
        assert_eq!(welcome.get("resumed"), None);
        assert_eq!(welcome["participants"][0]["name"], "Ann");
        drop(lost);
    }
    let (lost, fresh) = Client::resume(&server, ROOM, &his, Some(0)).await;
    drop(lost);
    let (_bob, again) = Client::resume(&server, ROOM, &fresh, Some(0)).await;
    assert_eq!(again["resumed"], true, "this one has come");
}

#[tokio::test]
async fn a_resume_without_a_number_gets_the_whole_roster() {
    let server = Server::start().await;
    let (mut ann, bob, his) = ann_and_bob(&server).await;
    ann.send(offer(&his["id"], "v=0")).await;
    ann.expect_nothing().await;
    drop(bob);
    assert_eq!(ann.next().await["type"], "away");
    let (mut bob, again) = Client::resume(&server, ROOM, &his, None).await;
    assert_eq!(again["id"], his["id"]);
    assert_eq!((again.get("resumed"), again.get("heard")), (None, None));
    assert_eq!(again["seq"], 1, "numbers go on");
    assert_eq!(again["participants"][0]["name"], "Ann");
    assert_eq!(ann.next().await["type"], "back");
    ann.send(offer(&his["id"], "v=0")).await;
    assert_eq!(bob.next().await["seq"], 2);
    assert_eq!(
        server_names(&server).await,
        ["Ann", "Bob"],
        "the name stays"
    );
}

async fn server_names(server: &Server) -> Vec<String> {
    let (_, welcome) = Client::join(server, ROOM, "Eve").await;
    let participants = welcome["participants"].as_array().unwrap().iter();
    let names = participants.map(|one| one["name"].as_str().unwrap().to_owned());
    names.collect()
}

#[tokio::test]
async fn changed_media_is_reported_after_a_resume() {
    let server = Server::start().await;
    let (mut ann, bob, mut his) = ann_and_bob(&server).await;
    drop(bob);
    ann.next().await;
    for (video, told) in [("live", false), ("muted", true), ("muted", false)] {
        let mut bob = Client::open(&server, "/rooms").await;
        let mut join = resume(ROOM, &his, Some(0));
        join["video"] = json!(video);
        bob.send(join).await;
        his = bob.next().await;
        assert_eq!(his["resumed"], true);
        assert_eq!(ann.next().await["type"], "back");
        if told {
            let media = ann.next().await;
            assert_eq!(
                (&media["type"], &media["video"]),
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
