//! STUN (RFC 8489) and TURN (RFC 8656) over UDP and TCP, for the clients of this server.
//!
//! The protocol is `turn-server-proto`. What is here are its sockets, and the rules that it leaves to
//! its user: whose credentials are valid, which peers a relay may reach, and how much one client may
//! ask for.

mod bandwidth;
mod binding;
mod client;
mod config;
mod framing;
mod quiet;
mod quota;
mod reach;
mod relay;
mod rules;
mod serve;
mod session;
mod tcp;
mod udp;
mod waiting;

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::{TcpListener, UdpSocket};
use tracing::info;

pub use config::{TurnConfig, TurnLimits};

use crate::context::Context;
use crate::ice::{IceOffer, TurnSecret};
use quota::Quota;
use reach::Reach;
use rules::Rules;

/// How many free ports are tried until one is free for UDP and for TCP.
const TRIES: usize = 16;

/// A STUN and TURN server that has its sockets and does not run yet.
pub struct Turn {
    address: SocketAddr,
    rules: Rules,
    udp: UdpSocket,
    tcp: TcpListener,
}

impl Turn {
    /// Opens the sockets.
    ///
    /// # Errors
    ///
    /// The port is taken, or it is not clear at which address the server is reached.
    pub async fn bind(config: TurnConfig) -> io::Result<Self> {
        let (udp, tcp) = bind(&config.listen).await?;
        let address = tcp.local_addr()?;
        let (external, local) = addresses(&config, address.ip())?;
        let rules = Rules {
            secret: TurnSecret::random(),
            reach: Reach {
                external,
                local,
                ports: config.relay_ports,
                allow_private: config.allow_private,
            },
            quota: Quota::new(config.limits),
            limits: config.limits,
        };
        Ok(Self {
            address,
            rules,
            udp,
            tcp,
        })
    }

    /// The address that browsers use.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.rules.reach.external, self.address.port())
    }

    /// Offers this server to the clients of the `rooms` endpoint.
    pub fn offer(&self) -> IceOffer {
        IceOffer::default().with_server(self.address(), self.rules.secret.clone())
    }

    /// Serves until the server stops.
    pub(crate) fn start(self, context: &Context) {
        let Self {
            address,
            rules,
            udp,
            tcp,
        } = self;
        let udp = udp::Listener::new(udp, address, rules.clone(), context.clone());
        let tcp = tcp::listen(tcp, address, rules, context.clone());
        let stopping = context.stopping().clone();
        context.spawn(async move {
            let serving = async { tokio::join!(udp.run(), tcp) };
            stopping.run_until_cancelled(serving).await;
        });
        info!("TURN started");
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

async fn bind(listen: &str) -> io::Result<(UdpSocket, TcpListener)> {
    let mut tried = 0;
    loop {
        let tcp = TcpListener::bind(listen).await?;
        match UdpSocket::bind(tcp.local_addr()?).await {
            Ok(udp) => return Ok((udp, tcp)),
            Err(error) if tried == TRIES || !listen.ends_with(":0") => return Err(error),
            Err(_) => tried += 1,
        }
    }
}

/// The address that relays have for browsers, and the one that their sockets are bound to.
fn addresses(config: &TurnConfig, listen: IpAddr) -> io::Result<(IpAddr, IpAddr)> {
    let external = config.external_ip.unwrap_or(listen).to_canonical();
    if external.is_unspecified() {
        let help =
            "a TURN server that listens on all addresses needs the one at which browsers reach it";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, help));
    }
    let local = match listen.is_ipv4() == external.is_ipv4() {
        true => listen,
        false if external.is_ipv4() => Ipv4Addr::UNSPECIFIED.into(),
        false => Ipv6Addr::UNSPECIFIED.into(),
    };
    Ok((external, local))
}
