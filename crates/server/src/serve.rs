use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use crate::router::{Router, router};
use crate::transport::Transport;
use crate::{Config, Timing};

/// The longest head of a request, in bytes. hyper answers 431 to a longer one.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// How long to wait before accepting again when the system has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// What the connections share: when to stop, and who is still there.
#[derive(Clone)]
pub(crate) struct Life {
    /// Asks everyone to end.
    pub(crate) shutdown: CancellationToken,
    /// Ends those that did not.
    kill: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Life {
    fn new() -> Self {
        Self {
            shutdown: CancellationToken::new(),
            kill: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// Runs a task to its end, or to the server's.
    pub(crate) async fn bound(&self, task: impl Future<Output = ()>) {
        let _killed = self.kill.run_until_cancelled(task).await;
    }

    async fn end(&self, patience: Duration) {
        self.shutdown.cancel();
        self.tasks.close();
        if timeout(patience, self.tasks.wait()).await.is_err() {
            warn!(connections = self.tasks.len(), "cut off at shutdown");
        }
        self.kill.cancel();
    }
}

/// Serves a listener until `shutdown` resolves, then asks every socket to close with code 4001 and
/// waits for [`Timing::shutdown`] at most.
///
/// It must be called from within a tokio runtime.
pub async fn run(listener: TcpListener, config: Config, shutdown: impl Future<Output = ()>) {
    let life = Life::new();
    let (timing, limits) = (config.timing, config.limits);
    let server = Server {
        router: router(config, life.clone()),
        life: life.clone(),
        timing,
        places: Arc::new(Semaphore::new(limits.connections)),
    };
    info!("started");
    tokio::select! {
        () = server.accept(listener) => (),
        () = shutdown => (),
    }
    info!("stopping");
    life.end(timing.shutdown).await;
    info!("stopped");
}

struct Server {
    router: Router,
    life: Life,
    timing: Timing,
    places: Arc<Semaphore>,
}

impl Server {
    /// Takes connections on as long as there is a place; the others wait in the backlog.
    async fn accept(self, listener: TcpListener) {
        while let Ok(place) = Arc::clone(&self.places).acquire_owned().await {
            match listener.accept().await {
                Ok((tcp, _)) => self.spawn(tcp, place),
                Err(error) => pause(&error).await,
            }
        }
    }

    fn spawn(&self, tcp: TcpStream, place: OwnedSemaphorePermit) {
        let _small_delay_only = tcp.set_nodelay(true);
        let transport = Transport::new(tcp, place, self.timing.stall);
        let router = self.router.clone();
        let (life, timing) = (self.life.clone(), self.timing);
        self.life.tasks.spawn(async move {
            let connection = serve(transport, router, &life.shutdown, timing);
            life.bound(connection).await;
        });
    }
}

/// A peer that is gone before it was accepted is no trouble; a lack of descriptors is.
async fn pause(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    let theirs = [ConnectionAborted, ConnectionRefused, ConnectionReset];
    if !theirs.contains(&error.kind()) {
        error!(%error, "cannot accept connections");
        sleep(ACCEPT_PAUSE).await;
    }
}

/// Serves one connection. An error here is a peer that broke off or broke HTTP: nobody's trouble.
async fn serve(transport: Transport, router: Router, shutdown: &CancellationToken, timing: Timing) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(timing.request_head)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(transport), TowerToHyperService::new(router))
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ended = connection.as_mut() => return,
        () = shutdown.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ended = connection.await;
}
