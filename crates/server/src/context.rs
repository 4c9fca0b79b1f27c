use std::sync::Arc;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio_util::sync::CancellationToken;
use tracing::warn;
use videocalls_protocol::MAX_MESSAGE_BYTES;

use crate::config::{Config, Limits, Timing};
use crate::lifecycle::Lifecycle;
use crate::origin::{self, Origin};
use crate::outbox::{Outbox, Queue, outbox};
use crate::socket::{self, Connection, Writer};

/// The default of 128 KiB would be most of what an idle connection costs.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// The extractor of a WebSocket upgrade, for [`Context::accept`].
pub type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// What every endpoint of the server needs: its limits, its origin check and its shutdown. Cheap to
/// clone.
#[derive(Clone)]
pub struct Context {
    limits: Limits,
    timing: Timing,
    allow_origins: Arc<[Origin]>,
    lifecycle: Lifecycle,
}

impl Context {
    pub(crate) fn new(config: &Config, lifecycle: Lifecycle) -> Self {
        Self {
            limits: config.limits,
            timing: config.timing,
            allow_origins: config.allow_origins.as_slice().into(),
            lifecycle,
        }
    }

    /// How much a client may ask for.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// How long the server waits.
    pub fn timing(&self) -> Timing {
        self.timing
    }

    /// Cancelled when the server stops.
    pub fn stopping(&self) -> &CancellationToken {
        self.lifecycle.stopping()
    }

    /// Runs a task that the server waits for when it stops, and aborts after
    /// [`Timing::shutdown`].
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.lifecycle.spawn(task);
    }

    /// Whether the page that sent a request may use this server.
    pub fn admits(&self, headers: &HeaderMap) -> bool {
        let admitted = origin::admits(&self.allow_origins, headers);
        if !admitted {
            warn!("origin not allowed");
        }
        admitted
    }

    /// Upgrades a request to a WebSocket and runs `serve` with it, or refuses the request: 403 if
    /// the origin is not allowed, the extractor's own error if it is no upgrade.
    pub fn accept<F>(
        &self,
        headers: &HeaderMap,
        upgrade: Upgrade,
        serve: impl FnOnce(WebSocket) -> F + Send + 'static,
    ) -> Response
    where
        F: Future<Output = ()> + Send,
    {
        if !self.admits(headers) {
            let help = "this origin is not allowed here; see --allow-origin\n";
            return (StatusCode::FORBIDDEN, help).into_response();
        }
        let lifecycle = self.lifecycle.clone();
        // The connection's own task ends with the upgrade, so the new one is counted from now on.
        let counted = lifecycle.count();
        match upgrade {
            Ok(upgrade) => limited(upgrade).on_upgrade(async move |socket| {
                lifecycle.until_aborted(serve(socket)).await;
                drop(counted);
            }),
            Err(rejection) => rejection.into_response(),
        }
    }

    /// Splits a socket into a half to read from and a half to write to.
    pub fn open(&self, socket: WebSocket) -> (Connection, Writer) {
        self.resume(socket, outbox(self.limits))
    }

    /// Like [`Context::open`], for a session that already has a queue of outgoing messages.
    pub fn resume(&self, socket: WebSocket, queue: (Outbox, Queue)) -> (Connection, Writer) {
        let stopping = self.stopping().clone();
        socket::open(socket, queue, self.limits, self.timing, stopping)
    }
}

/// Sets the limits that every WebSocket of the server has.
fn limited(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(4 * MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .max_message_size(MAX_MESSAGE_BYTES)
}
