use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::Next;
use axum::response::Response;

use crate::frame::FrameAncestor;

/// `'self'` covers `ws:` and `wss:` of the same host and port in Chromium 71, Firefox 63, Safari 16
/// and later (<https://www.w3.org/TR/CSP3/#match-url-to-source-expression>).
fn policy(connect: &str, frame_ancestors: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; media-src 'self' blob: mediastream:; connect-src {connect}; \
         worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors {frame_ancestors}; require-trusted-types-for 'script'"
    )
}

const PERMISSIONS: &str = "camera=(self), microphone=(self), display-capture=(self), \
     autoplay=(self), fullscreen=(self), geolocation=(), usb=(), payment=()";

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The content security policies of a server.
#[derive(Clone)]
pub(crate) struct Policies {
    /// The app connects to its own server only.
    app: HeaderValue,
    /// An example lets a developer type the address of another signaling server.
    example: HeaderValue,
}

impl Policies {
    /// Lets pages of these origins show the app in a frame.
    pub(crate) fn new(frame_ancestors: &[FrameAncestor]) -> Self {
        let ancestors: Vec<_> = frame_ancestors.iter().map(ToString::to_string).collect();
        let ancestors = match ancestors.is_empty() {
            true => "'none'".to_owned(),
            false => ancestors.join(" "),
        };
        // Origins have no character that a header must not have.
        let value = |connect| HeaderValue::try_from(policy(connect, &ancestors));
        let strict = || HeaderValue::from_static("default-src 'none'");
        Self {
            app: value("'self'").unwrap_or_else(|_| strict()),
            example: value("'self' ws: wss:").unwrap_or_else(|_| strict()),
        }
    }
}

/// Adds the security headers to every response.
pub(crate) async fn protect(
    State(policies): State<Policies>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let shareable = path.starts_with("/videocalls/");
    let example = path.starts_with("/examples/");
    let mut response = next.run(request).await;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return response;
    }
    let policy = match example {
        true => policies.example,
        false => policies.app,
    };
    let resource = if shareable {
        "cross-origin"
    } else {
        "same-origin"
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(PERMISSIONS_POLICY, PERMISSIONS);
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(REFERRER_POLICY, "no-referrer");
    set(OPENER_POLICY, "same-origin");
    set(RESOURCE_POLICY, resource);
    if shareable {
        set(ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    }
    response
}
