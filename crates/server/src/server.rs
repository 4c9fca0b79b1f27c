use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use tracing::info;

use crate::acceptor::Acceptor;
use crate::admin;
use crate::base_path::BasePath;
use crate::config::Config;
use crate::context::Context;
use crate::front::Front;
use crate::lifecycle::Lifecycle;
use crate::listener::Listener;
use crate::proxy::TrustedProxies;
use crate::router::Routes;
use crate::turn::Turn;
use crate::upgrade::Upgrade;

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
    connections: usize,
    proxies: TrustedProxies,
    base_path: BasePath,
    admin: Option<Listener>,
    turn: Option<Turn>,
}

impl Server {
    /// Creates a server with the endpoints of this crate.
    pub fn new(config: Config) -> Self {
        let context = Context::new(&config, Lifecycle::new());
        Self {
            routes: Routes::new(&context, &config),
            context,
            connections: config.limits.connections,
            proxies: TrustedProxies::new(&config.trusted_proxies),
            base_path: config.base_path,
            admin: None,
            turn: None,
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

    /// Runs a STUN and TURN server for as long as this server runs.
    pub fn add_turn(&mut self, turn: Turn) {
        self.turn = Some(turn);
    }

    /// Also serves `/metrics`, `/readyz` and `/healthz` on a listener for the operator alone.
    pub fn set_admin(&mut self, listener: impl Into<Listener>) {
        self.admin = Some(listener.into());
    }

    /// Serves a listener until `shutdown` resolves, then closes every socket with code 4001, over
    /// [`Timing::drain`](crate::Timing::drain), and waits at most
    /// [`Timing::shutdown`](crate::Timing::shutdown) for the connections to end.
    ///
    /// It must be called within a tokio runtime.
    pub async fn run(self, listener: impl Into<Listener>, shutdown: impl Future<Output = ()>) {
        let (listener, context) = (listener.into(), &self.context);
        let (lifecycle, timing) = (context.lifecycle().clone(), *context.timing());
        if let Some(admin) = self.admin {
            lifecycle.spawn(admin::serve(admin, context.clone()));
        }
        if let Some(turn) = self.turn {
            turn.start(context);
        }
        let front = Front::new(self.routes.into_router(), self.proxies, self.base_path);
        let acceptor = Acceptor::new(front, context, self.connections);
        let mut accepting = std::pin::pin!(acceptor.accept(listener));
        info!("started");
        tokio::select! {
            () = accepting.as_mut() => (),
            () = shutdown => (),
        }
        info!("stopping");
        if !timing.drain.is_zero() {
            // A load balancer still asks whether the server is ready.
            tokio::select! {
                () = accepting => (),
                () = lifecycle.drain(timing.drain) => (),
            }
        }
        lifecycle.end(timing.shutdown).await;
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
