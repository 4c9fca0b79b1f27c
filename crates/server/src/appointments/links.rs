//! `/user-link`, `/pro-link` and `/validate-link`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::person::Claims;
use super::token::now;
use crate::shared::Shared;
use crate::web;

/// The longest body that is read, in bytes.
const MAX_BODY_BYTES: usize = 8 * 1024;

/// Everyone gets a link to the same professional.
const PROFESSIONAL: &str = "Alex Morgan";
const PROFESSIONAL_NUMBER: u32 = 1;
const CLIENT: &str = "Sam Taylor";

/// How soon the appointment of a new link is, in seconds.
const SOON: u64 = 500;

const NO_LINKS: &str = "this server hands out no links; see --appointments-secret\n";

/// What links begin with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LinkBase(String);

impl FromStr for LinkBase {
    type Err = InvalidBase;

    fn from_str(text: &str) -> Result<Self, InvalidBase> {
        let web = text.starts_with("http://") || text.starts_with("https://");
        // Nothing that could end an attribute or begin a query.
        let plain = text
            .chars()
            .all(|c| c.is_ascii_graphic() && !"\"'<>?#".contains(c));
        if !web || !plain {
            return Err(InvalidBase);
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

/// A text is not the beginning of a link.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidBase;

impl fmt::Display for InvalidBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the beginning of a link such as https://example.org, without query")
    }
}

impl std::error::Error for InvalidBase {}

/// A link for a client, to an appointment of their own.
pub(crate) async fn user_link(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let Some(secret) = &shared.secret else {
        return no_links();
    };
    let now = now();
    let claims = json!({
        "professionalsFullName": PROFESSIONAL,
        "apptDate": (now + SOON) * 1000,
        "uuid": new_uuid(),
        "clientName": CLIENT,
        "iat": now,
        "exp": now + shared.timing.link.as_secs(),
    });
    let token = secret.sign(&claims);
    if let Some(claims) = claims.as_object().cloned().and_then(Claims::read) {
        shared.store.note(claims);
    }
    html(format!(
        "{}/join-video?token={token}",
        base(&shared, &headers)
    ))
}

/// A link for the professional.
pub(crate) async fn professional_link(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
) -> Response {
    let Some(secret) = &shared.secret else {
        return no_links();
    };
    let now = now();
    let token = secret.sign(&json!({
        "fullName": PROFESSIONAL,
        "proId": PROFESSIONAL_NUMBER,
        "iat": now,
        "exp": now + shared.timing.link.as_secs(),
    }));
    let base = base(&shared, &headers);
    let link = format!("{base}/dashboard?token={token}");
    html(format!(
        "<a href=\"{link}\" target=\"_blank\">Link Here</a>"
    ))
}

/// What a token says, to its bearer. Early copies ask with the token in the query.
pub(crate) async fn validate_link(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    let Some(secret) = &shared.secret else {
        return no_links();
    };
    let body = match web::read(body, MAX_BODY_BYTES, shared.timing.body).await {
        Ok(body) => body,
        Err(problem) => return problem,
    };
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let asked = web::parameter(query.as_deref(), "token");
    let token = body["token"].as_str().or(asked.as_deref());
    let Some(token) = token else {
        return web::problem(StatusCode::BAD_REQUEST, "a token is needed");
    };
    match secret.verify(token, now()) {
        Some(claims) => web::reply(&Value::Object(claims)),
        None => web::problem(StatusCode::UNAUTHORIZED, "the token is not good"),
    }
}

fn no_links() -> Response {
    (StatusCode::NOT_FOUND, NO_LINKS).into_response()
}

fn html(body: String) -> Response {
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response()
}

/// What the links begin with: as configured, else as we were called. Only `localhost` is reached
/// without TLS, since nowhere else a page would get a camera.
fn base(shared: &Shared, headers: &HeaderMap) -> String {
    if let Some(LinkBase(base)) = &shared.link_base {
        return base.clone();
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.and_then(|host| host.parse::<Authority>().ok());
    let Some(host) = host.filter(|host| !host.as_str().contains(['@', '"', '\'', '<', '>', '&']))
    else {
        return String::new();
    };
    let local = ["localhost", "127.0.0.1", "[::1]"].contains(&host.host());
    let scheme = if local { "http" } else { "https" };
    format!("{scheme}://{host}")
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
    fn a_uuid_looks_like_one() {
        for _ in 0..100 {
            let uuid = new_uuid();
            let parts = uuid.split('-').map(str::len);
            assert!(parts.eq([8, 4, 4, 4, 12]), "{uuid}");
            assert_eq!(&uuid[14..15], "4");
            assert!("89ab".contains(&uuid[19..20]), "{uuid}");
        }
    }

    #[test]
    fn a_base_is_the_beginning_of_a_link() {
        let base = |text: &str| text.parse::<LinkBase>();
        assert_eq!(
            base("https://example.org/a/"),
            base("https://example.org/a")
        );
        for text in [
            "",
            "example.org",
            "ftp://x",
            "javascript:x",
            "https://x/?a",
            "https://x\" y",
        ] {
            assert_eq!(base(text), Err(InvalidBase), "{text}");
        }
    }
}
