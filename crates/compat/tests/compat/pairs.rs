//! Rooms of two over Socket.IO.

use serde_json::{Value, json};

use crate::harness::Server;
use crate::io::Io;

async fn join(io: &mut Io, room: &str) -> Value {
    io.emit(json!(["join", room])).await;
    io.event().await
}

/// The creator and the joiner of a room.
async fn pair(server: &Server, room: &str) -> (Io, Io) {
    let mut one = Io::connect(server).await;
    assert_eq!(join(&mut one, room).await, json!(["created"]));
    let mut two = Io::connect(server).await;
    assert_eq!(join(&mut two, room).await, json!(["joined"]));
    (one, two)
}

#[tokio::test]
async fn join_is_answered_with_created_joined_and_full() {
    let server = Server::start().await;
    let (mut one, mut two) = pair(&server, "room1").await;
    let mut three = Io::connect(&server).await;
    assert_eq!(join(&mut three, "room1").await, json!(["full"]));
    for io in [&mut one, &mut two, &mut three] {
        io.expect_nothing().await;
    }
    assert_eq!(join(&mut three, "room2").await, json!(["created"]));
}

#[tokio::test]
async fn events_reach_the_other_member_only() {
    let server = Server::start().await;
    let (mut one, mut two) = pair(&server, "room1").await;
    let (mut three, mut four) = pair(&server, "room2").await;
    two.emit(json!(["ready", "room1"])).await;
    assert_eq!(one.event().await, json!(["ready"]));
    let offer = json!({ "type": "offer", "sdp": "v=0\r\n" });
    one.emit(json!(["offer", offer, "room1"])).await;
    assert_eq!(two.event().await, json!(["offer", offer]));
    let answer = json!({ "type": "answer", "sdp": "v=0\r\n" });
    two.emit(json!(["answer", answer, "room1"])).await;
    assert_eq!(one.event().await, json!(["answer", answer]));
    let candidate = json!({
        "candidate": "candidate:1", "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "ab",
    });
    for payload in [
        candidate,
        json!({ "candidate": "x" }),
        json!(null),
        json!([1]),
    ] {
        one.emit(json!(["candidate", payload, "room1"])).await;
        assert_eq!(two.event().await, json!(["candidate", payload]));
    }
    for io in [&mut one, &mut two, &mut three, &mut four] {
        io.expect_nothing().await;
    }
}

#[tokio::test]
async fn payloads_are_forwarded_unchanged() {
    let server = Server::start().await;
    let (mut one, mut two) = pair(&server, "room1").await;
    let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
    for payload in [
        r#"{"b": 1,  "a": "\u00fc\ud83d"}"#,
        "12345678901234567890.00000",
        &deep,
    ] {
        one.send_packet(&format!("42[\"offer\", {payload}, \"room\\u0031\"]"))
            .await;
        assert_eq!(two.next_packet().await, format!("42[\"offer\",{payload}]"));
    }
}

#[tokio::test]
async fn a_member_that_leaves_is_reported_and_replaceable() {
    let server = Server::start().await;
    let (mut one, mut two) = pair(&server, "room1").await;
    two.emit(json!(["leave", "room1"])).await;
    assert_eq!(one.event().await, json!(["leave"]));
    two.expect_nothing().await;
    one.emit(json!(["offer", {}, "room1"])).await;
    two.expect_nothing().await;
    let mut three = Io::connect(&server).await;
    assert_eq!(join(&mut three, "room1").await, json!(["joined"]));
    assert_eq!(join(&mut two, "room1").await, json!(["full"]));
    one.expect_nothing().await;
}

/// The original sends nothing; its page then waits for ever with the next member.
#[tokio::test]
async fn a_lost_connection_is_reported_as_leave() {
    let server = Server::start().await;
    let (one, mut two) = pair(&server, "room1").await;
    drop(one);
    assert_eq!(two.event().await, json!(["leave"]));
    let mut three = Io::connect(&server).await;
    assert_eq!(join(&mut three, "room1").await, json!(["joined"]));
    three.emit(json!(["ready", "room1"])).await;
    assert_eq!(two.event().await, json!(["ready"]));
    three.close().await;
    assert_eq!(two.event().await, json!(["leave"]));
}

/// The original forwards events of everyone who knows the room's name.
#[tokio::test]
async fn events_from_outside_a_room_are_dropped() {
    let server = Server::start().await;
    let (mut one, mut two) = pair(&server, "room1").await;
    let mut eve = Io::connect(&server).await;
    assert_eq!(join(&mut eve, "room1").await, json!(["full"]));
    for event in [
        json!(["ready", "room1"]),
        json!(["offer", { "sdp": "evil" }, "room1"]),
        json!(["answer", { "sdp": "evil" }, "room1"]),
        json!(["candidate", { "candidate": "evil" }, "room1"]),
        json!(["leave", "room1"]),
    ] {
        eve.emit(event).await;
    }
    eve.expect_nothing().await;
    one.expect_nothing().await;
    two.expect_nothing().await;
    two.emit(json!(["ready", "room1"])).await;
    assert_eq!(one.event().await, json!(["ready"]));
}

#[tokio::test]
async fn a_second_join_is_answered_as_by_the_original() {
    let server = Server::start().await;
    let mut one = Io::connect(&server).await;
    assert_eq!(join(&mut one, "room1").await, json!(["created"]));
    assert_eq!(join(&mut one, "room1").await, json!(["joined"]));
    let mut two = Io::connect(&server).await;
    assert_eq!(join(&mut two, "room1").await, json!(["joined"]));
    assert_eq!(join(&mut one, "room1").await, json!(["full"]));
    one.emit(json!(["leave", "room1"])).await;
    assert_eq!(two.event().await, json!(["leave"]));
    assert_eq!(join(&mut two, "room1").await, json!(["joined"]));
}

#[tokio::test]
async fn room_names_and_the_number_of_rooms_are_limited() {
    let server = Server::start().await;
    for room in ["", "my room", "Räum 😀/#?", "constructor", &"x".repeat(512)] {
        let (mut one, mut two) = pair(&server, room).await;
        two.emit(json!(["ready", room])).await;
        assert_eq!(one.event().await, json!(["ready"]));
    }
    let mut io = Io::connect(&server).await;
    assert_eq!(join(&mut io, &"x".repeat(513)).await, json!(["full"]));
    for room in 0..8 {
        assert_eq!(
            join(&mut io, &format!("many{room}")).await,
            json!(["created"])
        );
    }
    assert_eq!(join(&mut io, "one too many").await, json!(["full"]));
    let mut other = Io::connect(&server).await;
    assert_eq!(join(&mut other, "one too many").await, json!(["created"]));
}

#[tokio::test]
async fn wrong_arguments_are_dropped_until_there_are_too_many() {
    let server = Server::start().await;
    let (mut one, mut two) = pair(&server, "room1").await;
    let strange = [
        json!(["join"]),
        json!(["join", null]),
        json!(["join", { "length": 1 }]),
        json!(["ready"]),
        json!(["ready", 7]),
        json!(["offer"]),
        json!(["offer", "room1"]),
        json!(["candidate", {}, ["room1"]]),
        json!(["leave", false]),
    ];
    for event in &strange {
        two.emit(event.clone()).await;
    }
    two.expect_nothing().await;
    one.expect_nothing().await;
    two.emit(json!(["leave"])).await;
    assert_eq!(two.closed().await, 4509);
    assert_eq!(one.event().await, json!(["leave"]));
}

#[tokio::test]
async fn further_arguments_and_acknowledgements_are_accepted() {
    let server = Server::start().await;
    let (mut one, mut two) = pair(&server, "room1").await;
    two.send_packet("4217[\"ready\",\"room1\",{\"more\":true}]")
        .await;
    assert_eq!(one.event().await, json!(["ready"]));
    two.expect_nothing().await;
}
