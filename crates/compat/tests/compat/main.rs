//! A real server on a free port, and clients that send what the pages of other systems send.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that panics has failed, which is what it is for"
)]

mod appointments;
mod channels;
#[path = "../../../server/tests/support/client.rs"]
#[allow(dead_code, reason = "each test program uses a part of it")]
mod client;
mod document;
mod engine;
#[path = "../../../server/tests/support/harness.rs"]
#[allow(dead_code, reason = "each test program uses a part of it")]
mod harness;
mod io;
mod legacy;
mod logs;
mod members;
mod pairs;
mod polling;
mod program;
mod tokens;

use videocalls_compat::{Config, run};
use videocalls_server::Assets;

/// Settings without files, for the harness.
fn base_config() -> Config {
    let mut config = Config::default();
    config.server.assets = Assets::from_files::<&str, &str>([]);
    config
}
