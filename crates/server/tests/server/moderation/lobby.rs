use serde_json::{Value, json};

use super::{act, moderator, participant, set};
use crate::access::{admitted, answer, join_with, server_with, token};
use crate::client::Client;
use crate::harness::Server;

async fn server() -> Server {
    server_with(|config| config.lobby = true).await
}

async fn waiting(server: &Server, name: &str) -> Client {
    let (client, waiting) = answer(server, join_with(&bearer(name))).await;
    assert_eq!(waiting["type"], "waiting", "{waiting}");
    assert_eq!(waiting["ping"], 5_000);
    client
}

fn bearer(name: &str) -> String {
    token(json!({ "sub": name, "name": name }))
}

#[tokio::test]
async fn someone_who_is_admitted_joins() {
    let server = server().await;
    let (mut ann, _) = moderator(&server, "Ann").await;
    let mut bob = waiting(&server, "Bob").await;
    let knock = ann.next().await;
    assert_eq!(
        (&knock["type"], &knock["name"]),
        (&json!("knock"), &json!("Bob"))
    );
    bob.send(json!({ "type": "ping" })).await;
    assert_eq!(bob.next().await["type"], "pong");

    ann.send(act("admit", &knock["id"])).await;
    assert_eq!(bob.next().await["type"], "welcome");
    let ended = ann.next().await;
    assert_eq!(
        (&ended["type"], &ended["id"]),
        (&json!("knock-ended"), &knock["id"])
    );
    assert_eq!(ann.next().await["name"], "Bob");

    // Whoever was admitted once need not wait again.
    bob.close().await;
    let (_bob, welcome) = answer(&server, join_with(&bearer("Bob"))).await;
    assert_eq!(welcome["type"], "welcome");
}

#[tokio::test]
async fn someone_who_is_denied_is_refused() {
    let server = server().await;
    let (mut ann, _) = moderator(&server, "Ann").await;
    let mut bob = waiting(&server, "Bob").await;
    let knock = ann.next().await;
    ann.send(act("deny", &knock["id"])).await;
    assert_eq!(
        bob.next().await,
        json!({ "type": "refused", "code": "denied" })
    );
    assert_eq!(bob.closed().await, 4520);
    assert_eq!(ann.next().await["type"], "knock-ended");
}

#[tokio::test]
async fn moderators_and_those_who_bypass_the_lobby_do_not_wait() {
    let server = server().await;
    let (_ann, welcome) = moderator(&server, "Ann").await;
    assert_eq!(welcome["lobby"], true);
    admitted(&server, json!({ "grants": ["join", "bypass-lobby"] })).await;
}

#[tokio::test]
async fn a_moderator_who_comes_later_sees_who_waits() {
    let server = server().await;
    let mut bob = waiting(&server, "Bob").await;
    let (mut ann, welcome) = moderator(&server, "Ann").await;
    assert_eq!(welcome["knocks"][0]["name"], "Bob");
    let (_kim, others) = admitted(
        &server,
        json!({ "sub": "Kim", "grants": ["join", "bypass-lobby"] }),
    )
    .await;
    assert_eq!(others["knocks"], Value::Null);
    ann.next().await;
    ann.send(act("admit", &welcome["knocks"][0]["id"])).await;
    assert_eq!(bob.next().await["type"], "welcome");
}

#[tokio::test]
async fn someone_who_goes_no_longer_waits() {
    let server = server().await;
    let (mut ann, _) = moderator(&server, "Ann").await;
    for goes_politely in [true, false] {
        let mut bob = waiting(&server, "Bob").await;
        let knock = ann.next().await;
        if goes_politely {
            bob.send(json!({ "type": "bye" })).await;
            assert_eq!(bob.closed().await, 1000);
        }
        drop(bob);
        let ended = ann.next().await;
        assert_eq!(ended["type"], "knock-ended");
        assert_eq!(ended["id"], knock["id"]);
        ann.send(act("admit", &knock["id"])).await;
        assert_eq!(ann.next().await["code"], "no-such-participant");
    }
}

#[tokio::test]
async fn a_moderator_turns_the_lobby_on_and_off() {
    let server = crate::access::server().await;
    let (mut ann, _) = moderator(&server, "Ann").await;
    ann.send(set("lobby", true)).await;
    assert_eq!(ann.next().await["lobby"], true);
    let mut bob = waiting(&server, "Bob").await;
    ann.next().await;
    ann.send(set("lobby", false)).await;
    assert_eq!(ann.next().await["lobby"], Value::Null);
    participant(&server, "Eve").await;
    // Those who wait still do, until someone decides.
    bob.send(json!({ "type": "ping" })).await;
    assert_eq!(bob.next().await["type"], "pong");
}

#[tokio::test]
async fn those_who_wait_are_bound_by_a_lock_until_they_are_admitted() {
    let server = server().await;
    let (mut ann, _) = moderator(&server, "Ann").await;
    let mut bob = waiting(&server, "Bob").await;
    let knock = ann.next().await;
    ann.send(set("lock", true)).await;
    ann.next().await;
    ann.send(act("admit", &knock["id"])).await;
    assert_eq!(bob.next().await["type"], "welcome");
    let (_eve, refused) = answer(&server, join_with(&bearer("Eve"))).await;
    assert_eq!(refused["code"], "room-locked");
}

#[tokio::test]
async fn the_end_of_the_call_is_the_end_of_waiting() {
    let server = server().await;
    let (mut ann, _) = moderator(&server, "Ann").await;
    let mut bob = waiting(&server, "Bob").await;
    ann.next().await;
    ann.send(json!({ "type": "moderate", "act": "end" })).await;
    assert_eq!(bob.next().await["code"], "call-ended");
    assert_eq!(bob.closed().await, 4521);
}

#[tokio::test]
async fn whoever_becomes_a_moderator_sees_who_waits() {
    let server = server().await;
    let grants = |grants: &[&str]| json!({ "sub": "Ann", "grants": grants });
    let (mut ann, _) = admitted(&server, grants(&["join", "bypass-lobby"])).await;
    let _bob = waiting(&server, "Bob").await;
    let promoted = token(grants(&["join", "moderate"]));
    ann.send(json!({ "type": "token", "token": promoted }))
        .await;
    assert_eq!(ann.next().await["name"], "Bob");
    let accepted = ann.next().await;
    assert_eq!(accepted["grants"], json!(["join", "moderate"]));
}

#[tokio::test]
async fn a_lobby_is_full_at_some_point() {
    let server = server().await;
    let mut all = Vec::new();
    for number in 0..64 {
        all.push(waiting(&server, &number.to_string()).await);
    }
    let (_client, refused) = answer(&server, join_with(&bearer("one more"))).await;
    assert_eq!(refused["code"], "room-full");
}
