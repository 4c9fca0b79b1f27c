use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tracing::{error, info};

use crate::config::{Config, Timing};
use crate::context::{Context, Upgrade};
use crate::lifecycle::Lifecycle;
use crate::router::Routes;
use crate::transport::Transport;

/// The longest head of a request, in bytes. hyper answers 431 to a longer one.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// How long to wait before accepting again when the system has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// A server that can be given further routes before it runs.
///
/// ```no_run
/// # async fn start(listener: tokio::net::TcpListener) {
/// use axum::Router;
/// use axum::routing::get;
/// use videocalls_server::{Config, Server};
///
/// let mut server = Server::new(Config::default());
/// server.merge(Router::new().route("/hello", get("hello")));
/// server.run(listener, std::future::pending()).await;
/// # }
/// ```
pub struct Server {
    routes: Routes,
    context: Context,
    lifecycle: Lifecycle,
    connections: usize,
}

impl Server {
    /// Creates a server with the endpoints of this crate.
    pub fn new(config: Config) -> Self {
        let lifecycle = Lifecycle::new();
        let context = Context::new(&config, lifecycle.clone());
        Self {
            routes: Routes::new(&context, &config),
            context,
            lifecycle,
            connections: config.limits.connections,
        }
    }

    /// What endpoints of other crates need of the server.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Adds routes.
    ///
    /// # Panics
    ///
    /// If a path has a route already.
    pub fn merge(&mut self, routes: Router) {
        self.routes.merge(routes);
    }

    /// Sets what answers WebSocket upgrades at paths that have no route.
    pub fn set_socket_fallback(
        &mut self,
        sockets: impl Fn(&Uri, &HeaderMap, Upgrade) -> Response + Send + Sync + 'static,
    ) {
        self.routes.set_socket_fallback(Arc::new(sockets));
    }

    /// Serves a listener until `shutdown` resolves, then closes every socket with code 4001 and
    /// waits at most [`Timing::shutdown`] for the connections to end.
    ///
    /// It must be called within a tokio runtime.
    pub async fn run(self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let acceptor = Acceptor {
            router: self.routes.into_router(),
            lifecycle: self.lifecycle.clone(),
            timing: self.context.timing(),
            permits: Arc::new(Semaphore::new(self.connections)),
        };
        info!("started");
        tokio::select! {
            () = acceptor.accept(listener) => (),
            () = shutdown => (),
        }
        info!("stopping");
        self.lifecycle.end(self.context.timing().shutdown).await;
        info!("stopped");
    }
}

/// Runs a server with the endpoints of this crate: [`Server::new`] and [`Server::run`].
pub async fn run(listener: TcpListener, config: Config, shutdown: impl Future<Output = ()>) {
    Server::new(config).run(listener, shutdown).await;
}

struct Acceptor {
    router: Router,
    lifecycle: Lifecycle,
    timing: Timing,
    permits: Arc<Semaphore>,
}

impl Acceptor {
    /// Accepts connections while there are permits. The others wait in the listener's backlog.
    async fn accept(self, listener: TcpListener) {
        while let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await {
            match listener.accept().await {
                Ok((tcp, _)) => self.spawn(tcp, permit),
                Err(error) => pause(&error).await,
            }
        }
    }

    fn spawn(&self, tcp: TcpStream, permit: OwnedSemaphorePermit) {
        // Without it, messages are only a little later.
        let _ignored = tcp.set_nodelay(true);
        let transport = Transport::new(tcp, permit, self.timing.stall);
        let connection = serve(
            transport,
            self.router.clone(),
            self.lifecycle.clone(),
            self.timing,
        );
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
async fn serve(transport: Transport, router: Router, lifecycle: Lifecycle, timing: Timing) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(timing.request_head)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(transport), TowerToHyperService::new(router))
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ended = connection.as_mut() => return,
        () = lifecycle.stopping().cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ended = connection.await;
}
