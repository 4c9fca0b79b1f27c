//! The log contains no names and no content.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tracing_subscriber::filter::LevelFilter;
use videocalls_protocol::{DisplayName, Grants};
use videocalls_server::{SigningKey, TokenRequest};

use crate::client::{Client, join, offer};
use crate::harness::{Server, within};
use crate::io::Io;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The prefix of everything that the log must not contain.
const SECRET: &str = "s3cret";

#[tokio::test]
async fn the_log_contains_no_names_and_no_content_at_any_level() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // The test's runtime has one thread, on which the server's tasks run too.
    let guard = tracing::subscriber::set_default(subscriber);
    make_every_kind_of_log_line().await;
    drop(guard);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for kind in [
        "joined",
        "left",
        "malformed message",
        "unknown message",
        "refused",
        "malformed event",
        "unknown event",
        "event for a room from outside",
        "token for an appointment refused",
        "session started",
        "a token is not valid",
        "waits in the lobby",
        "moderated",
        "ended by a moderator",
        "stopped",
    ] {
        assert!(log.contains(kind), "no line on '{kind}' in\n{log}");
    }
    assert!(!log.contains(SECRET), "{log}");
}

async fn use_the_endpoints_of_other_systems(server: &Server) {
    let said = |what: &str| format!("{SECRET}-{what}");
    for path in ["/channels/s3cret", "/channels/s3cret-full"] {
        let mut mesh = Client::open(server, path).await;
        mesh.send(json!({ "peer": said("name"), "action": said("x"), "message": {} }))
            .await;
        mesh.next().await;
        mesh.send_text(said("mesh")).await;
        mesh.closed().await;
    }
    let member = json!({ "name": said("name"), "room_name": said("room"), "UID": said("uid") });
    for path in [
        "/create_member/",
        "/create_member/",
        "/delete_member/",
        "/delete_member/",
    ] {
        server.post(path, member.to_string()).await;
    }
    server.get("/get_token/?channel=s3cret", &[]).await;
    let mut guest = Io::connect(server).await;
    for event in [
        json!(["join", said("room")]),
        json!(["offer", said("sdp"), said("room")]),
        json!(["offer", said("sdp"), said("elsewhere")]),
        json!(["offer", said("sdp")]),
        json!([said("event"), said("sdp")]),
    ] {
        guest.emit(event).await;
    }
    guest.event().await;
    guest.expect_nothing().await;
    guest.send_packet("42s3cret").await;
    guest.closed().await;
    let mut bad = Io::with_jwt(server, &said("token")).await;
    assert_eq!(bad.next_packet().await, "41");
    server
        .post(
            "/validate-link",
            json!({ "token": said("token") }).to_string(),
        )
        .await;
    let link = server.get("/user-link", &[]).await;
    let link = String::from_utf8(link.body).unwrap();
    let mut visitor = Io::with_jwt(server, link.split_once("token=").unwrap().1).await;
    for event in [
        json!(["newOffer", { "offer": { "sdp": said("sdp") }, "apptInfo": { "uuid": said("uuid") } }]),
        json!(["newOffer", { "offer": { "sdp": said("sdp") } }]),
        json!(["iceToServer", { "iceC": { "candidate": said("ice") } }]),
        json!(["iceToServer", { "iceC": said("ice"), "uuid": said("uuid") }]),
        json!(["newAnswer", { "answer": { "sdp": said("sdp") }, "uuid": said("uuid") }]),
    ] {
        visitor.emit(event).await;
    }
    visitor.expect_nothing().await;
}

/// A token for the secret room.
fn token(grants: &[&str]) -> String {
    let key = SigningKey::from_secret(&SECRET.repeat(6)).unwrap();
    let request = TokenRequest {
        room: format!("{SECRET}-room"),
        identity: Some(format!("{SECRET}-identity")),
        name: DisplayName::new(&format!("{SECRET}-name")).ok(),
        lifetime: Duration::from_secs(60),
        grants: Grants::from_names(grants.iter().copied()),
        audience: None,
        once: true,
    };
    key.sign(&request).unwrap()
}

async fn moderate_a_room() {
    let server = Server::with(|config| {
        let key = SECRET.repeat(6).parse().unwrap();
        config.server.access.keys.push(key);
        config.server.lobby = true;
    })
    .await;
    let enter = async |token: &str| {
        let mut client = Client::open(&server, "/rooms").await;
        let mut join = join(&format!("{SECRET}-room"), "x");
        join["token"] = token.into();
        client.send(join).await;
        let answer = client.next().await;
        (client, answer)
    };
    let wrong = [
        SECRET.to_owned(),
        format!("{SECRET}.{SECRET}.{SECRET}"),
        token(&["publish"]),
    ];
    for token in wrong {
        assert_eq!(enter(&token).await.1["type"], "refused");
    }
    let (mut ann, _) = enter(&token(&["join", "moderate"])).await;
    let (_bob, waiting) = enter(&token(&["join"])).await;
    assert_eq!(waiting["type"], "waiting");
    for message in [
        json!({ "type": "token", "token": format!("{SECRET}-token") }),
        json!({ "type": "moderate", "act": format!("{SECRET}-act") }),
        json!({ "type": "moderate", "act": "lock", "on": true }),
        json!({ "type": "moderate", "act": "end" }),
    ] {
        ann.send(message).await;
    }
    ann.closed().await;
}

async fn make_every_kind_of_log_line() {
    let server = Server::with(|config| {
        config.appointments_secret = Some(SECRET.repeat(6).parse().unwrap());
    })
    .await;
    use_the_endpoints_of_other_systems(&server).await;
    moderate_a_room().await;
    let name = format!("{SECRET}-name");
    let room = format!("{SECRET}-room");
    let mut ann = Client::open(&server, "/rooms").await;
    let mut hello = join(&room, &name);
    hello["token"] = json!(format!("{SECRET}-token"));
    hello["resume"] = json!(format!("{SECRET}-resume"));
    ann.send(hello).await;
    let hers = ann.next().await;
    let (mut bob, _) = Client::join(&server, &room, &name).await;
    bob.send(offer(&hers["id"], &format!("{SECRET}-sdp"))).await;
    bob.send(offer(
        &json!(format!("{SECRET}-nobody")),
        &"s3cret".repeat(10_000),
    ))
    .await;
    bob.send(json!({
        "type": "signal", "to": hers["id"], "candidate": { "candidate": format!("{SECRET}-ice") }
    }))
    .await;
    bob.send(json!({ "type": format!("{SECRET}-kind") })).await;
    bob.send_text(format!("{{\"{SECRET}\": {SECRET}")).await;
    bob.send(json!({ "type": "signal", "to": format!("{SECRET}-id") }))
        .await;
    bob.send(json!({ "type": "bye" })).await;
    assert_eq!(bob.closed().await, 1000);
    for hello in [
        join(&format!("{SECRET}/"), "x"),
        join("x", &SECRET.repeat(20)),
    ] {
        let mut eve = Client::open(&server, "/rooms").await;
        eve.send(hello).await;
        eve.closed().await;
    }
    let origin = format!("https://{SECRET}.example");
    let refused = Client::try_open(&server, "/rooms", &[("origin", &origin)]).await;
    assert!(refused.is_err());
    let mut relay = Client::open(&server, &format!("/relay/{room}")).await;
    relay.send_text(format!("{SECRET}-relayed")).await;
    relay.next_text().await;
    server.get(&format!("/?room={room}"), &[]).await;
    drop(relay);
    let ended = server.stop();
    ann.closed().await;
    drop(ann);
    within("the end", ended).await.unwrap();
}
