use std::net::IpAddr;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use axum::{Router, body::Body};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;

use crate::base_path::{BasePath, Target};
use crate::health;
use crate::proxy::{Peer, TrustedProxies};

/// What a request passes before it is routed. Behind it, a request looks as if its client had sent it
/// to a server without a proxy and without a base path.
pub(crate) struct Front {
    router: TowerToHyperService<Router>,
    proxies: TrustedProxies,
    base_path: BasePath,
}

impl Front {
    pub(crate) fn new(router: Router, proxies: TrustedProxies, base_path: BasePath) -> Self {
        Self {
            router: TowerToHyperService::new(router),
            proxies,
            base_path,
        }
    }

    /// The client of a connection, or nothing if a proxy shares it among its clients.
    pub(crate) fn client(&self, peer: Peer) -> Option<IpAddr> {
        match peer {
            Peer::Address(address) => (!self.proxies.trusts(peer)).then_some(address),
            Peer::Unix => None,
        }
    }

    /// Answers a request of a connection with this peer.
    pub(crate) async fn serve(&self, peer: Peer, request: Request<Incoming>) -> Response {
        let mut request = request.map(Body::new);
        let visitor = self.proxies.resolve(peer, request.headers_mut());
        request.extensions_mut().insert(visitor);
        match self.base_path.strip(request.uri()) {
            Target::Inside(uri) => *request.uri_mut() = uri,
            Target::Root(to) => {
                return (StatusCode::PERMANENT_REDIRECT, [(LOCATION, to)]).into_response();
            }
            Target::Outside if health::PATHS.contains(&request.uri().path()) => (),
            Target::Outside => return self.outside(),
        }
        let Ok(response) = self.router.call(request).await;
        response
    }

    fn outside(&self) -> Response {
        let help = format!("not found; this server is at {}/\n", self.base_path);
        (StatusCode::NOT_FOUND, help).into_response()
    }
}
