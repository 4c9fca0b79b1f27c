use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;

use axum::extract::ws::{Utf8Bytes, close_code};
use tokio::time::Instant;
use tracing::warn;
use videocalls_protocol::rooms::close;

use super::client::Client;
use crate::heartbeat::{Beat, Heartbeat};
use crate::outbox::Outbox;
use crate::shared::Shared;
use crate::socket::End;

/// One session's side of Engine.IO, whatever carries it: it goes along when polling becomes a
/// WebSocket.
pub(super) struct Conversation {
    client: Client,
    heartbeat: Heartbeat,
    outbox: Outbox,
}

impl Conversation {
    pub(super) fn new(outbox: Outbox, shared: &Arc<Shared>) -> Self {
        let (now, timing) = (Instant::now(), shared.timing);
        let patience = timing.engine_ping + timing.engine_pong;
        Self {
            client: Client::new(outbox.clone(), Arc::clone(shared), now),
            heartbeat: Heartbeat::new(timing.engine_ping, patience, now),
            outbox,
        }
    }

    /// Takes in one Engine.IO packet.
    pub(super) fn hear(&mut self, packet: &str, now: Instant) -> ControlFlow<End> {
        self.heartbeat.alive(now);
        let mut letters = packet.chars();
        match letters.next() {
            Some('1') => Break(End::Gone),
            Some('3' | '5' | '6') => Continue(()),
            Some('4') => self.client.hear(letters.as_str(), now),
            Some('b') => {
                warn!(bytes = packet.len(), "binary message");
                Break(End::Close(close_code::UNSUPPORTED))
            }
            // A ping too: in this version only the server sends them.
            _ => {
                warn!(bytes = packet.len(), "malformed packet");
                Break(End::Close(close::BAD_REQUEST))
            }
        }
    }

    /// When [`Self::tick`] is due.
    pub(super) fn deadline(&self) -> Instant {
        let connect = self.client.deadline();
        connect.map_or(self.heartbeat.next(), |connect| {
            connect.min(self.heartbeat.next())
        })
    }

    pub(super) fn tick(&mut self, now: Instant) -> ControlFlow<End> {
        if self
            .client
            .deadline()
            .is_some_and(|deadline| now >= deadline)
        {
            warn!("no connect in time");
            return Break(End::Close(close::JOIN_TIMEOUT));
        }
        match self.heartbeat.beat(now) {
            Beat::Rest => Continue(()),
            Beat::Ask => {
                self.outbox.push(Utf8Bytes::from_static("2"));
                Continue(())
            }
            Beat::Dead => {
                warn!("no pong");
                Break(End::Close(close::PING_TIMEOUT))
            }
        }
    }

    /// Ends it. That the server stops is no news about this client to the others.
    pub(super) fn end(self, end: End) {
        if end == End::Close(close::SHUTDOWN) {
            self.client.vanish();
        }
    }
}
