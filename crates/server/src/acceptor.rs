use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tracing::{error, warn};

use crate::address_limits::AddressLimits;
use crate::config::Timing;
use crate::context::Context;
use crate::front::Front;
use crate::lifecycle::Lifecycle;
use crate::listener::{Listener, Stream};
use crate::proxy::Peer;
use crate::transport::{Permits, Transport};

/// The longest head of a request, in bytes. hyper answers 431 to a longer one.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// How long to wait before accepting again when the system has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Accepts connections and serves HTTP on them.
pub(crate) struct Acceptor {
    front: Arc<Front>,
    lifecycle: Lifecycle,
    addresses: Arc<AddressLimits>,
    timing: Timing,
    slots: Arc<Semaphore>,
}

impl Acceptor {
    /// Serves at most so many connections at a time.
    pub(crate) fn new(front: Front, context: &Context, connections: usize) -> Self {
        Self {
            front: Arc::new(front),
            lifecycle: context.lifecycle().clone(),
            addresses: Arc::clone(context.addresses()),
            timing: *context.timing(),
            slots: Arc::new(Semaphore::new(connections)),
        }
    }

    /// Accepts connections while there are slots. The others wait in the listener's backlog.
    pub(crate) async fn accept(self, listener: Listener) {
        while let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await {
            match listener.accept().await {
                Ok((stream, peer)) => self.spawn(stream, peer, slot),
                Err(error) => pause(&error).await,
            }
        }
    }

    fn spawn(&self, stream: Stream, peer: Peer, slot: OwnedSemaphorePermit) {
        let Ok(address) = self.addresses.connect(self.front.client(peer)) else {
            return warn!("too many connections of one address");
        };
        let permits = Permits::new(slot, address);
        let transport = Transport::new(stream, permits, self.timing.stall);
        let front = Arc::clone(&self.front);
        let connection = serve(transport, peer, front, self.lifecycle.clone(), self.timing);
        self.lifecycle.spawn(connection);
    }
}

/// Waits after an error that is ours, such as a lack of descriptors. A client that is gone before it
/// was accepted is no error.
async fn pause(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    let client_errors = [ConnectionAborted, ConnectionRefused, ConnectionReset];
    if !client_errors.contains(&error.kind()) {
        error!(%error, "cannot accept connections");
        sleep(ACCEPT_PAUSE).await;
    }
}

/// Serves one HTTP connection. Its errors are the client's: it broke off, or it broke HTTP.
async fn serve(
    transport: Transport,
    peer: Peer,
    front: Arc<Front>,
    lifecycle: Lifecycle,
    timing: Timing,
) {
    let service = service_fn(move |request| {
        let front = Arc::clone(&front);
        async move { Ok::<_, Infallible>(front.serve(peer, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(timing.request_head)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(transport), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ended = connection.as_mut() => return,
        () = lifecycle.stopping().cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ended = connection.await;
}
