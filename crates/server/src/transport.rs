use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Sleep, sleep, timeout};

use crate::address_limits::AddressPermit;
use crate::listener::Stream;

/// How long, and how many bytes, a closed connection is still read.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: u64 = 512 * 1024;

/// The permits to have a connection: among all, and among those of its address.
pub(crate) struct Permits {
    _slot: OwnedSemaphorePermit,
    _address: AddressPermit,
}

impl Permits {
    pub(crate) fn new(slot: OwnedSemaphorePermit, address: AddressPermit) -> Self {
        Self {
            _slot: slot,
            _address: address,
        }
    }
}

/// A connection, with the permits to have it.
///
/// It fails when the peer takes no data for too long. When it is dropped, it reads for a moment what
/// the peer still sends: closing a socket with unread bytes resets the connection, and the last
/// message to the peer (a response 431, a close 1009) would be lost.
pub(crate) struct Transport {
    /// Empty only while being dropped.
    open: Option<(Stream, Permits)>,
    patience: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

impl Transport {
    pub(crate) fn new(stream: Stream, permits: Permits, patience: Duration) -> Self {
        Self {
            open: Some((stream, permits)),
            patience,
            stalled: None,
            ended: false,
        }
    }

    fn stream(&mut self) -> io::Result<Pin<&mut Stream>> {
        let (stream, _) = self.open.as_mut().ok_or(ErrorKind::NotConnected)?;
        Ok(Pin::new(stream))
    }

    /// Returns the outcome of a write, or an error if writes have been pending for too long.
    fn unless_stalled(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if outcome.is_ready() {
            self.stalled = None;
            return outcome;
        }
        let patience = self.patience;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(stalled.as_mut().poll(context));
        self.ended = true;
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = ready!(self.stream()?.poll_read(context, buffer));
        self.ended |= outcome.is_err() || buffer.filled().len() == before;
        Poll::Ready(outcome)
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = self.stream()?.poll_write(context, bytes);
        self.unless_stalled(context, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = self.stream()?.poll_write_vectored(context, slices);
        self.unless_stalled(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(context)
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        let (Some((stream, permits)), false, Ok(runtime)) =
            (self.open.take(), self.ended, Handle::try_current())
        else {
            return;
        };
        runtime.spawn(async move {
            let _late = timeout(LINGER, linger(stream)).await;
            drop(permits);
        });
    }
}

async fn linger(mut stream: Stream) -> io::Result<()> {
    stream.shutdown().await?;
    let mut rest = stream.take(LINGER_BYTES);
    tokio::io::copy(&mut rest, &mut tokio::io::sink()).await?;
    Ok(())
}
