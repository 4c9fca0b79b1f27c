//! The endpoints of other signaling systems, for their unmodified pages: `docs/compatibility.md`.
//!
//! | path | endpoint |
//! | --- | --- |
//! | `/channels/{room…}` | WebSocket: a mesh in which the server names who may be answered |
//! | `/socket.io/` | Socket.IO: rooms of two, and appointments |
//! | `/user-link`, `/pro-link`, `/validate-link` | tokens for appointments |
//! | `/get_token/`, `/create_member/`, `/get_member/`, `/delete_member/` | names of participants |
//!
//! [`run`] serves them together with those of `videocalls-server`; [`add_routes`] adds them to a
//! server that has further routes.

mod appointments;
mod channels;
mod config;
mod link_base;
mod members;
mod packet;
mod pairs;
mod socketio;
mod token;

use axum::Router;
use videocalls_server::extend::share;
use videocalls_server::{Listener, Server};

pub use config::{Config, Limits, Timing};
pub use link_base::{InvalidBase, LinkBase};
pub use token::{InvalidSecret, Secret};

/// Runs a server with the endpoints of this crate until `shutdown` resolves.
pub async fn run(
    listener: impl Into<Listener>,
    config: Config,
    shutdown: impl Future<Output = ()>,
) {
    let mut server = Server::new(config.server.clone());
    add_routes(&mut server, config);
    server.run(listener, shutdown).await;
}

/// Adds the endpoints of this crate to a server.
pub fn add_routes(server: &mut Server, config: Config) {
    let context = server.context().clone();
    let appointments = appointments::Appointments::new(&context, &config);
    let shared = Router::new()
        .merge(appointments::routes(&appointments))
        .merge(members::routes(&context, &config))
        .merge(socketio::routes(&context, &config, appointments));
    server.merge(share(shared, &context));
    let channels = channels::Channels::new(&context, &config);
    server.merge(channels.clone().routes());
    if config.channels_anywhere {
        let anywhere = move |uri: &_, headers: &_, upgrade| channels.accept(uri, headers, upgrade);
        server.set_socket_fallback(anywhere);
    }
}
