//! Whether the server runs, and whether it takes new clients.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::context::Context;

/// Paths that the server also has outside of its base path: programs that watch it ask it directly.
pub(crate) const PATHS: [&str; 2] = ["/healthz", "/readyz"];

pub(crate) fn routes(context: &Context) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(context.clone())
}

async fn healthz() -> Response {
    answer(StatusCode::OK, "ok\n")
}

async fn readyz(State(context): State<Context>) -> Response {
    match context.lifecycle().is_draining() {
        false => answer(StatusCode::OK, "ready\n"),
        true => answer(StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
    }
}

fn answer(status: StatusCode, text: &'static str) -> Response {
    (status, [(CACHE_CONTROL, "no-store")], text).into_response()
}
