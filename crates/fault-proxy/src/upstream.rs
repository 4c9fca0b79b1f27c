use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use videocalls_compat::{Config, run};

/// The server behind a room.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Upstream {
    /// The room's own server has not started yet.
    Starting,
    At(SocketAddr),
    /// The room's own server has stopped.
    Stopped,
}

/// An unmodified signaling server on a free port. It stops when this is dropped.
pub(crate) struct UpstreamServer {
    address: SocketAddr,
    stop: DropGuard,
    ended: JoinHandle<()>,
}

impl UpstreamServer {
    pub(crate) async fn start(config: Config) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let ended = tokio::spawn(run(listener, config, stopped));
        Ok(Self {
            address,
            stop: stop.drop_guard(),
            ended,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops the server and waits until it has closed its sockets.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        let _ended = self.ended.await;
    }
}
