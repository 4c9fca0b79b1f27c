use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::turn::framing;

/// The connection to one client.
pub(crate) enum Client {
    Udp {
        /// The client's datagrams, from the task that reads the socket of all clients.
        datagrams: mpsc::Receiver<Bytes>,
        socket: Arc<UdpSocket>,
        address: SocketAddr,
    },
    Tcp {
        reader: OwnedReadHalf,
        received: BytesMut,
        writer: OwnedWriteHalf,
        /// How long the network may take for one message.
        patience: Duration,
    },
}

impl Client {
    pub(crate) fn tcp(stream: TcpStream, patience: Duration) -> Self {
        let (reader, writer) = stream.into_split();
        Self::Tcp {
            reader,
            received: BytesMut::with_capacity(framing::MAX_FRAME_BYTES),
            writer,
            patience,
        }
    }

    /// Waits for a message; `None` at the end of the connection. Cancelling it loses nothing.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        match self {
            Self::Udp { datagrams, .. } => datagrams.recv().await,
            Self::Tcp {
                reader, received, ..
            } => loop {
                match framing::take(received) {
                    Ok(Some(frame)) => return Some(frame),
                    Ok(None) => (),
                    Err(framing::NotTurn) => return None,
                }
                match reader.read_buf(received).await {
                    Ok(1..) => (),
                    _ => return None,
                }
            },
        }
    }

    pub(crate) async fn send(&mut self, message: Vec<u8>) -> io::Result<()> {
        match self {
            // A datagram that the network does not take is lost, as others are.
            Self::Udp {
                socket, address, ..
            } => {
                let _lost = socket.send_to(&message, *address).await;
                Ok(())
            }
            Self::Tcp {
                writer, patience, ..
            } => timeout(*patience, writer.write_all(&framing::pad(message))).await?,
        }
    }
}
