//! Parsing of `Forwarded` (RFC 7239) and of the `X-Forwarded-` headers.

use std::net::{IpAddr, SocketAddr};

use axum::http::header::FORWARDED;
use axum::http::{HeaderMap, HeaderName};

/// What one proxy tells of the request that it received.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Hop {
    /// Who has sent it, if the proxy tells an address.
    pub(crate) address: Option<IpAddr>,
    /// The host that was asked for.
    pub(crate) host: Option<String>,
    /// Whether it came over TLS.
    pub(crate) secure: Option<bool>,
}

/// The elements of all `Forwarded` headers, nearest proxy last.
pub(crate) fn hops_of_forwarded(headers: &HeaderMap) -> Vec<Hop> {
    list(headers, &FORWARDED)
        .iter()
        .map(|element| hop(element))
        .collect()
}

/// The same of the `X-Forwarded-` headers. Only the last host and scheme count: most proxies write one,
/// whatever they were sent.
pub(crate) fn hops_of_x_forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let last = |name| list(headers, &HeaderName::from_static(name)).pop();
    let addresses = list(headers, &HeaderName::from_static("x-forwarded-for"));
    let addresses = addresses.iter().map(|text| address(text));
    let mut hops: Vec<Hop> = addresses
        .map(|address| Hop {
            address,
            ..Hop::default()
        })
        .collect();
    let host = last("x-forwarded-host");
    let secure = last("x-forwarded-proto").as_deref().and_then(is_secure);
    if hops.is_empty() && (host.is_some() || secure.is_some()) {
        hops.push(Hop::default());
    }
    if let Some(nearest) = hops.last_mut() {
        (nearest.host, nearest.secure) = (host, secure);
    }
    hops
}

/// The items of all headers of a name, in order. A comma in quotes separates none.
fn list(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let values = headers.get_all(name).iter();
    let values = values.map(|value| value.to_str().unwrap_or_default());
    values.flat_map(|value| split(value, ',')).collect()
}

fn hop(element: &str) -> Hop {
    let mut hop = Hop::default();
    for pair in split(element, ';') {
        let Some((name, value)) = pair.split_once('=') else {
            continue;
        };
        let value = unquoted(value.trim());
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => hop.address = address(&value),
            "host" => hop.host = Some(value),
            "proto" => hop.secure = is_secure(&value),
            _ => (),
        }
    }
    hop
}

/// Splits outside of quotes.
fn split(text: &str, separator: char) -> Vec<String> {
    let (mut items, mut quoted, mut escaped) = (vec![String::new()], false, false);
    for letter in text.chars() {
        if letter == separator && !quoted {
            items.push(String::new());
            continue;
        }
        quoted ^= letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        if let Some(item) = items.last_mut() {
            item.push(letter);
        }
    }
    let items = items.into_iter().map(|item| item.trim().to_owned());
    items.filter(|item| !item.is_empty()).collect()
}

fn unquoted(value: &str) -> String {
    let inner = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
    inner.map_or_else(|| value.to_owned(), |inner| inner.replace('\\', ""))
}

/// An address with or without a port; `unknown` and hidden names are none.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse().ok();
    let with_port = || Some(text.parse::<SocketAddr>().ok()?.ip());
    Some(address.or_else(with_port)?.to_canonical())
}

fn is_secure(scheme: &str) -> Option<bool> {
    match scheme.to_ascii_lowercase().as_str() {
        "https" | "wss" => Some(true),
        "http" | "ws" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses_with_and_without_port() {
        for (text, expected) in [
            ("192.0.2.7", Some("192.0.2.7")),
            ("192.0.2.7:80", Some("192.0.2.7")),
            ("2001:db8::7", Some("2001:db8::7")),
            ("[2001:db8::7]", Some("2001:db8::7")),
            ("[2001:db8::7]:80", Some("2001:db8::7")),
            ("::ffff:192.0.2.7", Some("192.0.2.7")),
            ("unknown", None),
            ("_hidden", None),
            ("", None),
        ] {
            let expected = expected.map(|text| text.parse().unwrap());
            assert_eq!(address(text), expected, "{text}");
        }
    }

    #[test]
    fn separators_in_quotes_separate_nothing() {
        assert_eq!(split("a=\"1,2\", b", ','), ["a=\"1,2\"", "b"]);
        assert_eq!(split(r#"a="\",", b"#, ','), [r#"a="\",""#, "b"]);
        assert_eq!(split(" , ,", ','), [""; 0]);
        let hop = hop("for=\"[2001:db8::7]:1\";by=x;host=\"a:1\"");
        assert_eq!(hop.address, Some("2001:db8::7".parse().unwrap()));
        assert_eq!(hop.host.as_deref(), Some("a:1"));
    }
}
