use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::request::Parts;

use crate::proxy::Visitor;

/// The extractor of a request that may be a WebSocket upgrade, for
/// [`Context::accept`](crate::extend::Context::accept).
pub struct Upgrade {
    address: Option<IpAddr>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
}

impl Upgrade {
    /// Whether the request is an upgrade.
    pub fn is_requested(&self) -> bool {
        self.upgrade.is_ok()
    }

    /// The address of the client, if it is known.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.address
    }

    pub(crate) fn into_upgrade(self) -> Result<WebSocketUpgrade, WebSocketUpgradeRejection> {
        self.upgrade
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Upgrade {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let visitor = parts.extensions.get::<Visitor>();
        Ok(Self {
            address: visitor.and_then(|visitor| visitor.address),
            upgrade: WebSocketUpgrade::from_request_parts(parts, state).await,
        })
    }
}
