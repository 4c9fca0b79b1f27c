use std::num::NonZeroUsize;
use std::time::Duration;

use crate::{Assets, LinkBase, Origin, Secret};

/// What a server is started with. [`Config::default`] is meant for the Internet; tests shorten it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Origins whose pages may open a socket, besides the server's own and localhost.
    pub allow_origins: Vec<Origin>,
    /// How many seats a room has.
    pub room_capacity: NonZeroUsize,
    /// Whether a WebSocket at a path that is nothing else here belongs to the mesh of `/channels/`.
    pub channels_anywhere: bool,
    /// The key of the tokens of appointments; without it there are none.
    pub appointments_secret: Option<Secret>,
    /// What the links to appointments begin with, if not with this server's own address.
    pub appointments_base: Option<LinkBase>,
    /// How much a client may ask for.
    pub limits: Limits,
    /// How long the server waits.
    pub timing: Timing,
    /// The files that it serves.
    pub assets: Assets,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            allow_origins: Vec::new(),
            room_capacity: const { NonZeroUsize::new(8).unwrap() },
            channels_anywhere: false,
            appointments_secret: None,
            appointments_base: None,
            limits: Limits::default(),
            timing: Timing::default(),
            assets: Assets::embedded(),
        }
    }
}

/// How much a client may ask for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Open connections. Further ones wait in the listener's backlog.
    pub connections: usize,
    /// Messages that wait to be written to one socket.
    pub queue_messages: usize,
    /// Bytes that wait to be written to one socket.
    pub queue_bytes: usize,
    /// Messages that one socket may send, per second in the long run.
    pub messages_per_second: u32,
    /// Messages that one socket may send at once. Trickle ICE comes in bursts: one newcomer to a
    /// full room of eight sends some twenty candidates to each of the others.
    pub message_burst: u32,
    /// Socket.IO sessions without a WebSocket.
    pub polling_sessions: usize,
    /// Names that `/create_member/` keeps, and uids that `/get_token/` has given out.
    pub members: usize,
    /// Appointments that are kept.
    pub appointments: usize,
    /// Malformed messages after which a socket is closed.
    pub malformed: u32,
    /// Seats of the `rooms` dialect that are held while nobody sits on them. Over it, a lost
    /// socket's seat is given up at once.
    pub held_seats: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 8192,
            queue_messages: 256,
            queue_bytes: 512 * 1024,
            messages_per_second: 50,
            message_burst: 300,
            polling_sessions: 4096,
            members: 10_000,
            appointments: 500,
            malformed: 10,
            held_seats: 8192,
        }
    }
}

/// How long the server waits.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Timing {
    /// For the whole head of a request, and for the next request on an idle connection.
    pub request_head: Duration,
    /// For the whole body of a request.
    pub body: Duration,
    /// For `join` after the upgrade, and for a Socket.IO client to connect.
    pub join: Duration,
    /// Between two pings of the `rooms` dialect.
    pub ping: Duration,
    /// For a pong of the `rooms` dialect before the seat is given up.
    pub pong: Duration,
    /// For the owner of a seat of the `rooms` dialect to come back after their socket was lost.
    pub seat: Duration,
    /// The same after a page said that it goes away: it may only be loaded anew.
    pub reload: Duration,
    /// Between two WebSocket pings of the relay.
    pub relay_ping: Duration,
    /// For any frame on a relay's socket before it is given up.
    pub relay_silence: Duration,
    /// Between two pings of Socket.IO.
    pub engine_ping: Duration,
    /// For a pong of Socket.IO.
    pub engine_pong: Duration,
    /// For a WebSocket to show that it can take a Socket.IO session over.
    pub upgrade: Duration,
    /// For one message to be taken by the network.
    pub write: Duration,
    /// For a peer's half of the closing handshake.
    pub close: Duration,
    /// For a member of `/create_member/` to be forgotten.
    pub member: Duration,
    /// For an appointment to be forgotten that nobody is there for.
    pub appointment: Duration,
    /// For a link to an appointment to be no longer good.
    pub link: Duration,
    /// For a download to move on.
    pub stall: Duration,
    /// For connections to end after the server was told to stop.
    pub shutdown: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            request_head: Duration::from_secs(5),
            body: Duration::from_secs(10),
            join: Duration::from_secs(5),
            ping: Duration::from_secs(5),
            pong: Duration::from_secs(15),
            seat: Duration::from_secs(15),
            reload: Duration::from_secs(4),
            relay_ping: Duration::from_secs(5),
            relay_silence: Duration::from_secs(15),
            engine_ping: Duration::from_secs(10),
            engine_pong: Duration::from_secs(15),
            upgrade: Duration::from_secs(10),
            write: Duration::from_secs(5),
            close: Duration::from_secs(1),
            member: Duration::from_secs(24 * 60 * 60),
            appointment: Duration::from_secs(24 * 60 * 60),
            link: Duration::from_secs(7 * 24 * 60 * 60),
            stall: Duration::from_secs(30),
            shutdown: Duration::from_secs(5),
        }
    }
}
