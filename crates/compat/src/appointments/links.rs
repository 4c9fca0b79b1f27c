//! `/user-link`, `/pro-link` and `/validate-link`.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use jsonwebtoken::get_current_timestamp;
use serde_json::{Value, json};
use tracing::error;
use videocalls_server::BasePath;
use videocalls_server::extend::{Visitor, json};

use super::Appointments;
use super::claims::Claims;
use crate::{LinkBase, Secret};

/// The longest body that is read, in bytes.
const MAX_BODY_BYTES: usize = 8 * 1024;

/// All links are to appointments with this professional, as by the original.
const PROFESSIONAL: &str = "Alex Morgan";
const PROFESSIONAL_NUMBER: u32 = 1;
const CLIENT: &str = "Sam Taylor";

/// In how many seconds the appointment of a new link begins.
const BEGINS_IN: u64 = 500;

const NO_LINKS: &str = "this server creates no links; see --appointments-secret\n";

/// How links are made and read.
#[derive(Clone)]
pub(super) struct Links {
    pub(super) base: Option<LinkBase>,
    pub(super) base_path: BasePath,
    pub(super) lifetime: Duration,
    pub(super) body_timeout: Duration,
}

pub(crate) fn routes(appointments: &Appointments) -> Router {
    let validate = get(validate_link).post(validate_link);
    let mut routes = Router::new();
    for (path, method) in [
        ("/user-link", get(user_link)),
        ("/pro-link", get(professional_link)),
        ("/validate-link", validate),
    ] {
        routes = routes
            .route(path, method.clone())
            .route(&format!("{path}/"), method);
    }
    routes.with_state(appointments.clone())
}

/// Creates an appointment and answers with the link for its client.
async fn user_link(
    State(appointments): State<Appointments>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
) -> Response {
    let Some(secret) = &appointments.secret else {
        return no_links();
    };
    let now = get_current_timestamp();
    let claims = json!({
        "professionalsFullName": PROFESSIONAL,
        "apptDate": (now + BEGINS_IN) * 1000,
        "uuid": new_uuid(),
        "clientName": CLIENT,
        "iat": now,
        "exp": now + appointments.links.lifetime.as_secs(),
    });
    if let Some(claims) = claims.as_object().cloned().and_then(Claims::read) {
        appointments.store.add(claims);
    }
    let base = appointments.links.base(visitor, &headers);
    link("join-video", &base, secret, &claims, |link| link)
}

/// Answers with the link for the professional.
async fn professional_link(
    State(appointments): State<Appointments>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
) -> Response {
    let Some(secret) = &appointments.secret else {
        return no_links();
    };
    let now = get_current_timestamp();
    let claims = json!({
        "fullName": PROFESSIONAL,
        "proId": PROFESSIONAL_NUMBER,
        "iat": now,
        "exp": now + appointments.links.lifetime.as_secs(),
    });
    let anchor = |link| format!("<a href=\"{link}\" target=\"_blank\">Link Here</a>");
    let base = appointments.links.base(visitor, &headers);
    link("dashboard", &base, secret, &claims, anchor)
}

/// Answers with the claims of a token. Early copies of the system send it in the query.
async fn validate_link(
    State(appointments): State<Appointments>,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    let Some(secret) = &appointments.secret else {
        return no_links();
    };
    let body = match json::read_body(body, MAX_BODY_BYTES, appointments.links.body_timeout).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let in_query = json::query_value(query.as_deref(), "token");
    let Some(token) = body["token"].as_str().or(in_query.as_deref()) else {
        return json::error(StatusCode::BAD_REQUEST, "the token is missing");
    };
    match secret.verify(token) {
        Some(claims) => json::reply(&Value::Object(claims)),
        None => json::error(StatusCode::UNAUTHORIZED, "the token is invalid or expired"),
    }
}

fn no_links() -> Response {
    (StatusCode::NOT_FOUND, NO_LINKS).into_response()
}

/// Signs claims and answers with a link that has them, as HTML.
fn link(
    page: &str,
    base: &str,
    secret: &Secret,
    claims: &Value,
    html: impl FnOnce(String) -> String,
) -> Response {
    match secret.sign(claims) {
        Ok(token) => {
            let link = format!("{base}/{page}?token={token}");
            ([(CONTENT_TYPE, "text/html; charset=utf-8")], html(link)).into_response()
        }
        Err(error) => {
            error!(%error, "cannot sign a token");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

impl Links {
    /// The configured base URL, or the one of the request. If no proxy tells its scheme, it is `https`
    /// except on localhost, because browsers give no camera to other `http` pages.
    fn base(&self, visitor: Visitor, headers: &HeaderMap) -> String {
        if let Some(base) = &self.base {
            return base.to_string();
        }
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = host.and_then(|host| host.parse::<Authority>().ok());
        let is_plain = |host: &Authority| !host.as_str().contains(['@', '"', '\'', '<', '>', '&']);
        let Some(host) = host.filter(is_plain) else {
            return String::new();
        };
        let local = ["localhost", "127.0.0.1", "[::1]"].contains(&host.host());
        let secure = visitor.secure.unwrap_or(!local);
        let scheme = if secure { "https" } else { "http" };
        format!("{scheme}://{host}{}", self.base_path)
    }
}

/// A random UUID (RFC 9562, version 4).
fn new_uuid() -> String {
    let bits: u128 = rand::random();
    let bits = bits & !(0xf << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let text = format!("{bits:032x}");
    let (a, b, c, d, e) = (
        &text[..8],
        &text[8..12],
        &text[12..16],
        &text[16..20],
        &text[20..],
    );
    format!("{a}-{b}-{c}-{d}-{e}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_have_the_standard_form() {
        for _ in 0..100 {
            let uuid = new_uuid();
            let parts = uuid.split('-').map(str::len);
            assert!(parts.eq([8, 4, 4, 4, 12]), "{uuid}");
            assert_eq!(&uuid[14..15], "4");
            assert!("89ab".contains(&uuid[19..20]), "{uuid}");
        }
    }
}
