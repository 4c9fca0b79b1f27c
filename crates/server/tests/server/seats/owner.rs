//! Which connection has a seat.

use serde_json::{Value, json};

use super::{ROOM, ann_and_bob};
use crate::client::{Client, offer, resume};
use crate::harness::{Server, within};

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
    new.send(json!({ "type": "media", "tracks": { "microphone": "muted" } }))
        .await;
    assert_eq!(ann.next().await["from"], his["id"]);
}

/// A connection that reads nothing delays neither its owner nor the others.
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

/// Clients with the same token are one client that may have missed a welcome. The connection that was
/// opened last has the seat, in whatever order the joins arrive, and nobody is reported to come or go.
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

/// A message of a connection that its client has abandoned can arrive much later.
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

/// A welcome may be lost together with its connection.
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
    assert_eq!(
        dora.next().await["id"],
        his["id"],
        "announced as a newcomer"
    );
}

/// A busy server seats a client that has given up waiting and joins again.
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

/// A client that has not received its welcome only knows events of another seat.
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
