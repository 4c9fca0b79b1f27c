//! What the operator alone may see, on a listener of its own.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::acceptor::Acceptor;
use crate::base_path::BasePath;
use crate::context::Context;
use crate::front::Front;
use crate::health;
use crate::listener::Listener;
use crate::metrics::Metrics;
use crate::proxy::TrustedProxies;

/// How many connections the operator's programs can have.
const CONNECTIONS: usize = 64;

/// What Prometheus calls the format of `prometheus-client`.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves a listener until the server stops.
pub(crate) async fn serve(listener: Listener, context: Context) {
    let router = Router::new()
        .route("/metrics", get(metrics))
        .with_state(context.metrics().clone())
        .merge(health::routes(&context));
    let front = Front::new(router, TrustedProxies::default(), BasePath::default());
    let accepting = Acceptor::new(front, &context, CONNECTIONS).accept(listener);
    let _stopped = context.stopping().run_until_cancelled(accepting).await;
}

async fn metrics(State(metrics): State<Metrics>) -> Response {
    match metrics.to_text() {
        Ok(text) => {
            let headers = [(CONTENT_TYPE, OPEN_METRICS), (CACHE_CONTROL, "no-store")];
            (headers, text).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
