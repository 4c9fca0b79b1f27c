use std::num::NonZeroUsize;
use std::time::Duration;

use crate::access::Access;
use crate::assets::Assets;
use crate::base_path::BasePath;
use crate::frame::FrameAncestor;
use crate::ice::IceOffer;
use crate::origin::Origin;
use crate::proxy::ProxyRange;

/// The settings of a server. [`Config::default`] is meant for a server on the Internet.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Origins whose pages may open a socket, besides the server's own and localhost.
    pub allow_origins: Vec<Origin>,
    /// Origins whose pages may show the app in a frame.
    pub frame_ancestors: Vec<FrameAncestor>,
    /// Proxies whose `Forwarded` and `X-Forwarded-` headers count.
    pub trusted_proxies: Vec<ProxyRange>,
    /// The path below which all endpoints are.
    pub base_path: BasePath,
    /// Who may join rooms of the `rooms` dialect.
    pub access: Access,
    /// Whether newcomers wait in the lobby of a room, until a moderator changes that.
    pub lobby: bool,
    /// How many seats a room has.
    pub room_capacity: NonZeroUsize,
    /// How much a client may ask for.
    pub limits: Limits,
    /// How long the server waits.
    pub timing: Timing,
    /// The files that it serves.
    pub assets: Assets,
    /// The ICE servers that clients get.
    pub ice: IceOffer,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            allow_origins: Vec::new(),
            frame_ancestors: Vec::new(),
            trusted_proxies: Vec::new(),
            base_path: BasePath::default(),
            access: Access::default(),
            lobby: false,
            room_capacity: const { NonZeroUsize::new(8).unwrap() },
            limits: Limits::default(),
            timing: Timing::default(),
            assets: Assets::embedded(),
            ice: IceOffer::default(),
        }
    }
}

/// How much a client may ask for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Open TCP connections. Further ones wait in the listener's backlog.
    pub connections: usize,
    /// Messages that wait to be written to one socket.
    pub queue_messages: usize,
    /// Bytes that wait to be written to one socket.
    pub queue_bytes: usize,
    /// Messages per second that one client may send in the long run.
    pub messages_per_second: u32,
    /// Messages that one client may send at once. Trickle ICE comes in bursts: a newcomer to a
    /// full room of eight sends some twenty candidates to each of the others.
    pub message_burst: u32,
    /// Malformed messages after which a socket is closed.
    pub malformed: u32,
    /// Seats of the `rooms` dialect that are kept for participants without a connection. Above it,
    /// a participant whose connection is lost leaves the room at once.
    pub held_seats: usize,
    /// Open TCP connections of one address. Further ones are closed at once.
    pub address_connections: usize,
    /// WebSockets and Socket.IO sessions of one address, most of which have one room.
    pub address_sockets: usize,
    /// WebSockets and sessions that one address may open per second in the long run.
    pub address_sockets_per_second: u32,
    /// WebSockets and sessions that one address may open at once.
    pub address_socket_burst: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 8192,
            queue_messages: 256,
            queue_bytes: 512 * 1024,
            messages_per_second: 50,
            message_burst: 300,
            malformed: 10,
            held_seats: 8192,
            address_connections: 256,
            address_sockets: 128,
            address_sockets_per_second: 20,
            address_socket_burst: 128,
        }
    }
}

/// How long the server waits.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Timing {
    /// Until the whole head of a request has arrived, and until the next request on an idle
    /// connection.
    pub request_head: Duration,
    /// Until the whole body of a request has arrived.
    pub body: Duration,
    /// Until a client joins after it has opened its socket.
    pub join: Duration,
    /// Between two pings of the `rooms` dialect.
    pub ping: Duration,
    /// Until a client of the `rooms` dialect answers a ping, before its connection is closed.
    pub pong: Duration,
    /// Until a participant of the `rooms` dialect comes back after their connection was lost.
    pub seat: Duration,
    /// Until a participant comes back whose page has said that it may be reloading.
    pub reload: Duration,
    /// Until a participant shows another access token after theirs has expired.
    pub token: Duration,
    /// Between two WebSocket pings of the relay.
    pub relay_ping: Duration,
    /// Until any frame arrives on a relay's socket, before it is closed.
    pub relay_silence: Duration,
    /// Until the network has taken one message.
    pub write: Duration,
    /// Until the peer has answered the closing handshake.
    pub close: Duration,
    /// Until a download makes progress.
    pub stall: Duration,
    /// Over how long the sockets are closed, one after the other, when the server was asked to stop. All
    /// at once by default.
    pub drain: Duration,
    /// Until all connections have ended after that.
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
            token: Duration::from_secs(10),
            relay_ping: Duration::from_secs(5),
            relay_silence: Duration::from_secs(15),
            write: Duration::from_secs(5),
            close: Duration::from_secs(1),
            stall: Duration::from_secs(30),
            drain: Duration::ZERO,
            shutdown: Duration::from_secs(5),
        }
    }
}
