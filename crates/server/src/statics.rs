//! The files of the app, the package and the examples.

use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION,
    VARY,
};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use crate::assets::{Asset, Assets};

const NOT_BUILT: &str = "The app is not built into this server: run `cargo xtask build`.\n";

/// Answers with a file, a redirect to the path of a directory, or 404.
pub(crate) fn serve(assets: &Assets, uri: &Uri, headers: &HeaderMap) -> Response {
    let Some(path) = plain(uri.path()) else {
        return not_found();
    };
    let file = match path {
        "" => "index.html".to_owned(),
        path if path.ends_with('/') => format!("{path}index.html"),
        path => path.to_owned(),
    };
    if let Some(found) = Found::look_up(assets, &file, headers) {
        return found.into_response(headers);
    }
    if path.is_empty() {
        return (StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT).into_response();
    }
    if assets.read(&format!("{path}/index.html")).is_some() {
        return redirect(path, uri.query());
    }
    not_found()
}

/// A file in the form in which it is sent.
struct Found {
    content_type: &'static str,
    encoding: Encoding,
    asset: Asset,
}

impl Found {
    /// Looks for the smallest form of a file that the client can read.
    fn look_up(assets: &Assets, file: &str, headers: &HeaderMap) -> Option<Self> {
        let plain = assets.read(file)?;
        let accepted = headers
            .get(ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok());
        let packed = |encoding: Encoding| {
            let accepted = accepted.is_some_and(|header| accepts(header, encoding.token()));
            let path = format!("{file}.{}", encoding.suffix());
            accepted
                .then(|| assets.read(&path))
                .flatten()
                .map(|asset| (encoding, asset))
        };
        let (encoding, asset) = packed(Encoding::Brotli)
            .or_else(|| packed(Encoding::Gzip))
            .unwrap_or((Encoding::Identity, plain));
        Some(Self {
            content_type: content_type(file),
            encoding,
            asset,
        })
    }

    fn into_response(self, request: &HeaderMap) -> Response {
        let etag = format!("\"{}\"", self.asset.mark);
        let fresh = request
            .get(IF_NONE_MATCH)
            .and_then(|value| value.to_str().ok());
        let fresh = fresh.is_some_and(|tags| names(tags, &etag));
        let always = [
            (ETAG, etag.as_str()),
            (CACHE_CONTROL, "no-cache"),
            (VARY, "accept-encoding"),
        ];
        if fresh {
            return (StatusCode::NOT_MODIFIED, always).into_response();
        }
        let content_type = [(CONTENT_TYPE, self.content_type)];
        let mut response = (always, content_type, self.asset.bytes).into_response();
        if !matches!(self.encoding, Encoding::Identity) {
            let token = axum::http::HeaderValue::from_static(self.encoding.token());
            response.headers_mut().insert(CONTENT_ENCODING, token);
        }
        response
    }
}

#[derive(Clone, Copy)]
enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

impl Encoding {
    fn token(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gz",
            Self::Identity => "",
        }
    }
}

/// The path without its leading `/`, if it can name a file here: plain names, not hidden, and not one
/// of the compressed forms.
fn plain(path: &str) -> Option<&str> {
    let path = path.strip_prefix('/')?;
    let named = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let hidden = path.split('/').any(|segment| segment.starts_with('.'));
    let packed = path.ends_with(".br") || path.ends_with(".gz");
    (path.chars().all(named)
        && !hidden
        && !packed
        && !path.contains("//")
        && !path.starts_with('/'))
    .then_some(path)
}

/// Whether an `Accept-Encoding` header allows an encoding (RFC 9110 section 12.5.3).
fn accepts(header: &str, token: &str) -> bool {
    let quality = |name: &str| {
        header.split(',').find_map(|item| {
            let (coding, parameters) = item.split_once(';').unwrap_or((item, ""));
            let quality = parameters.trim().strip_prefix("q=").map(str::trim);
            let named = coding.trim().eq_ignore_ascii_case(name);
            named.then(|| quality.is_none_or(|q| q.parse::<f32>().is_ok_and(|q| q > 0.0)))
        })
    };
    quality(token).or_else(|| quality("*")).unwrap_or(false)
}

/// Whether an `If-None-Match` header names this tag; weak tags count (RFC 9110 section 13.1.2).
fn names(tags: &str, etag: &str) -> bool {
    let mut tags = tags.split(',').map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

fn content_type(file: &str) -> &'static str {
    let suffix = file.rsplit_once('.').map_or("", |(_, suffix)| suffix);
    match suffix {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" | "md" | "ts" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Redirects to the same path with a slash. The location is relative: a proxy may have removed a
/// prefix.
fn redirect(path: &str, query: Option<&str>) -> Response {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let folder = path.rsplit('/').next().unwrap_or_default();
    let location = format!("{folder}/{query}");
    (StatusCode::PERMANENT_REDIRECT, [(LOCATION, location)]).into_response()
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "not found\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_only_accepted_encodings() {
        for header in [
            "br",
            "gzip, deflate, br",
            "BR;q=0.1",
            "*",
            "gzip;q=0, *;q=0.5",
        ] {
            assert!(accepts(header, "br"), "{header}");
        }
        for header in [
            "",
            "gzip",
            "br;q=0",
            "br; q=0.0",
            "*;q=0",
            "brotli",
            "*, br;q=0",
        ] {
            assert!(!accepts(header, "br"), "{header}");
        }
    }

    #[test]
    fn accepts_plain_paths_only() {
        for path in [
            "/",
            "/app_bg.wasm",
            "/examples/plain/",
            "/videocalls/videocalls.d.ts",
        ] {
            assert!(plain(path).is_some(), "{path}");
        }
        for path in [
            "/../Cargo.toml",
            "/a/../b",
            "/%2e%2e/b",
            "/.git/config",
            "//evil.example/",
            "/a//b",
            "/app.js.br",
            "/app.js.gz",
            "/a\\b",
            "*",
        ] {
            assert!(plain(path).is_none(), "{path}");
        }
    }

    #[test]
    fn recognizes_etags() {
        assert!(names("\"a\"", "\"a\""));
        assert!(names("W/\"a\", \"b\"", "\"a\""));
        assert!(names("*", "\"a\""));
        assert!(!names("\"b\"", "\"a\""));
    }
}
