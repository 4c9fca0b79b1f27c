//! Clients of Socket.IO 1 and 2: Engine.IO 3, in which the client pings and a body states the length
//! of each packet.

use std::time::Duration;

use serde_json::json;

use crate::client::Client;
use crate::harness::{Server, within};
use crate::io::Io;

const WEBSOCKET: &str = "/socket.io/?EIO=3&transport=websocket";
const POLLING: &str = "/socket.io/?EIO=3&transport=polling";

/// Opens a session by WebSocket, which the server connects to the namespace.
async fn connect(server: &Server) -> Io {
    let mut client = Client::open(server, WEBSOCKET).await;
    assert!(client.next_text().await.starts_with("0{"));
    assert_eq!(client.next_text().await, "40");
    Io { client }
}

/// Opens a session by polling and returns the path of its further requests.
async fn poll(server: &Server) -> String {
    let reply = server.get(POLLING, &[]).await;
    let body = String::from_utf8(reply.body).unwrap();
    let (length, rest) = body.split_once(':').unwrap();
    let (open, connect) = rest.split_at(length.parse().unwrap());
    assert_eq!(connect, "2:40");
    let open: serde_json::Value = serde_json::from_str(&open[1..]).unwrap();
    assert_eq!(open["upgrades"], json!(["websocket"]));
    format!("{POLLING}&sid={}", open["sid"].as_str().unwrap())
}

#[tokio::test]
async fn a_legacy_and_a_current_client_meet() {
    let server = Server::start().await;
    let mut old = connect(&server).await;
    old.emit(json!(["join", "r1"])).await;
    assert_eq!(old.event().await, json!(["created"]));
    let mut new = Io::connect(&server).await;
    new.emit(json!(["join", "r1"])).await;
    assert_eq!(new.event().await, json!(["joined"]));
    new.emit(json!(["ready", "r1"])).await;
    assert_eq!(old.event().await, json!(["ready"]));
    old.emit(json!(["offer", { "sdp": "v=0" }, "r1"])).await;
    assert_eq!(new.event().await, json!(["offer", { "sdp": "v=0" }]));
    old.close().await;
    assert_eq!(new.event().await, json!(["leave"]));
}

#[tokio::test]
async fn the_client_pings_and_other_namespaces_are_refused() {
    let server = Server::start().await;
    let mut io = connect(&server).await;
    io.send_packet("2").await;
    assert_eq!(io.client.next_text().await, "3");
    io.send_packet("40/nope?token=1,").await;
    assert_eq!(io.client.next_text().await, "44/nope,\"Invalid namespace\"");
    io.send_packet("40").await;
    io.emit(json!(["join", "r1"])).await;
    assert_eq!(io.event().await, json!(["created"]));
}

#[tokio::test]
async fn a_client_that_does_not_ping_is_closed() {
    let server = Server::with(|config| {
        config.timing.engine_ping = Duration::from_millis(200);
        config.timing.engine_pong = Duration::from_millis(400);
    })
    .await;
    let mut alive = connect(&server).await;
    let mut silent = connect(&server).await;
    let ping = async {
        loop {
            alive.send_packet("2").await;
            assert_eq!(alive.client.next_text().await, "3");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        code = silent.client.closed() => assert_eq!(code, 4009),
        () = ping => (),
    }
    alive.send_packet("2").await;
    assert_eq!(alive.client.next_text().await, "3");
}

#[tokio::test]
async fn bodies_state_the_length_of_each_packet() {
    let server = Server::start().await;
    let path = poll(&server).await;
    let room = "42[\"join\",\"Räum😀\"]";
    let length = room.encode_utf16().count();
    let reply = server.post(&path, format!("{length}:{room}1:2")).await;
    assert_eq!((reply.status, reply.body.as_slice()), (200, &b"ok"[..]));
    let reply = server.get(&path, &[]).await;
    assert_eq!(reply.body, b"13:42[\"created\"]1:3");
    assert_eq!(server.post(&path, "9:short").await.json()["code"], 3);
    let mut other = Io::connect(&server).await;
    other.emit(json!(["join", "Räum😀"])).await;
    assert_eq!(other.event().await, json!(["joined"]));
}

#[tokio::test]
async fn a_session_moves_from_polling_to_a_websocket() {
    let server = Server::start().await;
    let path = poll(&server).await;
    let path = path.replace("transport=polling", "transport=websocket");
    let mut io = Io {
        client: Client::open(&server, &path).await,
    };
    io.send_packet("2probe").await;
    assert_eq!(io.client.next_text().await, "3probe");
    io.send_packet("5").await;
    io.emit(json!(["join", "r1"])).await;
    let created = within("an answer", io.event()).await;
    assert_eq!(created, json!(["created"]));
}
