use std::sync::Arc;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use videocalls_protocol::RoomName;

use crate::serve::Life;
use crate::shared::Shared;
use crate::web::other_method;
use crate::{
    Config, appointments, channels, cors, headers, members, relay, rooms, socket, socketio, statics,
};

pub(crate) use axum::Router;

/// The whole URL space of the server.
pub(crate) fn router(config: Config, life: Life) -> Router {
    let anywhere = config.channels_anywhere;
    let shared = Arc::new(Shared::new(config, life));
    let rest = if anywhere {
        get(channels_or_files)
    } else {
        get(statics::serve)
    };
    Router::new()
        .route("/healthz", get(healthz))
        .route("/rooms", get(rooms))
        .route("/relay/{room}", get(relay))
        .route("/channels", get(channels))
        .route("/channels/", get(channels))
        .route("/channels/{*room}", get(channels))
        .fallback_service(rest.with_state(Arc::clone(&shared)))
        .merge(pages(&shared))
        .with_state(shared)
        .layer(middleware::from_fn(headers::protect))
}

/// The endpoints that the pages of other systems ask without a socket. Their own servers redirect to
/// the path with a slash at its end; here it makes no difference.
fn pages(shared: &Arc<Shared>) -> axum::Router<Arc<Shared>> {
    let mut pages = axum::Router::new();
    for (path, method) in [
        ("/socket.io", any(socketio::serve)),
        ("/user-link", get(appointments::user_link)),
        ("/pro-link", get(appointments::professional_link)),
        (
            "/validate-link",
            get(appointments::validate_link).post(appointments::validate_link),
        ),
        ("/get_token", get(members::token).fallback(other_method)),
        (
            "/create_member",
            post(members::create).fallback(other_method),
        ),
        ("/get_member", get(members::member).fallback(other_method)),
        (
            "/delete_member",
            post(members::delete).fallback(other_method),
        ),
    ] {
        pages = pages
            .route(path, method.clone())
            .route(&format!("{path}/"), method);
    }
    let admit = middleware::from_fn_with_state(Arc::clone(shared), cors::admit);
    pages.route_layer(admit)
}

async fn healthz() -> impl IntoResponse {
    ([(CACHE_CONTROL, "no-store")], "ok\n")
}

async fn rooms(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Response {
    let connection_epoch = shared.registry.next_connection_epoch();
    accept(&Arc::clone(&shared), &headers, upgrade, move |socket| {
        rooms::serve(socket, shared, connection_epoch)
    })
}

async fn relay(
    State(shared): State<Arc<Shared>>,
    Path(room): Path<String>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Response {
    match RoomName::new(&room) {
        Ok(room) => accept(&Arc::clone(&shared), &headers, upgrade, |socket| {
            relay::serve(socket, room, shared)
        }),
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    }
}

async fn channels(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Response {
    match channels::room(uri.path()) {
        Some(room) => accept(&Arc::clone(&shared), &headers, upgrade, |socket| {
            channels::serve(socket, room, shared)
        }),
        None => (StatusCode::BAD_REQUEST, "the room's name is too long\n").into_response(),
    }
}

/// For pages that open their socket at their own path.
async fn channels_or_files(
    shared: State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Response {
    if upgrade.is_ok() {
        channels(shared, uri, headers, upgrade).await
    } else {
        statics::serve(shared, uri, headers).await
    }
}

pub(crate) type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// Upgrades a request from a page that may talk to us, and serves its socket.
pub(crate) fn accept<F>(
    shared: &Shared,
    headers: &HeaderMap,
    upgrade: Upgrade,
    serve: impl FnOnce(WebSocket) -> F + Send + 'static,
) -> Response
where
    F: Future<Output = ()> + Send,
{
    if !shared.admits(headers) {
        let help = "this origin is not allowed here; see --allow-origin\n";
        return (StatusCode::FORBIDDEN, help).into_response();
    }
    let life = shared.life.clone();
    // The task must be counted from now on: the connection's own ends with the upgrade.
    let counted = life.tasks.token();
    match upgrade {
        Ok(upgrade) => socket::limited(upgrade).on_upgrade(async move |socket| {
            life.bound(serve(socket)).await;
            drop(counted);
        }),
        Err(rejection) => rejection.into_response(),
    }
}
