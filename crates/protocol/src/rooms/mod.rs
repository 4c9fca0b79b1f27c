//! The `rooms` dialect, version 1: JSON text frames over a WebSocket, specified in `docs/rooms.md`.
//!
//! The client's half is [`Rooms`]; the server's half is [`read_request`] and [`write_event`].

mod client;
pub mod close;
mod moderation;
mod seat;
mod server;
mod wire;

pub use client::Rooms;
pub use server::{Incoming, read_request, write_event, write_ping};
pub use wire::refusal_name;

/// The version of the dialect that this crate implements, sent in `join` and `welcome`.
pub const VERSION: u32 = 1;
