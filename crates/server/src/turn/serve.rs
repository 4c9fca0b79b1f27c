use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use tokio::net::UdpSocket;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::turn::client::Client;
use crate::turn::reach::Reach;
use crate::turn::relay;
use crate::turn::session::{Action, Session};

/// The longest packet of a peer. Larger ones would be fragments, which browsers do not send.
const MAX_PACKET_BYTES: usize = 2048;

/// Serves one client until it leaves, is idle, or the server stops.
pub(crate) async fn serve(
    session: Session,
    client: Client,
    reach: Reach,
    stopping: CancellationToken,
) {
    let mut served = Served {
        session,
        client,
        reach,
        relay: None,
    };
    let running = served.run();
    stopping.run_until_cancelled(running).await;
}

struct Served {
    session: Session,
    client: Client,
    reach: Reach,
    relay: Option<UdpSocket>,
}

impl Served {
    async fn run(&mut self) {
        let mut packet = [0; MAX_PACKET_BYTES];
        while self.act().await.is_ok() && !self.session.is_over(Instant::now()) {
            let timeout = self.session.next_timeout();
            tokio::select! {
                message = self.client.next() => match message {
                    Some(message) => self.session.handle_client(&message, Instant::now()),
                    None => return,
                },
                received = receive(self.relay.as_ref(), &mut packet) => {
                    // An error of an earlier packet, such as an unreachable port.
                    if let Ok((length, from)) = received {
                        self.session.handle_peer(from, &packet[..length], Instant::now());
                    }
                }
                () = sleep_until(timeout.into()) => self.session.handle_timeout(Instant::now()),
            }
        }
    }

    /// Carries out what the session wants.
    async fn act(&mut self) -> io::Result<()> {
        while let Some(action) = self.session.poll_action() {
            match action {
                Action::ToClient(message) => self.client.send(message).await?,
                Action::ToPeer(to, packet) => {
                    if let Some(relay) = &self.relay {
                        // A packet that the network does not take is lost, as others are.
                        let _lost = relay.send_to(&packet, to).await;
                    }
                }
                Action::OpenRelay => self.open(),
                Action::CloseRelay => self.relay = None,
            }
        }
        Ok(())
    }

    fn open(&mut self) {
        match relay::open(self.reach.local, &self.reach.ports) {
            Ok(socket) => self.relay = Some(socket),
            Err(error) => warn!(%error, "no port for a relay"),
        }
        let address = self
            .relay
            .as_ref()
            .and_then(|relay| relay.local_addr().ok());
        let port = address.map(|address: SocketAddr| address.port());
        self.session.handle_relay(port, Instant::now());
    }
}

async fn receive(relay: Option<&UdpSocket>, packet: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
    match relay {
        Some(relay) => relay.recv_from(packet).await,
        None => pending().await,
    }
}
