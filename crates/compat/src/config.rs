use std::time::Duration;

use crate::{LinkBase, Secret};

/// The settings of a server with the endpoints of this crate.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Config {
    /// The settings of the server itself.
    pub server: videocalls_server::Config,
    /// Whether a WebSocket at a path without an endpoint joins the mesh of `/channels/`.
    pub channels_anywhere: bool,
    /// The key of the tokens of appointments; without it there are no appointments.
    pub appointments_secret: Option<Secret>,
    /// The base URL of links to appointments, if it is not this server's own.
    pub appointments_base: Option<LinkBase>,
    /// How much a client may ask for.
    pub limits: Limits,
    /// How long the server waits.
    pub timing: Timing,
}

/// How much a client may ask for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Socket.IO sessions that use long-polling.
    pub polling_sessions: usize,
    /// Names that `/create_member/` keeps, and uids that `/get_token/` has reserved.
    pub members: usize,
    /// Appointments that are kept.
    pub appointments: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            polling_sessions: 4096,
            members: 10_000,
            appointments: 500,
        }
    }
}

/// How long the server waits.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Timing {
    /// Between two pings of Engine.IO.
    pub engine_ping: Duration,
    /// Until a client answers an Engine.IO ping, before its session ends.
    pub engine_pong: Duration,
    /// Until a WebSocket has taken a Socket.IO session over from long-polling.
    pub upgrade: Duration,
    /// Until a name of `/create_member/` is forgotten.
    pub member: Duration,
    /// Until an appointment is forgotten whose client is not connected.
    pub appointment: Duration,
    /// Until the token in a link to an appointment expires.
    pub link: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            engine_ping: Duration::from_secs(10),
            engine_pong: Duration::from_secs(15),
            upgrade: Duration::from_secs(10),
            member: DAY,
            appointment: DAY,
            link: 7 * DAY,
        }
    }
}
