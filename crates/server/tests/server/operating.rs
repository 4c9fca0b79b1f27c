//! What an operator relies on: metrics, readiness, and limits per address.

use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use videocalls_server::Config;

use crate::base_config;
use crate::client::Client;
use crate::harness::{Server, within};

async fn behind_a_proxy(change: impl FnOnce(&mut Config)) -> Server {
    Server::with(|config| {
        config.trusted_proxies = vec!["loopback".parse().unwrap()];
        change(config);
    })
    .await
}

/// Opens a socket as a client with this address; the status if it is refused.
async fn open(server: &Server, address: &str) -> Result<Client, u16> {
    let headers = [("x-forwarded-for", address)];
    let opened = Client::try_open(server, "/relay/standup", &headers).await;
    opened.map_err(|refused| refused.status().as_u16())
}

#[tokio::test]
async fn an_address_has_so_many_sockets() {
    let server = behind_a_proxy(|config| config.limits.address_sockets = 2).await;
    let first = open(&server, "192.0.2.7").await.ok().unwrap();
    let _second = open(&server, "192.0.2.7").await.ok().unwrap();
    assert_eq!(open(&server, "192.0.2.7").await.err(), Some(429));
    assert!(open(&server, "192.0.2.8").await.is_ok());
    first.close().await;
    within("a free socket", async {
        while open(&server, "192.0.2.7").await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_address_opens_so_many_sockets_at_once() {
    let server = behind_a_proxy(|config| {
        config.limits.address_socket_burst = 3;
        config.limits.address_sockets_per_second = 1;
    })
    .await;
    for _ in 0..3 {
        open(&server, "2001:db8::7")
            .await
            .ok()
            .unwrap()
            .close()
            .await;
    }
    assert_eq!(open(&server, "2001:db8::ffff:8").await.err(), Some(429));
    assert!(open(&server, "2001:db8:0:1::7").await.is_ok());
}

#[tokio::test]
async fn the_machine_itself_is_not_limited() {
    let server = Server::with(|config| {
        config.limits.address_sockets = 0;
        config.limits.address_connections = 0;
    })
    .await;
    assert!(open(&server, "192.0.2.7").await.is_ok());
}

/// A server, and its listener for the operator.
async fn with_admin(change: impl FnOnce(&mut Config)) -> (Server, Server) {
    let mut config = base_config();
    change(&mut config);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let admin = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, admin_address) = (listener.local_addr(), admin.local_addr());
    let mut server = videocalls_server::Server::new(config);
    server.set_admin(admin);
    let server = Server::spawn(address.unwrap(), |shutdown| {
        tokio::spawn(server.run(listener, shutdown))
    });
    let admin = Server::spawn(admin_address.unwrap(), |_| tokio::spawn(async {}));
    (server, admin)
}

async fn metrics(admin: &Server) -> String {
    let reply = admin.get("/metrics", &[]).await;
    assert_eq!(reply.status, 200);
    assert!(
        reply
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    String::from_utf8(reply.body).unwrap()
}

#[tokio::test]
async fn metrics_count_what_happens() {
    let (server, admin) = with_admin(|_| ()).await;
    let mut relay = Client::open(&server, "/relay/standup").await;
    relay.send_text("0123456789").await;
    relay.next_text().await;
    relay.send_text("x".repeat(70_000)).await;
    assert_eq!(relay.closed().await, 1009);
    let evil = Client::try_open(&server, "/rooms", &[("origin", "https://evil.example")]).await;
    assert!(evil.is_err());
    let _ann = Client::join(&server, "standup", "Ann").await;
    let text = metrics(&admin).await;
    for line in [
        "videocalls_messages_received_total 2",
        "videocalls_messages_sent_total 2",
        "videocalls_queued_messages 0",
        "videocalls_queued_bytes 0",
        "videocalls_closes_total{code=\"1009\"} 1",
        "videocalls_refusals_total{code=\"origin\"} 1",
    ] {
        assert!(text.contains(&format!("\n{line}\n")), "{line}:\n{text}");
    }
    assert!(!text.contains("standup") && !text.contains("Ann"));
}

#[tokio::test]
async fn metrics_are_for_the_operator_alone() {
    let (server, admin) = with_admin(|_| ()).await;
    assert_eq!(server.get("/metrics", &[]).await.status, 404);
    let reply = admin
        .get("/metrics", &[("origin", "https://evil.example")])
        .await;
    assert_eq!(reply.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn a_draining_server_is_not_ready_and_closes_sockets_over_time() {
    let drain = Duration::from_millis(1300);
    let (server, admin) = with_admin(|config| config.timing.drain = drain).await;
    assert_eq!(server.get("/readyz", &[]).await.status, 200);
    let mut clients = Vec::new();
    for _ in 0..64 {
        clients.push(Client::open(&server, "/rooms").await);
    }
    let start = tokio::time::Instant::now();
    server.ask_to_stop();
    within("the drain", async {
        while server.get("/readyz", &[]).await.status == 200 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(admin.get("/readyz", &[]).await.status, 503);
    assert_eq!(server.get("/healthz", &[]).await.status, 200);
    assert_eq!(open(&server, "192.0.2.7").await.err(), Some(503));
    let closes = clients.into_iter().map(|mut client| async move {
        let Message::Close(Some(frame)) = client.next_raw().await else {
            panic!("something else came first");
        };
        (u16::from(frame.code), start.elapsed())
    });
    let closes = closes.collect::<JoinSet<_>>().join_all().await;
    assert!(closes.iter().all(|(code, _)| *code == 4001));
    let early = closes.iter().filter(|(_, at)| *at < drain / 2).count();
    assert!((8..=40).contains(&early), "{early} of 64 in the first half");
    within("the end", server.stop()).await.unwrap();
}
