use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::get;

use crate::assets::Assets;
use crate::config::Config;
use crate::context::Context;
use crate::headers::{self, Policies};
use crate::upgrade::Upgrade;
use crate::{health, relay, rooms, statics};

/// Answers a WebSocket upgrade at a path at which the server has no other endpoint.
pub(crate) type SocketFallback = Arc<dyn Fn(&Uri, &HeaderMap, Upgrade) -> Response + Send + Sync>;

/// The URL space of a server.
pub(crate) struct Routes {
    router: Router,
    fallback: Fallback,
    policies: Policies,
}

#[derive(Clone)]
struct Fallback {
    assets: Assets,
    sockets: Option<SocketFallback>,
}

impl Routes {
    pub(crate) fn new(context: &Context, config: &Config) -> Self {
        let fallback = Fallback {
            assets: config.assets.clone(),
            sockets: None,
        };
        let router = Router::new()
            .merge(health::routes(context))
            .merge(rooms::routes(context, config))
            .merge(relay::routes(context));
        Self {
            router,
            fallback,
            policies: Policies::new(&config.frame_ancestors),
        }
    }

    pub(crate) fn merge(&mut self, routes: Router) {
        self.router = std::mem::take(&mut self.router).merge(routes);
    }

    pub(crate) fn set_socket_fallback(&mut self, sockets: SocketFallback) {
        self.fallback.sockets = Some(sockets);
    }

    pub(crate) fn into_router(self) -> Router {
        let fallback = get(files_or_sockets).with_state(self.fallback);
        self.router
            .fallback_service(fallback)
            .layer(from_fn_with_state(self.policies, headers::protect))
    }
}

async fn files_or_sockets(
    State(Fallback { assets, sockets }): State<Fallback>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Response {
    match sockets {
        Some(sockets) if upgrade.is_requested() => sockets(&uri, &headers, upgrade),
        _ => statics::serve(&assets, &uri, &headers),
    }
}
