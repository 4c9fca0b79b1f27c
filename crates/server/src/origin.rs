use std::fmt;
use std::str::FromStr;

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;

/// An origin: scheme, host and port (RFC 6454). Origins are compared as a whole, never by a part.
///
/// Programs with an embedded browser have schemes of their own, such as `capacitor://localhost`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    fn is_local(&self) -> bool {
        self.is_web() && matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "[::1]")
    }

    fn is_web(&self) -> bool {
        default_port(&self.scheme).is_some()
    }

    /// Whether a `Host` header names this origin. Behind a proxy that ends TLS the scheme of the
    /// request is unknown, so the default port is that of the origin's scheme.
    fn is_host(&self, host: &str) -> bool {
        let is_host = |(host, port): (String, Option<u16>)| {
            host == self.host && port.or(default_port(&self.scheme)) == self.port
        };
        self.is_web() && split(host).is_some_and(is_host)
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let (scheme, authority) = text.split_once("://").ok_or(InvalidOrigin)?;
        let scheme = scheme.to_ascii_lowercase();
        let in_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.chars().all(in_scheme)
        {
            return Err(InvalidOrigin);
        }
        let (host, port) = split(authority).ok_or(InvalidOrigin)?;
        let port = port.or(default_port(&scheme));
        Ok(Self { scheme, host, port })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        match self
            .port
            .filter(|_| self.port != default_port(&self.scheme))
        {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

/// A text is not an origin such as `https://example.org` or `http://192.0.2.1:8080`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidOrigin;

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an origin such as https://example.org or capacitor://localhost: a scheme, a host, maybe a port, no path")
    }
}

impl std::error::Error for InvalidOrigin {}

/// Whether a request may open a socket: it comes from a page of this server, of localhost or of an
/// allowed origin, or from no page at all.
///
/// A request without an origin is allowed: programs other than browsers can claim any origin, so the
/// check is for the pages of other sites only.
pub(crate) fn admits(allowed: &[Origin], headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    let (origin, more) = (origins.next(), origins.next());
    let Some(origin) = origin else { return true };
    let origin = origin.to_str().ok().and_then(|text| text.parse().ok());
    let Some(origin) = origin.filter(|_: &Origin| more.is_none()) else {
        return false;
    };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    origin.is_local() || allowed.contains(&origin) || host.is_some_and(|host| origin.is_host(host))
}

/// Splits `host[:port]`, with the host in lower case.
fn split(text: &str) -> Option<(String, Option<u16>)> {
    let authority: Authority = text.parse().ok()?;
    let host = authority.host();
    let port = match text.strip_prefix(host)? {
        "" => None,
        port => Some(port.strip_prefix(':')?.parse().ok()?),
    };
    let plain = !host.is_empty() && !host.contains(['*', ';', ',', '\'']);
    plain.then(|| (host.to_ascii_lowercase(), port))
}

/// The default port of the schemes that the web has. Others have no ports.
fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(origin: &str, host: &str) -> bool {
        let allowed = [
            "https://Friend.example".parse().unwrap(),
            "capacitor://localhost".parse().unwrap(),
            "app://.".parse().unwrap(),
        ];
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, origin.parse().unwrap());
        headers.insert(HOST, host.parse().unwrap());
        admits(&allowed, &headers)
    }

    #[test]
    fn admits_the_same_host_and_port() {
        for (origin, host) in [
            ("http://call.example", "call.example"),
            ("http://call.example", "call.example:80"),
            ("https://call.example", "call.example"),
            ("https://call.example:443", "call.example"),
            ("http://CALL.example:8080", "call.EXAMPLE:8080"),
            ("http://[2001:db8::1]:8080", "[2001:db8::1]:8080"),
        ] {
            assert!(admitted(origin, host), "{origin} at {host}");
        }
    }

    #[test]
    fn admits_localhost_and_listed_origins() {
        for origin in [
            "http://localhost:3000",
            "https://LOCALHOST",
            "http://127.0.0.1:1",
            "http://[::1]:8080",
            "https://friend.example",
            "https://friend.example:443",
            "capacitor://localhost",
            "app://.",
        ] {
            assert!(admitted(origin, "call.example"), "{origin}");
        }
    }

    #[test]
    fn refuses_other_origins() {
        for (origin, host) in [
            ("https://evil.example", "call.example"),
            ("http://call.example:8080", "call.example"),
            ("http://call.example", "call.example:8080"),
            ("https://call.example.evil.example", "call.example"),
            ("https://evilcall.example", "call.example"),
            ("http://localhost.evil.example", "call.example"),
            ("http://127.0.0.1.evil.example", "call.example"),
            ("http://friend.example", "call.example"),
            ("https://friend.example:444", "call.example"),
            ("https://friend.example/", "call.example"),
            ("https://friend.example@evil.example", "call.example"),
            ("http://call.example:", "call.example"),
            ("http://call.example:99999", "call.example"),
            ("http://", "call.example"),
            ("ftp://call.example", "call.example"),
            ("ionic://localhost", "localhost"),
            ("capacitor://localhost:1", "call.example"),
            ("app://evil", "call.example"),
            ("app://..", "call.example"),
            ("call.example", "call.example"),
            ("null", "call.example"),
            ("null", "null"),
            ("", "call.example"),
        ] {
            assert!(!admitted(origin, host), "{origin} at {host}");
        }
    }

    #[test]
    fn is_written_as_browsers_write_it() {
        for (text, written) in [
            ("HTTPS://Example.ORG:443", "https://example.org"),
            ("http://[2001:DB8::1]:8080", "http://[2001:db8::1]:8080"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("app://.", "app://."),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().to_string(), written);
        }
    }

    #[test]
    fn refuses_two_origin_headers() {
        let mut headers = HeaderMap::new();
        headers.append(ORIGIN, "http://localhost".parse().unwrap());
        headers.append(ORIGIN, "http://localhost".parse().unwrap());
        assert!(!admits(&[], &headers));
        assert!(admits(&[], &HeaderMap::new()));
    }
}
