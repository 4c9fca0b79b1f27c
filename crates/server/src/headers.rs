use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::Next;
use axum::response::Response;

/// `'self'` covers `ws:` and `wss:` of the same host and port in Chromium 71, Firefox 63, Safari 16
/// and later (<https://www.w3.org/TR/CSP3/#match-url-to-source-expression>).
macro_rules! policy {
    ($connect:literal) => {
        concat!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; ",
            "img-src 'self' data:; media-src 'self' blob: mediastream:; connect-src ",
            $connect,
            "; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; ",
            "frame-ancestors 'none'; require-trusted-types-for 'script'"
        )
    };
}

/// The app connects to its own server only.
const APP_POLICY: &str = policy!("'self'");
/// An example lets a developer type the address of another signaling server.
const EXAMPLE_POLICY: &str = policy!("'self' ws: wss:");

const PERMISSIONS: &str = "camera=(self), microphone=(self), display-capture=(self), \
     autoplay=(self), fullscreen=(self), geolocation=(), usb=(), payment=()";

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Adds the security headers to every response.
pub(crate) async fn protect(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let shareable = path.starts_with("/videocalls/");
    let example = path.starts_with("/examples/");
    let mut response = next.run(request).await;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return response;
    }
    let content = if example { EXAMPLE_POLICY } else { APP_POLICY };
    let resource = if shareable {
        "cross-origin"
    } else {
        "same-origin"
    };
    let mut set = |name, value| {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    };
    set(CONTENT_SECURITY_POLICY, content);
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
