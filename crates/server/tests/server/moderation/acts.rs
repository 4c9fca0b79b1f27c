use serde_json::{Value, json};

use super::{act, moderator, participant, set};
use crate::access::{answer, join_with, refused, server, token};
use crate::client::{Client, resume};

/// Every act, on a participant.
fn acts(to: &Value) -> Vec<Value> {
    let about = [
        "admit",
        "deny",
        "mute",
        "stop-video",
        "stop-screen",
        "remove",
    ];
    let mut acts: Vec<_> = about.iter().map(|name| act(name, to)).collect();
    acts.extend(["lock", "lobby"].map(|name| set(name, true)));
    acts.push(json!({ "type": "moderate", "act": "end" }));
    acts
}

async fn rejection(client: &mut Client, message: Value) -> Value {
    client.send(message).await;
    let rejected = client.next().await;
    assert_eq!(rejected["type"], "rejected", "{rejected}");
    rejected["code"].clone()
}

#[tokio::test]
async fn every_act_needs_the_grant() {
    let server = server().await;
    let (mut ann, welcome) = moderator(&server, "Ann").await;
    let (mut bob, _) = participant(&server, "Bob").await;
    ann.next().await;
    for message in acts(&welcome["id"]) {
        assert_eq!(rejection(&mut bob, message).await, "not-permitted");
    }
    ann.expect_nothing().await;
}

#[tokio::test]
async fn every_act_needs_someone_who_is_there() {
    let server = server().await;
    let (mut ann, _) = moderator(&server, "Ann").await;
    for message in acts(&json!("nobody")).into_iter().take(6) {
        assert_eq!(rejection(&mut ann, message).await, "no-such-participant");
    }
    for message in [
        json!({ "type": "moderate" }),
        json!({ "type": "moderate", "act": "fly", "to": "x" }),
        json!({ "type": "moderate", "act": "mute" }),
    ] {
        assert_eq!(rejection(&mut ann, message).await, "malformed");
    }
}

#[tokio::test]
async fn a_participant_is_asked_to_stop() {
    let server = server().await;
    let (mut ann, welcome) = moderator(&server, "Ann").await;
    let (mut bob, bob_welcome) = participant(&server, "Bob").await;
    ann.next().await;
    for (number, name) in ["mute", "stop-video", "stop-screen"].iter().enumerate() {
        ann.send(act(name, &bob_welcome["id"])).await;
        let asked = bob.next().await;
        let expected = json!({
            "type": "asked", "seq": number + 1, "from": welcome["id"], "act": name,
        });
        assert_eq!(asked, expected);
    }
}

#[tokio::test]
async fn a_request_to_mute_outlives_a_reload_until_it_is_met() {
    let server = server().await;
    let (mut ann, _) = moderator(&server, "Ann").await;
    let (bob, bob_welcome) = participant(&server, "Bob").await;
    ann.next().await;
    drop(bob);
    assert_eq!(ann.next().await["type"], "away");
    ann.send(act("mute", &bob_welcome["id"])).await;

    let reload = |welcome: &Value| {
        let mut join = resume("standup", welcome, None);
        join["token"] = token(json!({ "sub": "Bob" })).into();
        join
    };
    let (mut bob, welcome) = answer(&server, reload(&bob_welcome)).await;
    assert_eq!(welcome["id"], bob_welcome["id"]);
    assert_eq!(bob.next().await["act"], "mute");
    bob.send(json!({ "type": "media", "audio": "muted", "video": "live" }))
        .await;
    bob.send(json!({ "type": "media", "audio": "live", "video": "live" }))
        .await;
    bob.expect_nothing().await;
    drop(bob);
    let (mut bob, _) = answer(&server, reload(&welcome)).await;
    bob.expect_nothing().await;
}

#[tokio::test]
async fn a_request_to_mute_reaches_a_client_that_reconnects() {
    let server = server().await;
    let (mut ann, _) = moderator(&server, "Ann").await;
    let (mut bob, bob_welcome) = participant(&server, "Bob").await;
    ann.next().await;
    bob.expect_nothing().await;
    drop(bob);
    assert_eq!(ann.next().await["type"], "away");
    ann.send(act("mute", &bob_welcome["id"])).await;
    ann.expect_nothing().await;
    let mut join = resume("standup", &bob_welcome, Some(0));
    join["token"] = token(json!({ "sub": "Bob" })).into();
    let (mut bob, welcome) = answer(&server, join).await;
    assert_eq!(welcome["resumed"], true);
    assert_eq!(bob.next().await["act"], "mute");
    bob.expect_nothing().await;
}

#[tokio::test]
async fn a_removed_participant_can_not_come_back() {
    let server = server().await;
    let (mut ann, _) = moderator(&server, "Ann").await;
    let (mut bob, bob_welcome) = participant(&server, "Bob").await;
    let (mut eve, _) = participant(&server, "Eve").await;
    ann.next().await;
    ann.next().await;
    bob.next().await;
    ann.send(act("remove", &bob_welcome["id"])).await;
    assert_eq!(
        bob.next().await,
        json!({ "type": "refused", "code": "removed" })
    );
    assert_eq!(bob.closed().await, 4503);
    for other in [&mut ann, &mut eve] {
        let left = other.next().await;
        assert_eq!(
            (&left["type"], &left["reason"]),
            (&json!("left"), &json!("removed"))
        );
    }
    let removed = ("removed".to_owned(), 4503);
    assert_eq!(
        refused(&server, &token(json!({ "sub": "Bob" }))).await,
        removed
    );
    let mut reload = resume("standup", &bob_welcome, None);
    reload["token"] = token(json!({ "sub": "Bob", "jti": "new" })).into();
    assert_eq!(answer(&server, reload).await.1["code"], "removed");
    participant(&server, "Kim").await;
}

#[tokio::test]
async fn a_removed_token_without_an_identity_can_not_come_back() {
    let server = server().await;
    let (mut ann, _) = moderator(&server, "Ann").await;
    let invitation = token(json!({ "name": "Bob" }));
    let (mut bob, bob_welcome) = answer(&server, join_with(&invitation)).await;
    ann.send(act("remove", &bob_welcome["id"])).await;
    assert_eq!(bob.closed().await, 4503);
    assert_eq!(refused(&server, &invitation).await.0, "removed");
}

#[tokio::test]
async fn someone_who_is_away_can_be_removed() {
    let server = server().await;
    let (mut ann, _) = moderator(&server, "Ann").await;
    let (bob, bob_welcome) = participant(&server, "Bob").await;
    ann.next().await;
    drop(bob);
    assert_eq!(ann.next().await["type"], "away");
    ann.send(act("remove", &bob_welcome["id"])).await;
    assert_eq!(ann.next().await["reason"], "removed");
    assert_eq!(
        refused(&server, &token(json!({ "sub": "Bob" }))).await.0,
        "removed"
    );
}

#[tokio::test]
async fn a_locked_room_keeps_its_participants_and_admits_moderators_only() {
    let server = server().await;
    let (mut ann, _) = moderator(&server, "Ann").await;
    let (mut bob, bob_welcome) = participant(&server, "Bob").await;
    ann.next().await;
    ann.send(set("lock", true)).await;
    for client in [&mut ann, &mut bob] {
        let room = client.next().await;
        assert_eq!(
            (&room["type"], &room["locked"]),
            (&json!("room"), &json!(true))
        );
    }
    let locked = ("room-locked".to_owned(), 4519);
    assert_eq!(refused(&server, &token(json!({}))).await, locked);
    let (_host, welcome) = moderator(&server, "Host").await;
    assert_eq!(welcome["locked"], true);

    drop(bob);
    let mut reload = resume("standup", &bob_welcome, None);
    reload["token"] = token(json!({ "sub": "Bob" })).into();
    let (_bob, welcome) = answer(&server, reload).await;
    assert_eq!(
        (&welcome["type"], &welcome["locked"]),
        (&json!("welcome"), &json!(true))
    );

    ann.send(set("lock", false)).await;
    while ann.next().await["type"] != "room" {}
    let (_eve, welcome) = participant(&server, "Eve").await;
    assert_eq!(welcome["locked"], Value::Null);
}

#[tokio::test]
async fn a_call_ends_for_everyone() {
    let server = server().await;
    let (mut ann, _) = moderator(&server, "Ann").await;
    let (mut bob, _) = participant(&server, "Bob").await;
    ann.next().await;
    ann.send(json!({ "type": "moderate", "act": "end" })).await;
    for client in [&mut ann, &mut bob] {
        assert_eq!(client.next().await["code"], "call-ended");
        assert_eq!(client.closed().await, 4521);
    }
    let (_eve, welcome) = participant(&server, "Eve").await;
    assert_eq!(welcome["participants"], json!([]));
}
