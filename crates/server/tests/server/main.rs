//! A real server on a free port, real sockets, and raw TCP where a client library is too polite.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that panics has failed, which is what it is for"
)]

mod access;
mod base_path;
#[path = "../support/client.rs"]
#[allow(dead_code, reason = "each test program uses a part of it")]
mod client;
mod document;
#[path = "../support/harness.rs"]
#[allow(dead_code, reason = "each test program uses a part of it")]
mod harness;
mod herd;
mod limits;
mod moderation;
mod operating;
mod origin;
mod relay;
mod restart;
mod resume;
mod rooms;
mod seats;
mod shutdown;
mod statics;
mod turn;
mod wire;

use videocalls_server::{Assets, Config, run};

/// Settings without files, for the harness.
fn base_config() -> Config {
    let mut config = Config::default();
    config.assets = Assets::from_files::<&str, &str>([]);
    config
}
