//! The signaling server of videocalls, with the app and the package in the same program.
//!
//! | path | endpoint |
//! | --- | --- |
//! | `/` | the app, also for every `/?room=…` link |
//! | `/videocalls/` | the files of the npm package, for pages of any site |
//! | `/examples/plain/` | a page without a framework |
//! | `/rooms` | WebSocket: the `rooms` dialect, see `docs/rooms.md` |
//! | `/relay/{room}` | WebSocket: an echoing relay for two |
//! | `/healthz` | `ok` |
//! | `/readyz` | `ready`, or 503 while the server stops |
//!
//! [`run`] serves a listener until it is stopped. [`Server`] can be given further routes first;
//! [`extend`] has what their handlers need to keep the same limits. `videocalls-compat` does so, and
//! has the program `videocalls-server`.
//!
//! Log levels: `info` is one line for each step in the life of the server or of a seat, `warn` is a
//! client's misbehaviour by kind and size, `error` is a problem of the server. No line contains an
//! SDP text, a candidate, a token, a name or a room.

/// Compiles the example of the document.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/tokens.md")]
mod tokens {}

mod acceptor;
mod access;
mod address_limits;
mod admin;
mod assets;
mod base_path;
mod broadcast_rooms;
mod come_back;
mod config;
mod context;
mod cors;
mod decision;
mod error_budget;
mod event_log;
mod forwarded;
mod frame;
mod front;
mod headers;
mod health;
mod heartbeat;
mod ice;
mod json;
mod lease;
mod lifecycle;
mod listener;
mod lobby;
mod membership;
mod metrics;
mod moderation;
mod origin;
mod outbox;
mod proxy;
mod publishing;
mod rate;
mod relay;
mod resume_token;
mod room;
mod room_map;
mod room_registry;
mod room_rules;
mod rooms;
mod router;
mod seat;
mod seated;
mod server;
mod socket;
mod statics;
mod transport;
mod turn;
mod upgrade;

pub use access::{Access, AccessKey, InvalidKey, KeyFile, KeyFileError, SigningKey, TokenRequest};
pub use assets::Assets;
pub use base_path::{BasePath, InvalidBasePath};
pub use config::{Config, Limits, Timing};
pub use frame::FrameAncestor;
pub use ice::{IceOffer, TurnSecret};
pub use listener::Listener;
pub use origin::{InvalidOrigin, Origin};
pub use proxy::{InvalidProxyRange, ProxyRange};
pub use server::{Server, run};
pub use turn::{Turn, TurnConfig, TurnLimits};

/// What the handlers of further routes need, to keep the limits that the server's own have.
pub mod extend {
    pub use crate::address_limits::AddressPermit;
    pub use crate::broadcast_rooms::{Address, BroadcastGuard, BroadcastRooms};
    pub use crate::come_back::ComeBack;
    pub use crate::context::Context;
    pub use crate::cors::share;
    pub use crate::heartbeat::{Beat, Heartbeat};
    pub mod json {
        //! JSON over HTTP, for endpoints without a socket.

        pub use crate::json::{
            error, method_not_allowed, query_value, read_body, reply, with_status,
        };
    }
    pub use crate::metrics::Metrics;
    pub use crate::outbox::{Outbox, Outgoing, Queue, outbox};
    pub use crate::proxy::Visitor;
    pub use crate::rate::RateLimit;
    pub use crate::socket::{Connection, End, SocketEvent, Writer, run_both, slow_consumer};
    pub use crate::upgrade::Upgrade;
}
