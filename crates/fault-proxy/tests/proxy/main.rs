//! Each mode of `docs/faults.md`, against a real proxy on a free port.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that panics has failed, which is what it is for"
)]

mod client;
mod connections;
mod harness;
mod messages;
mod names;
mod program;
mod socketio;
