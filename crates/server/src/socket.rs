//! One WebSocket: read with limits, written through a queue, closed with a reason.

use std::ops::ControlFlow::{self, Break, Continue};
use std::pin::Pin;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;
use tungstenite::error::{Error, ProtocolError};
use videocalls_protocol::MAX_MESSAGE_BYTES;
use videocalls_protocol::rooms::close;

use crate::heartbeat::{Beat, Heartbeat};
use crate::outbox::{Outbox, Outgoing, Queue, outbox};
use crate::rate::Bucket;
use crate::{Limits, Timing};

/// The default of 128 KiB would be most of what an idle connection costs.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// What happened on a socket.
pub(crate) enum SocketEvent {
    Text(Utf8Bytes),
    /// A WebSocket ping or pong.
    Alive,
    /// The time that the caller named has come.
    Deadline,
    End(End),
}

/// How a conversation ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// By us, with this code.
    Close(u16),
    /// By the peer.
    Gone,
    /// By the network, or a peer that takes nothing any more.
    Dead,
}

/// Sets the limits that every socket of ours has.
pub(crate) fn limited(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(4 * MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .max_message_size(MAX_MESSAGE_BYTES)
}

/// Splits a socket into the half that is listened to and the half that is written to.
pub(crate) fn open(
    socket: WebSocket,
    limits: Limits,
    timing: Timing,
    shutdown: &CancellationToken,
) -> (Connection, Writer) {
    resume(socket, outbox(limits), limits, timing, shutdown)
}

/// The same for a conversation that began elsewhere and brings its queue along.
pub(crate) fn resume(
    socket: WebSocket,
    (outbox, queue): (Outbox, Queue),
    limits: Limits,
    timing: Timing,
    shutdown: &CancellationToken,
) -> (Connection, Writer) {
    let (sink, stream) = socket.split();
    let rate = Bucket::of(limits);
    let shutdown = shutdown.clone();
    let connection = Connection {
        stream,
        outbox,
        rate,
        shutdown,
        timing,
    };
    let writer = Writer {
        sink,
        queue,
        timing,
    };
    (connection, writer)
}

/// Holds a conversation while the queue is written, until one of them ends.
pub(crate) async fn hold(
    conversation: impl Future<Output = End>,
    writer: Pin<&mut impl Future<Output = ()>>,
) -> End {
    tokio::select! {
        biased;
        end = conversation => end,
        () = writer => End::Dead,
    }
}

/// The half of a socket that is listened to.
pub(crate) struct Connection {
    stream: SplitStream<WebSocket>,
    outbox: Outbox,
    rate: Bucket,
    shutdown: CancellationToken,
    timing: Timing,
}

impl Connection {
    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Waits for what happens next, until `deadline` at most.
    pub(crate) async fn next(&mut self, deadline: Instant) -> SocketEvent {
        tokio::select! {
            biased;
            () = self.shutdown.cancelled() => SocketEvent::End(End::Close(close::SHUTDOWN)),
            () = self.outbox.overflown() => SocketEvent::End(too_slow()),
            () = sleep_until(deadline) => SocketEvent::Deadline,
            message = self.stream.next() => self.read(message),
        }
    }

    /// Hands on each text until the socket ends. A peer that is silent is pinged, and given up when
    /// it stays so.
    pub(crate) async fn listen(
        &mut self,
        mut hear: impl FnMut(&Utf8Bytes) -> ControlFlow<End>,
    ) -> End {
        let (interval, silence) = (self.timing.relay_ping, self.timing.relay_silence);
        let mut heartbeat = Heartbeat::new(interval, silence, Instant::now());
        loop {
            let event = self.next(heartbeat.next()).await;
            if matches!(event, SocketEvent::Text(_) | SocketEvent::Alive) {
                heartbeat.alive(Instant::now());
            }
            let next = match event {
                SocketEvent::Text(text) => hear(&text),
                SocketEvent::Alive => Continue(()),
                SocketEvent::Deadline => self.beat(&mut heartbeat),
                SocketEvent::End(end) => Break(end),
            };
            if let Break(end) = next {
                return end;
            }
        }
    }

    fn beat(&self, heartbeat: &mut Heartbeat) -> ControlFlow<End> {
        match heartbeat.beat(Instant::now()) {
            Beat::Rest => (),
            Beat::Ask => self.outbox.ping(),
            Beat::Dead => return Break(End::Close(close::PING_TIMEOUT)),
        }
        Continue(())
    }

    fn read(&mut self, message: Option<Result<Message, axum::Error>>) -> SocketEvent {
        let event = match message {
            Some(Ok(Message::Text(text))) => SocketEvent::Text(text),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => SocketEvent::Alive,
            Some(Ok(Message::Binary(bytes))) => {
                warn!(bytes = bytes.len(), "binary message");
                SocketEvent::End(End::Close(close_code::UNSUPPORTED))
            }
            Some(Ok(Message::Close(_))) | None => SocketEvent::End(End::Gone),
            Some(Err(error)) => SocketEvent::End(fault(error)),
        };
        let counts = !matches!(event, SocketEvent::End(_));
        if counts && !self.rate.take(Instant::now()) {
            warn!("too many messages");
            return SocketEvent::End(End::Close(close::RATE_LIMITED));
        }
        event
    }

    /// Ends the connection: what is queued is written, the close frames are exchanged.
    pub(crate) async fn finish(mut self, end: End, writer: Pin<&mut impl Future<Output = ()>>) {
        let closing = async {
            if let End::Close(code) = end {
                self.outbox.close(code);
                writer.await;
            }
            while let Some(Ok(_)) = self.stream.next().await {}
        };
        if end != End::Dead {
            let _late = timeout(self.timing.close, closing).await;
        }
    }
}

/// Tells what a peer did wrong, from the way in which reading failed.
fn fault(error: axum::Error) -> End {
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

pub(crate) fn too_slow() -> End {
    warn!("too slow a reader");
    End::Close(close::SLOW_CONSUMER)
}

/// The half of a socket that is written to.
pub(crate) struct Writer {
    sink: SplitSink<WebSocket, Message>,
    queue: Queue,
    timing: Timing,
}

impl Writer {
    /// Writes what is queued until the queue says to close, or the network fails.
    pub(crate) async fn run(mut self) {
        let overflown = self.queue.overflown();
        while let Some(outgoing) = self.next(&overflown).await {
            let last = matches!(outgoing, Outgoing::Close(_));
            let message = message(outgoing);
            let write = timeout(self.timing.write, self.sink.send(message));
            let written = tokio::select! {
                biased;
                () = overflown.cancelled(), if !last => continue,
                written = write => written,
            };
            match written {
                Ok(Ok(())) if !last => (),
                Ok(_) => return,
                Err(_) => return warn!("a write took too long"),
            }
        }
    }

    /// The next in line; a peer that is too slow for the rest is only told so.
    async fn next(&mut self, overflown: &CancellationToken) -> Option<Outgoing> {
        tokio::select! {
            biased;
            () = overflown.cancelled() => Some(Outgoing::Close(close::SLOW_CONSUMER)),
            next = self.queue.next() => next,
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
