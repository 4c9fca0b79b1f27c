//! The server of videocalls: one program with the app, the package and the signaling inside.
//!
//! | path | what is there |
//! | --- | --- |
//! | `/` | the app, also for every `/?room=…` link |
//! | `/videocalls/` | the npm package's files, for pages of any site |
//! | `/examples/plain/` | a page without a framework |
//! | `/rooms` | WebSocket: the `rooms` dialect, see `docs/rooms.md` |
//! | `/relay/{room}` | WebSocket: an echoing relay for two |
//! | `/channels/{room…}` | WebSocket: a mesh in which the server names who may be answered |
//! | `/socket.io/` | Socket.IO: rooms of two, and appointments |
//! | `/user-link`, `/pro-link`, `/validate-link` | tokens for appointments |
//! | `/get_token/`, `/create_member/`, `/get_member/`, `/delete_member/` | who is called what |
//! | `/healthz` | `ok` |
//!
//! [`run`] is the whole of it: it serves a listener until it is told to stop.
//!
//! What a log line may say: `info` is one line for each step in the life of the server or of a
//! seat, `warn` is a peer's misbehaviour by kind and size, `error` is trouble of our own. No line
//! holds an SDP text, a candidate, a token, a name or a room.

mod appointments;
mod assets;
mod broadcast_rooms;
mod channels;
mod config;
mod cors;
mod event_log;
mod headers;
mod heartbeat;
mod members;
mod membership;
mod origin;
mod outbox;
mod rate;
mod relay;
mod resume_token;
mod room;
mod room_map;
mod room_registry;
mod rooms;
mod router;
mod seat;
mod serve;
mod shared;
mod socket;
mod socketio;
mod statics;
mod transport;
mod web;

pub use appointments::{InvalidBase, InvalidSecret, LinkBase, Secret};
pub use assets::Assets;
pub use config::{Config, Limits, Timing};
pub use origin::{InvalidOrigin, Origin};
pub use serve::run;
