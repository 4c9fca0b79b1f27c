use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tracing::{error, info};

use crate::base_path::BasePath;
use crate::config::{Config, Timing};
use crate::context::{Context, Upgrade};
use crate::front::Front;
use crate::lifecycle::Lifecycle;
use crate::listener::{Listener, Stream};
use crate::proxy::{Peer, TrustedProxies};
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
    proxies: TrustedProxies,
    base_path: BasePath,
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
            proxies: TrustedProxies::new(&config.trusted_proxies),
            base_path: config.base_path,
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
    pub async fn run(self, listener: impl Into<Listener>, shutdown: impl Future<Output = ()>) {
        let listener = listener.into();
        let acceptor = Acceptor {
            front: Arc::new(Front::new(
                self.routes.into_router(),
                self.proxies,
                self.base_path,
            )),
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
pub async fn run(
    listener: impl Into<Listener>,
    config: Config,
    shutdown: impl Future<Output = ()>,
) {
    Server::new(config).run(listener, shutdown).await;
}

struct Acceptor {
    front: Arc<Front>,
    lifecycle: Lifecycle,
    timing: Timing,
    permits: Arc<Semaphore>,
}

impl Acceptor {
    /// Accepts connections while there are permits. The others wait in the listener's backlog.
    async fn accept(self, listener: Listener) {
        while let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await {
            match listener.accept().await {
                Ok((stream, peer)) => self.spawn(stream, peer, permit),
                Err(error) => pause(&error).await,
            }
        }
    }

    fn spawn(&self, stream: Stream, peer: Peer, permit: OwnedSemaphorePermit) {
        let transport = Transport::new(stream, permit, self.timing.stall);
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
