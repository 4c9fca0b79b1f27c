use std::net::IpAddr;
use std::ops::RangeInclusive;

/// The settings of the STUN and TURN server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TurnConfig {
    /// `HOST:PORT` to listen on, for UDP and TCP. Port 0 takes a free one.
    pub listen: String,
    /// The address at which browsers reach this server, where it is not the one it listens on: behind
    /// a NAT, or when it listens on all addresses.
    pub external_ip: Option<IpAddr>,
    /// The UDP ports of relays.
    pub relay_ports: RangeInclusive<u16>,
    /// Whether relays may reach private, link-local and loopback addresses.
    pub allow_private: bool,
    /// How much clients may ask for.
    pub limits: TurnLimits,
}

/// How much the clients of the TURN server may ask for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TurnLimits {
    /// Allocations at the same time.
    pub allocations: usize,
    /// Allocations at the same time of one participant. A connection has one for each network
    /// interface and for UDP and TCP, and a participant has a connection to each of the others.
    pub allocations_per_user: usize,
    /// Peers that one allocation may have permissions for.
    pub peers: usize,
    /// Bytes per second that one allocation relays, in both directions together.
    pub bytes_per_second: u32,
    /// TCP connections at the same time.
    pub connections: usize,
}

impl TurnConfig {
    /// The default settings for a server on the Internet.
    pub fn new(listen: impl Into<String>) -> Self {
        Self {
            listen: listen.into(),
            external_ip: None,
            relay_ports: 49_152..=65_535,
            allow_private: false,
            limits: TurnLimits::default(),
        }
    }
}

impl Default for TurnLimits {
    fn default() -> Self {
        Self {
            allocations: 1024,
            allocations_per_user: 64,
            peers: 64,
            // Two participants who each send 5 Mbit/s.
            bytes_per_second: 1_250_000,
            connections: 2048,
        }
    }
}
