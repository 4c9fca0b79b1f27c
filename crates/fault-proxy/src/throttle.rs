use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// A TCP connection that writes at a limited rate once one is set.
pub(crate) struct ThrottledStream {
    tcp: TcpStream,
    /// The limit in bytes per second, if there is one.
    rate: Option<u32>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl ThrottledStream {
    pub(crate) fn new(tcp: TcpStream) -> Self {
        Self {
            tcp,
            rate: None,
            pause: None,
        }
    }

    pub(crate) fn limit(&mut self, rate: u32) {
        self.rate = Some(rate.max(1));
    }

    pub(crate) fn tcp(&self) -> &TcpStream {
        &self.tcp
    }
}

impl AsyncRead for ThrottledStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(context, buffer)
    }
}

impl AsyncWrite for ThrottledStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Some(rate) = self.rate else {
            return Pin::new(&mut self.tcp).poll_write(context, bytes);
        };
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(context));
            self.pause = None;
        }
        // A tenth of a second at most, so that a low rate is a trickle and not bursts.
        let chunk = usize::try_from(rate.div_ceil(10)).unwrap_or(1);
        let chunk = chunk.min(bytes.len());
        let written = ready!(Pin::new(&mut self.tcp).poll_write(context, &bytes[..chunk]))?;
        let share = u32::try_from(written).unwrap_or(u32::MAX);
        self.pause = Some(Box::pin(sleep(Duration::from_secs(1) * share / rate)));
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }
}
