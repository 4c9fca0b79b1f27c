//! A real server on a free port, real sockets, and raw TCP where a client library is too polite.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that panics has failed, which is what it is for"
)]

mod appointments;
mod channels;
mod client;
mod document;
mod engine;
mod harness;
mod herd;
mod io;
mod limits;
mod logs;
mod members;
mod origin;
mod pairs;
mod program;
mod relay;
mod restart;
mod resume;
mod rooms;
mod seats;
mod shutdown;
mod statics;
mod wire;
