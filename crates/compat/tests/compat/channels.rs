//! The mesh of `/channels/`.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::client::Client;
use crate::harness::Server;

const CHANNEL: &str = "receiver_channel_name";

fn hello(name: &str) -> Value {
    json!({ "peer": name, "action": "new-peer", "message": {} })
}

fn described(name: &str, action: &str, to: &Value) -> Value {
    let sdp = json!({ "type": "offer", "sdp": "v=0\r\n" });
    json!({ "peer": name, "action": action, "message": { "sdp": sdp, CHANNEL: to } })
}

/// Opens a socket and says who it is; gives its channel too.
async fn enter(server: &Server, path: &str, name: &str) -> (Client, Value) {
    let mut client = Client::open(server, path).await;
    client.send(hello(name)).await;
    let echo = client.next().await;
    (client, echo["message"][CHANNEL].clone())
}

/// Asserts that nothing waits, by the echo that must come next.
async fn expect_nothing(client: &mut Client) {
    client
        .send(json!({ "action": "mark", "message": {} }))
        .await;
    assert_eq!(client.next().await["action"], "mark");
}

/// Two in a room who know each other's channels.
async fn pair(server: &Server) -> ((Client, Value), (Client, Value)) {
    let (mut alice, hers) = enter(server, "/channels/room", "alice").await;
    let (bob, his) = enter(server, "/channels/room", "bob").await;
    assert_eq!(alice.next().await["message"][CHANNEL], his);
    ((alice, hers), (bob, his))
}

#[tokio::test]
async fn a_new_peer_is_announced_with_its_channel() {
    let server = Server::start().await;
    let (mut alice, hers) = enter(&server, "/channels/room", "alice").await;
    let (mut bob, his) = enter(&server, "/channels/room", "bob").await;
    let received = alice.next().await;
    let expected = json!({ "peer": "bob", "action": "new-peer", "message": { CHANNEL: his } });
    assert_eq!(received, expected);
    assert_ne!(hers, his);
    expect_nothing(&mut bob).await;
}

#[tokio::test]
async fn offers_and_answers_reach_their_addressee_with_the_senders_channel() {
    let server = Server::start().await;
    let ((mut alice, hers), (mut bob, his)) = pair(&server).await;
    let (mut carol, _) = enter(&server, "/channels/room", "carol").await;
    alice.next().await;
    bob.next().await;
    alice.send(described("alice", "new-offer", &his)).await;
    assert_eq!(bob.next().await, described("alice", "new-offer", &hers));
    bob.send(described("bob", "new-answer", &hers)).await;
    assert_eq!(alice.next().await, described("bob", "new-answer", &his));
    expect_nothing(&mut carol).await;
}

#[tokio::test]
async fn other_actions_go_to_everyone_with_unknown_keys() {
    let server = Server::start().await;
    let ((mut alice, hers), (mut bob, _)) = pair(&server).await;
    let mut said = json!({
        "peer": "alice", "action": "wave", "more": [1, null, 1.5],
        "message": { "hand": "left", CHANNEL: "nobody" },
    });
    alice.send(said.clone()).await;
    said["message"][CHANNEL] = hers.clone();
    assert_eq!(alice.next().await, said);
    assert_eq!(bob.next().await, said);
    for action in [json!(5), json!(null), json!(["new-offer"])] {
        bob.send(json!({ "action": action, "message": {} })).await;
        assert_eq!(alice.next().await["action"], action);
        bob.next().await;
    }
}

#[tokio::test]
async fn a_message_to_an_unknown_channel_is_dropped() {
    let server = Server::start().await;
    let ((mut alice, _), (bob, his)) = pair(&server).await;
    for name in ["", "nobody", "specific.x!y", &"x".repeat(5000)] {
        alice
            .send(described("alice", "new-offer", &json!(name)))
            .await;
    }
    expect_nothing(&mut alice).await;
    bob.close().await;
    alice.send(described("alice", "new-offer", &his)).await;
    expect_nothing(&mut alice).await;
}

#[tokio::test]
async fn a_channel_of_another_room_is_unknown() {
    let server = Server::start().await;
    let ((mut alice, hers), _bob) = pair(&server).await;
    let (mut eve, _) = enter(&server, "/channels/other", "eve").await;
    eve.send(described("eve", "new-offer", &hers)).await;
    eve.send(json!({ "action": "shout", "message": {} })).await;
    assert_eq!(eve.next().await["action"], "shout");
    expect_nothing(&mut alice).await;
}

#[tokio::test]
async fn an_unreadable_message_closes_its_senders_socket_only() {
    let server = Server::start().await;
    let ((mut alice, _), (mut bob, _)) = pair(&server).await;
    for text in [
        "",
        "{",
        "null",
        "[]",
        "\"new-peer\"",
        r#"{"peer": "eve", "action": "new-peer"}"#,
        r#"{"peer": "eve", "message": {}}"#,
        r#"{"action": "new-peer", "message": "text"}"#,
        r#"{"action": "new-peer", "message": []}"#,
        r#"{"action": "new-peer", "message": null}"#,
        r#"{"action": "new-offer", "message": {"sdp": {}}}"#,
        r#"{"action": "new-offer", "message": {"receiver_channel_name": 7}}"#,
        r#"{"action": "new-peer", "message": {}} x"#,
        &"[".repeat(60_000),
    ] {
        let mut eve = Client::open(&server, "/channels/room").await;
        eve.send_text(text).await;
        assert_eq!(eve.closed().await, 1011, "{text:.40}");
    }
    let mut eve = Client::open(&server, "/channels/room").await;
    eve.send_frame(Message::binary(vec![1])).await;
    assert_eq!(eve.closed().await, 1011);
    expect_nothing(&mut alice).await;
    bob.next().await;
    expect_nothing(&mut bob).await;
}

#[tokio::test]
async fn python_spacing_and_escapes_are_read() {
    let server = Server::start().await;
    let ((mut alice, hers), (mut bob, his)) = pair(&server).await;
    let text = format!(
        "{{\"peer\": \"J\\u00fcrgen \\ud83d\\ude00\", \"action\": \"new\\u002doffer\", \
         \"message\": {{\"sdp\": {{}}, \"receiver_channel_name\": {his}}}}}"
    );
    alice.send_text(text).await;
    let heard = bob.next().await;
    assert_eq!(heard["peer"], "Jürgen 😀");
    assert_eq!(heard["message"][CHANNEL], hers);
    expect_nothing(&mut alice).await;
}

#[tokio::test]
async fn the_misspelt_key_of_some_copies_is_read() {
    let server = Server::start().await;
    let ((mut alice, hers), (mut bob, his)) = pair(&server).await;
    let message = json!({ "sdp": {}, "reciver_channel_name": his });
    alice
        .send(json!({ "peer": "alice", "action": "new-offer", "message": message }))
        .await;
    assert_eq!(bob.next().await["message"]["reciver_channel_name"], hers);
}

#[tokio::test]
async fn forwarded_values_are_unchanged() {
    let server = Server::start().await;
    let ((mut alice, _), (mut bob, _)) = pair(&server).await;
    let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
    let number = "12345678901234567890.00000";
    let text = format!(r#"{{"n":{number},"d":{deep},"action":"x","message":{{"half":"\ud83d"}}}}"#);
    alice.send_text(text).await;
    let heard = bob.next_text().await;
    for part in [number, deep.as_str(), r#""half":"\ud83d""#] {
        assert!(heard.contains(part), "{part}");
    }
}

#[tokio::test]
async fn a_path_names_a_room_with_or_without_a_slash_at_its_end() {
    let server = Server::start().await;
    for [one, other] in [
        ["/channels", "/channels/"],
        ["/channels/a/b", "/channels/a/b/"],
        ["/channels/caf%C3%A9%20x", "/channels/caf%C3%A9%20x"],
    ] {
        let (mut alice, _) = enter(&server, one, "alice").await;
        let (_bob, his) = enter(&server, other, "bob").await;
        assert_eq!(alice.next().await["message"][CHANNEL], his);
    }
    let long = format!("/channels/{}", "x".repeat(600));
    let refused = Client::try_open(&server, &long, &[]).await.err().unwrap();
    assert_eq!(refused.status(), 400);
}

#[tokio::test]
async fn other_paths_are_rooms_only_with_the_switch() {
    let server = Server::start().await;
    for path in ["/", "/some/other/path"] {
        assert!(
            Client::try_open(&server, path, &[]).await.is_err(),
            "{path}"
        );
    }
    let server = Server::with(|config| config.channels_anywhere = true).await;
    for path in ["/", "/some/other/path", "/index.html"] {
        let (mut alice, _) = enter(&server, path, "alice").await;
        let (_bob, his) = enter(&server, path, "bob").await;
        assert_eq!(alice.next().await["message"][CHANNEL], his, "{path}");
    }
    assert_eq!(server.get("/nowhere", &[]).await.status, 404);
    let (_ann, welcome) = Client::join(&server, "standup", "Ann").await;
    assert_eq!(welcome["participants"], json!([]));
    let origin = ("origin", "https://evil.example");
    let refused = Client::try_open(&server, "/", &[origin])
        .await
        .err()
        .unwrap();
    assert_eq!(refused.status(), 403);
}

#[tokio::test]
async fn a_room_has_the_configured_capacity() {
    let server = Server::with(|config| config.server.room_capacity = 2.try_into().unwrap()).await;
    let ((alice, _), (_bob, _)) = pair(&server).await;
    let mut carol = Client::open(&server, "/channels/room").await;
    assert_eq!(carol.closed().await, 4504);
    alice.close().await;
    enter(&server, "/channels/room", "dave").await;
}

#[tokio::test]
async fn too_many_messages_close_their_senders_socket_only() {
    let server = Server::with(|config| {
        config.server.limits.message_burst = 5;
        config.server.limits.messages_per_second = 1;
    })
    .await;
    let (mut alice, _) = enter(&server, "/channels/room", "alice").await;
    let (mut bob, _) = enter(&server, "/channels/room", "bob").await;
    for _ in 0..5 {
        bob.send(json!({ "action": "x", "message": {} })).await;
    }
    assert_eq!(bob.closed().await, 4013);
    for action in ["new-peer", "x", "x", "x", "x"] {
        assert_eq!(alice.next().await["action"], action);
    }
    expect_nothing(&mut alice).await;
}

#[tokio::test]
async fn keeps_the_message_limit_and_the_origin_check() {
    let server = Server::start().await;
    let mut client = Client::open(&server, "/channels/standup").await;
    client.send_text("x".repeat(400 * 1024)).await;
    assert_eq!(client.closed().await, 1009);
    let evil = [("origin", "https://evil.example")];
    let refused = Client::try_open(&server, "/channels/standup", &evil).await;
    assert_eq!(refused.err().unwrap().status(), 403);
}
