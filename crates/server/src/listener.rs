use std::io;

use tokio::net::{TcpListener, TcpStream};
use tokio_util::either::Either;

use crate::proxy::Peer;

#[cfg(unix)]
use tokio::net::{UnixListener as SocketListener, UnixStream as SocketStream};

/// Where a server accepts connections.
pub struct Listener(Kind);

/// A connection before TLS.
pub(crate) type Stream = Either<TcpStream, SocketStream>;

enum Kind {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(SocketListener),
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self(Kind::Tcp(listener))
    }
}

/// Connections to a Unix socket are those of reverse proxies: who may open it is up to the permissions
/// of its file.
#[cfg(unix)]
impl From<SocketListener> for Listener {
    fn from(listener: SocketListener) -> Self {
        Self(Kind::Unix(listener))
    }
}

impl Listener {
    pub(crate) async fn accept(&self) -> io::Result<(Stream, Peer)> {
        match &self.0 {
            Kind::Tcp(listener) => {
                let (tcp, address) = listener.accept().await?;
                // Without it, messages are only a little later.
                let _ignored = tcp.set_nodelay(true);
                Ok((Either::Left(tcp), Peer::Address(address.ip())))
            }
            #[cfg(unix)]
            Kind::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((Either::Right(stream), Peer::Unix))
            }
        }
    }
}

/// Stands for the streams of a system without Unix sockets.
#[cfg(not(unix))]
type SocketStream = TcpStream;
