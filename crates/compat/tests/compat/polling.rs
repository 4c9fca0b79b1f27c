//! Long-polling, and the upgrade to a WebSocket.

use std::time::Duration;

use serde_json::json;

use crate::client::Client;
use crate::harness::{Server, within};
use crate::io::{Io, POLLING, Polling};

#[tokio::test]
async fn a_session_moves_from_polling_to_a_websocket() {
    let server = Server::start().await;
    let (page, open) = Polling::open(&server).await;
    assert_eq!(open["upgrades"], json!(["websocket"]));
    assert_eq!(open["maxPayload"], 65_536);
    page.send_packet("40").await;
    assert!(page.next_packet().await.starts_with("40{\"sid\":\""));
    page.send_packet("42[\"join\",\"r1\"]").await;
    assert_eq!(page.next_packet().await, "42[\"created\"]");
    let waiting = page.get();
    let upgraded = async {
        let mut io = Io {
            client: Client::open(&server, &page.upgrade_path()).await,
        };
        io.send_packet("2probe").await;
        assert_eq!(io.next_packet().await, "3probe");
        io
    };
    let (released, mut io) = tokio::join!(waiting, upgraded);
    assert_eq!(released.body, b"6", "the request that waited is let go");
    io.send_packet("5").await;
    let mut other = Io::connect(&server).await;
    other.emit(json!(["join", "r1"])).await;
    assert_eq!(other.event().await, json!(["joined"]));
    other.emit(json!(["ready", "r1"])).await;
    assert_eq!(io.event().await, json!(["ready"]));
    io.emit(json!(["offer", { "sdp": "v=0" }, "r1"])).await;
    assert_eq!(other.event().await, json!(["offer", { "sdp": "v=0" }]));
    assert_eq!(
        page.get().await.status,
        400,
        "the session is the socket's now"
    );
    assert_eq!(page.post("3").await.status, 400);
    io.close().await;
    assert_eq!(other.event().await, json!(["leave"]));
}

#[tokio::test]
async fn packets_sent_during_the_probe_are_not_lost() {
    let server = Server::start().await;
    let page = Polling::connect(&server).await;
    page.send_packet("42[\"join\",\"r1\"]\u{1e}42[\"join\",\"r1\"]")
        .await;
    let mut io = Io {
        client: Client::open(&server, &page.upgrade_path()).await,
    };
    io.send_packet("2probe").await;
    assert_eq!(io.next_packet().await, "3probe");
    assert_eq!(
        page.next_packet().await,
        "42[\"created\"]\u{1e}42[\"joined\"]"
    );
    assert_eq!(page.next_packet().await, "6", "nothing waits for long now");
    page.send_packet("42[\"join\",\"r1\"]").await;
    io.send_packet("5").await;
    assert_eq!(io.next_packet().await, "42[\"joined\"]");
}

#[tokio::test]
async fn after_a_failed_upgrade_the_session_goes_on_polling() {
    let server = Server::with(|config| config.timing.upgrade = Duration::from_millis(200)).await;
    let page = Polling::connect(&server).await;
    for wrong in ["5", "2", "40", "x", ""] {
        let mut io = Client::open(&server, &page.upgrade_path()).await;
        io.send_text(wrong).await;
        io.ends().await;
    }
    let mut silent = Client::open(&server, &page.upgrade_path()).await;
    silent.send_text("2probe").await;
    assert_eq!(silent.next_text().await, "3probe");
    let mut second = Client::open(&server, &page.upgrade_path()).await;
    second.ends().await;
    silent.ends().await;
    page.send_packet("42[\"join\",\"r1\"]").await;
    assert_eq!(page.next_packet().await, "42[\"created\"]");
}

#[tokio::test]
async fn a_body_has_several_packets() {
    let server = Server::start().await;
    let (page, _) = Polling::open(&server).await;
    page.send_packet("40\u{1e}42[\"join\",\"a\"]\u{1e}42[\"join\",\"b\"]")
        .await;
    let heard = page.next_packet().await;
    let packets = heard.split('\u{1e}').collect::<Vec<_>>();
    assert!(packets[0].starts_with("40{"));
    assert_eq!(packets[1..], ["42[\"created\"]", "42[\"created\"]"]);
}

#[tokio::test]
async fn two_polls_at_once_end_the_session() {
    let server = Server::start().await;
    let page = Polling::connect(&server).await;
    let (one, two) = tokio::join!(page.get(), page.get());
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    assert_eq!(page.get().await.status, 400);
}

#[tokio::test]
async fn a_close_packet_ends_the_session() {
    let server = Server::start().await;
    let mut alice = Io::connect(&server).await;
    alice.emit(json!(["join", "r1"])).await;
    alice.event().await;
    let page = Polling::connect(&server).await;
    page.send_packet("42[\"join\",\"r1\"]").await;
    page.send_packet("1").await;
    assert_eq!(alice.event().await, json!(["leave"]));
    assert_eq!(page.post("3").await.status, 400);
}

#[tokio::test]
async fn a_session_that_never_polls_ends_when_its_queue_is_full() {
    let server = Server::with(|config| config.server.limits.queue_messages = 10).await;
    let page = Polling::connect(&server).await;
    let asks = ["40/x,"; 11].join("\u{1e}");
    page.post(asks).await;
    within("the end", async {
        while page.post("3").await.status == 200 {}
    })
    .await;
}

#[tokio::test]
async fn the_number_of_polling_sessions_is_limited() {
    let server = Server::with(|config| config.limits.polling_sessions = 2).await;
    let one = Polling::connect(&server).await;
    let _two = Polling::connect(&server).await;
    assert_eq!(server.get(POLLING, &[]).await.status, 503);
    Io::connect(&server).await;
    one.send_packet("1").await;
    within("a free place", async {
        while server.get(POLLING, &[]).await.status == 503 {}
    })
    .await;
}

#[tokio::test]
async fn a_body_that_is_not_utf_8_is_refused() {
    let server = Server::start().await;
    let page = Polling::connect(&server).await;
    assert_eq!(page.post(b"42[\"\xff\"]").await.json()["code"], 3);
    page.send_packet("42[\"join\",\"r1\"]").await;
    assert_eq!(page.next_packet().await, "42[\"created\"]");
}
