use std::sync::Arc;

use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio_util::sync::CancellationToken;
use tracing::warn;
use videocalls_protocol::MAX_MESSAGE_BYTES;

use crate::address_limits::{AddressLimits, AddressPermit, TooMany};
use crate::come_back::ComeBack;
use crate::config::{Config, Limits, Timing};
use crate::lifecycle::Lifecycle;
use crate::metrics::Metrics;
use crate::origin::{self, Origin};
use crate::outbox::{Outbox, Queue, outbox};
use crate::socket::{self, Connection, Writer};
use crate::upgrade::Upgrade;

/// Most messages fit. The default of 128 KiB would be most of what an idle connection costs, and this is
/// a sixth of it.
const READ_BUFFER_BYTES: usize = 1536;

/// What every endpoint of the server needs: its limits, its origin check and its shutdown. Cheap to
/// clone.
#[derive(Clone)]
pub struct Context(Arc<Inner>);

/// Shared, because each connection has a context.
struct Inner {
    limits: Limits,
    timing: Timing,
    allow_origins: Vec<Origin>,
    lifecycle: Lifecycle,
    addresses: Arc<AddressLimits>,
    metrics: Metrics,
}

impl Context {
    pub(crate) fn new(config: &Config, lifecycle: Lifecycle) -> Self {
        Self(Arc::new(Inner {
            limits: config.limits,
            timing: config.timing,
            allow_origins: config.allow_origins.clone(),
            lifecycle,
            addresses: AddressLimits::new(config.limits),
            metrics: Metrics::default(),
        }))
    }

    /// How much a client may ask for.
    pub fn limits(&self) -> Limits {
        self.0.limits
    }

    /// How long the server waits.
    pub fn timing(&self) -> &Timing {
        &self.0.timing
    }

    /// Cancelled when the server stops.
    pub fn stopping(&self) -> &CancellationToken {
        self.0.lifecycle.stopping()
    }

    /// Cancelled when a session without a socket has to end. Each session has its own moment while the
    /// server drains.
    pub fn socket_end(&self) -> CancellationToken {
        self.0.lifecycle.socket_end()
    }

    pub(crate) fn lifecycle(&self) -> &Lifecycle {
        &self.0.lifecycle
    }

    pub(crate) fn addresses(&self) -> &Arc<AddressLimits> {
        &self.0.addresses
    }

    /// Where the server counts what happens.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// A queue of messages to one client.
    pub fn outbox(&self) -> (Outbox, Queue) {
        outbox(self.0.limits, &self.0.metrics)
    }

    /// Runs a task that the server waits for when it stops, and aborts after
    /// [`Timing::shutdown`].
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.lifecycle.spawn(task);
    }

    /// Whether the page that sent a request may use this server.
    pub fn admits(&self, headers: &HeaderMap) -> bool {
        let admitted = origin::admits(&self.0.allow_origins, headers);
        if !admitted {
            warn!("origin not allowed");
            self.0.metrics.refused("origin");
        }
        admitted
    }

    /// Permits the client of a request to open a socket or a session.
    ///
    /// # Errors
    ///
    /// If the server is about to stop, or the client's address has opened too many.
    pub fn permit(&self, upgrade: &Upgrade) -> Result<AddressPermit, ComeBack> {
        let permit = match self.0.lifecycle.is_draining() {
            true => Err(ComeBack::Draining),
            false => {
                let permit = self.0.addresses.open(upgrade.address());
                permit.map_err(|TooMany| ComeBack::TooMany)
            }
        };
        permit.inspect_err(|error| {
            warn!(%error, "refused");
            self.0.metrics.refused(error.code());
        })
    }

    /// Upgrades a request to a WebSocket and runs `serve` with it, or refuses the request: 403 if
    /// the origin is not allowed, the errors of [`Context::permit`], the extractor's own error if it is
    /// no upgrade.
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
        let permit = match self.permit(&upgrade) {
            Ok(permit) => permit,
            Err(error) => return error.into_response(),
        };
        let (lifecycle, present) = (self.0.lifecycle.clone(), self.0.metrics.socket());
        // The connection's own task ends with the upgrade, so the new one is counted from now on.
        let counted = lifecycle.count();
        match upgrade.into_upgrade() {
            Ok(upgrade) => limited(upgrade).on_upgrade(async move |socket| {
                // In a box of its own, because each future around it would have it in memory twice.
                lifecycle.until_aborted(Box::pin(serve(socket))).await;
                drop((counted, permit, present));
            }),
            Err(rejection) => rejection.into_response(),
        }
    }

    /// Splits a socket into a half to read from and a half to write to.
    pub fn open(&self, socket: WebSocket) -> (Connection, Writer) {
        self.resume(socket, self.outbox())
    }

    /// Like [`Context::open`], for a session that already has a queue of outgoing messages.
    pub fn resume(&self, socket: WebSocket, queue: (Outbox, Queue)) -> (Connection, Writer) {
        let end = self.0.lifecycle.socket_end();
        socket::open(socket, queue, self.limits(), self.timing(), end)
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
