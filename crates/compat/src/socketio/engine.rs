use std::ops::ControlFlow::{self, Break, Continue};

use axum::extract::ws::{Utf8Bytes, close_code};
use tokio::time::Instant;
use tracing::warn;
use videocalls_protocol::rooms::close;
use videocalls_server::extend::{Beat, Context, End, Heartbeat, Outbox};

use super::client::{Backend, Client};
use super::version::Version;
use crate::Timing;

/// The server's side of an Engine.IO session, whatever transport it uses. It moves along when a
/// WebSocket takes over from long-polling.
pub(super) struct EngineSession {
    version: Version,
    client: Client,
    heartbeat: Heartbeat,
    outbox: Outbox,
}

impl EngineSession {
    pub(super) fn new(
        version: Version,
        outbox: Outbox,
        context: &Context,
        timing: Timing,
        backend: &Backend,
    ) -> Self {
        let now = Instant::now();
        let timeout = timing.engine_ping + timing.engine_pong;
        let heartbeat = match version {
            Version::V3 => Heartbeat::without_pings(timeout, now),
            Version::V4 => Heartbeat::new(timing.engine_ping, timeout, now),
        };
        Self {
            version,
            client: Client::new(version, outbox.clone(), context, backend, now),
            heartbeat,
            outbox,
        }
    }

    /// Handles one Engine.IO packet.
    pub(super) fn handle(&mut self, packet: &str, now: Instant) -> ControlFlow<End> {
        self.heartbeat.alive(now);
        let mut letters = packet.chars();
        match letters.next() {
            Some('1') => Break(End::Gone),
            Some('2') if self.version == Version::V3 => {
                self.outbox.push(format!("3{}", letters.as_str()));
                Continue(())
            }
            Some('3' | '5' | '6') => Continue(()),
            Some('4') => self.client.handle(letters.as_str(), now),
            Some('b') => {
                warn!(bytes = packet.len(), "binary message");
                Break(End::Close(close_code::UNSUPPORTED))
            }
            _ => {
                warn!(bytes = packet.len(), "malformed packet");
                Break(End::Close(close::BAD_REQUEST))
            }
        }
    }

    /// When [`Self::tick`] is due.
    pub(super) fn deadline(&self) -> Instant {
        let heartbeat = self.heartbeat.next();
        let connect = self.client.deadline();
        connect.map_or(heartbeat, |connect| connect.min(heartbeat))
    }

    pub(super) fn tick(&mut self, now: Instant) -> ControlFlow<End> {
        let connect = self.client.deadline();
        if connect.is_some_and(|deadline| now >= deadline) {
            warn!("no connect in time");
            return Break(End::Close(close::JOIN_TIMEOUT));
        }
        match self.heartbeat.beat(now) {
            Beat::Nothing => Continue(()),
            Beat::Ping => {
                self.outbox.push(Utf8Bytes::from_static("2"));
                Continue(())
            }
            Beat::Dead => {
                warn!("no pong");
                Break(End::Close(close::PING_TIMEOUT))
            }
        }
    }

    /// Ends the session. When the whole server stops, the others are not notified that the client
    /// has left.
    pub(super) fn end(self, end: End) {
        if end == End::Close(close::SHUTDOWN) {
            self.client.leave_silently();
        }
    }
}
