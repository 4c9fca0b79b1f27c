//! Clients that resume their seats.

mod missed;
mod order;

use std::time::Duration;

use crate::harness::Server;

pub(super) const ROOM: &str = "standup";

/// A server without a rate limit.
pub(super) async fn patient() -> Server {
    Server::with(|config| {
        config.limits.message_burst = 100_000;
        config.timing.seat = Duration::from_secs(3600);
    })
    .await
}
