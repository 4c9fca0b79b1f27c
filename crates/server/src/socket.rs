//! One WebSocket: reading within limits, writing through a queue, closing with a code.

use std::ops::ControlFlow::{self, Break, Continue};
use std::pin::Pin;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;
use tungstenite::error::{Error, ProtocolError};
use videocalls_protocol::rooms::close;

use crate::config::{Limits, Timing};
use crate::heartbeat::{Beat, Heartbeat};
use crate::outbox::{Outbox, Outgoing, Queue};
use crate::rate::RateLimit;

/// What happened on a socket.
pub enum SocketEvent {
    /// A text message arrived.
    Text(Utf8Bytes),
    /// A WebSocket ping or pong arrived.
    Alive,
    /// The deadline that the caller set has passed.
    Deadline,
    /// The connection has to end.
    End(End),
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// The server closes it with this close code.
    Close(u16),
    /// The peer has closed it.
    Gone,
    /// The network failed, or the peer takes no more data.
    Dead,
}

pub(crate) fn open(
    socket: WebSocket,
    (outbox, queue): (Outbox, Queue),
    limits: Limits,
    timing: &Timing,
    stopping: CancellationToken,
) -> (Connection, Writer) {
    let (sink, stream) = socket.split();
    let connection = Connection {
        stream,
        outbox,
        rate: RateLimit::messages(limits),
        stopping,
        relay_ping: timing.relay_ping,
        relay_silence: timing.relay_silence,
        close_timeout: timing.close,
    };
    let writer = Writer {
        sink,
        queue,
        write_timeout: timing.write,
    };
    (connection, writer)
}

/// Runs the reading side while the queue is written, until one of them ends. Both are pinned by the
/// caller: a future that is passed by value is in memory twice.
pub async fn run_both(
    reading: Pin<&mut impl Future<Output = End>>,
    writing: Pin<&mut impl Future<Output = ()>>,
) -> End {
    tokio::select! {
        biased;
        end = reading => end,
        () = writing => End::Dead,
    }
}

/// The reading half of a socket.
pub struct Connection {
    stream: SplitStream<WebSocket>,
    outbox: Outbox,
    rate: RateLimit,
    stopping: CancellationToken,
    relay_ping: Duration,
    relay_silence: Duration,
    close_timeout: Duration,
}

impl Connection {
    /// The queue of messages to the peer.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Waits for the next event, at most until `deadline`.
    pub async fn next(&mut self, deadline: Instant) -> SocketEvent {
        tokio::select! {
            biased;
            () = self.stopping.cancelled() => SocketEvent::End(End::Close(close::SHUTDOWN)),
            () = self.outbox.overflowed() => SocketEvent::End(slow_consumer()),
            () = sleep_until(deadline) => SocketEvent::Deadline,
            message = self.stream.next() => self.read(message),
        }
    }

    /// Passes each text to `handle` until the connection ends. A silent peer is pinged, and the
    /// connection ends if it stays silent.
    pub async fn listen(&mut self, mut handle: impl FnMut(&Utf8Bytes) -> ControlFlow<End>) -> End {
        let (interval, silence) = (self.relay_ping, self.relay_silence);
        let mut heartbeat = Heartbeat::new(interval, silence, Instant::now());
        loop {
            let event = self.next(heartbeat.next()).await;
            if matches!(event, SocketEvent::Text(_) | SocketEvent::Alive) {
                heartbeat.alive(Instant::now());
            }
            let next = match event {
                SocketEvent::Text(text) => handle(&text),
                SocketEvent::Alive => Continue(()),
                SocketEvent::Deadline => self.beat(&mut heartbeat),
                SocketEvent::End(end) => Break(end),
            };
            if let Break(end) = next {
                return end;
            }
        }
    }

    /// Ends the connection: writes what is queued and exchanges the close frames.
    pub async fn finish(mut self, end: End, writing: Pin<&mut impl Future<Output = ()>>) {
        let closing = async {
            if let End::Close(code) = end {
                self.outbox.close(code);
                writing.await;
            }
            while let Some(Ok(_)) = self.stream.next().await {}
        };
        if end != End::Dead {
            let _timed_out = timeout(self.close_timeout, closing).await;
        }
    }

    fn beat(&self, heartbeat: &mut Heartbeat) -> ControlFlow<End> {
        match heartbeat.beat(Instant::now()) {
            Beat::Nothing => (),
            Beat::Ping => self.outbox.ping(),
            Beat::Dead => return Break(End::Close(close::PING_TIMEOUT)),
        }
        Continue(())
    }

    fn read(&mut self, message: Option<Result<Message, axum::Error>>) -> SocketEvent {
        let event = match message {
            Some(Ok(Message::Text(text))) => {
                self.outbox.metrics().received(text.len());
                SocketEvent::Text(text)
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => SocketEvent::Alive,
            Some(Ok(Message::Binary(bytes))) => {
                warn!(bytes = bytes.len(), "binary message");
                SocketEvent::End(End::Close(close_code::UNSUPPORTED))
            }
            Some(Ok(Message::Close(_))) | None => SocketEvent::End(End::Gone),
            Some(Err(error)) => SocketEvent::End(read_error(error)),
        };
        let counts = !matches!(event, SocketEvent::End(_));
        if counts && !self.rate.take(Instant::now()) {
            warn!("too many messages");
            return SocketEvent::End(End::Close(close::RATE_LIMITED));
        }
        event
    }
}

/// Maps an error of reading to the close code that tells the peer what it did wrong.
fn read_error(error: axum::Error) -> End {
    let error = error.into_inner();
    let (code, kind) = match error.downcast_ref() {
        Some(Error::Capacity(_)) => (close_code::SIZE, "message too long"),
        Some(Error::Utf8(_)) => (close_code::INVALID, "text that is not UTF-8"),
        Some(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => return End::Gone,
        Some(Error::Protocol(_)) => (close_code::PROTOCOL, "frame that breaks RFC 6455"),
        _ => return End::Dead,
    };
    warn!(code, kind, "broken message");
    End::Close(code)
}

/// The end of a connection whose queue has overflowed.
pub fn slow_consumer() -> End {
    warn!("reader too slow");
    End::Close(close::SLOW_CONSUMER)
}

/// The writing half of a socket.
pub struct Writer {
    sink: SplitSink<WebSocket, Message>,
    queue: Queue,
    write_timeout: Duration,
}

impl Writer {
    /// Writes the queue until it is closed or the network fails.
    pub async fn run(mut self) {
        let overflowed = self.queue.overflowed();
        loop {
            let outgoing = self.next(&overflowed).await;
            let last = matches!(outgoing, Outgoing::Close(_));
            self.count(&outgoing);
            let message = message(outgoing);
            let write = timeout(self.write_timeout, self.sink.send(message));
            let written = tokio::select! {
                biased;
                () = overflowed.cancelled(), if !last => continue,
                written = write => written,
            };
            match written {
                Ok(Ok(())) if !last => (),
                Ok(_) => return,
                Err(_) => return warn!("a write took too long"),
            }
        }
    }

    /// The next message of the queue, or the close frame if the queue has overflowed.
    async fn next(&mut self, overflowed: &CancellationToken) -> Outgoing {
        tokio::select! {
            biased;
            () = overflowed.cancelled() => Outgoing::Close(close::SLOW_CONSUMER),
            next = self.queue.next() => next,
        }
    }

    fn count(&self, outgoing: &Outgoing) {
        let metrics = self.queue.metrics();
        match outgoing {
            Outgoing::Text(text) => metrics.sent(text.len()),
            Outgoing::Ping => (),
            Outgoing::Close(code) => metrics.closed(*code),
        }
    }
}

fn message(outgoing: Outgoing) -> Message {
    match outgoing {
        Outgoing::Text(text) => Message::Text(text),
        Outgoing::Ping => Message::Ping(Default::default()),
        Outgoing::Close(code) => Message::Close(Some(CloseFrame {
            code,
            reason: Utf8Bytes::default(),
        })),
    }
}
