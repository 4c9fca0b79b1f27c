//! Seats that outlive their connections.

mod lost;
mod owner;

use std::time::Duration;

use serde_json::Value;

use crate::client::Client;
use crate::harness::Server;

pub(super) const ROOM: &str = "standup";

/// Longer than any test takes.
pub(super) const FOR_EVER: Duration = Duration::from_secs(3600);

pub(super) async fn with_grace(grace: Duration) -> Server {
    Server::with(|config| config.timing.seat = grace).await
}

/// Ann, who observes, and Bob, whose connection will be lost.
pub(super) async fn ann_and_bob(server: &Server) -> (Client, Client, Value) {
    let (mut ann, _) = Client::join(server, ROOM, "Ann").await;
    let (bob, his) = Client::join(server, ROOM, "Bob").await;
    ann.next().await;
    (ann, bob, his)
}
