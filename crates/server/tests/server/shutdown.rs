//! Shutdown.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::Client;
use crate::harness::{Server, within};

#[tokio::test]
async fn every_socket_is_closed_and_nobody_is_reported_to_leave() {
    let server = Server::start().await;
    let address = server.address;
    let (mut ann, _) = Client::join(&server, "standup", "Ann").await;
    let (mut bob, _) = Client::join(&server, "standup", "Bob").await;
    ann.next().await;
    let mut unjoined = Client::open(&server, "/rooms").await;
    let mut relay = Client::open(&server, "/relay/standup").await;
    let ended = server.stop();
    for client in [&mut ann, &mut bob, &mut unjoined, &mut relay] {
        let tokio_tungstenite::tungstenite::Message::Close(Some(frame)) = client.next_raw().await
        else {
            panic!("something else came first");
        };
        assert_eq!(u16::from(frame.code), 4001);
    }
    drop((ann, bob, unjoined, relay));
    within("the end", ended).await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_peer_that_does_not_close_does_not_delay_shutdown() {
    let server = Server::with(|config| {
        config.timing.close = Duration::from_secs(3600);
        config.timing.shutdown = Duration::from_millis(100);
    })
    .await;
    let mut silent = crate::wire::upgraded(&server).await;
    within("the end", server.stop()).await.unwrap();
    let mut rest = Vec::new();
    let cut = within("the cut", silent.read_to_end(&mut rest)).await;
    assert!(cut.is_err() || rest.ends_with(&4001_u16.to_be_bytes()));
}

#[tokio::test]
async fn an_idle_connection_does_not_delay_shutdown() {
    let server = Server::with(|config| {
        config.timing.request_head = Duration::from_secs(3600);
        config.timing.shutdown = Duration::from_secs(3600);
    })
    .await;
    let mut tcp = server.tcp().await;
    tcp.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = [0; 12];
    tcp.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    within("the end", server.stop()).await.unwrap();
}
