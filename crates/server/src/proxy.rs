//! Requests that arrive through a reverse proxy: who has sent them, and to which host.
//!
//! A proxy tells both in `Forwarded` (RFC 7239) or `X-Forwarded-For`, `-Host` and `-Proto`. Anyone can
//! send these, so they count only from the proxies that the operator has named, and nothing behind
//! this module sees them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use axum::http::header::{FORWARDED, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;

use crate::forwarded::{Hop, hops_of_forwarded, hops_of_x_forwarded};

pub(crate) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(crate) const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
pub(crate) const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Addresses of reverse proxies: a network (`10.1.0.0/16`), one address, or `loopback`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProxyRange(Vec<IpNet>);

impl FromStr for ProxyRange {
    type Err = InvalidProxyRange;

    fn from_str(text: &str) -> Result<Self, InvalidProxyRange> {
        let network = |text: &str| {
            let network = text.parse().ok();
            network.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
        };
        let texts: &[&str] = match text {
            "loopback" => &["127.0.0.0/8", "::1/128"],
            text => &[text],
        };
        let networks: Option<_> = texts.iter().copied().map(network).collect();
        networks.map(Self).ok_or(InvalidProxyRange)
    }
}

/// A text does not name the addresses of proxies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidProxyRange;

impl fmt::Display for InvalidProxyRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a network such as 10.1.0.0/16, an address, or `loopback`")
    }
}

impl std::error::Error for InvalidProxyRange {}

/// Who has opened a connection to the server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Peer {
    Address(IpAddr),
    /// A program that may open the Unix socket of the server, which is a proxy.
    Unix,
}

/// Who has sent a request, as far as trusted proxies tell. It is an extension of each request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Visitor {
    /// The address, or nothing if a trusted proxy does not tell it.
    pub address: Option<IpAddr>,
    /// Whether the request was sent over TLS, or nothing if that is unknown.
    pub secure: Option<bool>,
}

/// The proxies that the operator has named.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    pub(crate) fn new(ranges: &[ProxyRange]) -> Self {
        Self(ranges.iter().flat_map(|range| &range.0).copied().collect())
    }

    /// Whether a connection is that of a proxy, whose clients share it.
    pub(crate) fn trusts(&self, peer: Peer) -> bool {
        match peer {
            Peer::Address(address) => self.contains(address),
            Peer::Unix => true,
        }
    }

    /// Finds out who has sent a request. Sets `Host` to what the client has asked for, and removes
    /// what proxies have added.
    pub(crate) fn resolve(&self, peer: Peer, headers: &mut HeaderMap) -> Visitor {
        let own = match peer {
            Peer::Address(address) => address.to_canonical(),
            Peer::Unix => Ipv4Addr::UNSPECIFIED.into(),
        };
        let hops = self.trusts(peer).then(|| hops(headers));
        for name in [
            FORWARDED,
            X_FORWARDED_FOR,
            X_FORWARDED_HOST,
            X_FORWARDED_PROTO,
        ] {
            headers.remove(name);
        }
        let (address, hops) = match hops {
            Some(Ok(hops)) => (None, hops),
            // The proxy is taken for the client.
            Some(Err(Contradiction)) | None => (Some(own), Vec::new()),
        };
        let secure = None;
        let mut visitor = Visitor { address, secure };
        // The last hop was added by the peer, the one before by the proxy that the last one names.
        for hop in hops.into_iter().rev() {
            if let Some(host) = hop.host.as_deref().and_then(host) {
                headers.insert(HOST, host);
            }
            visitor.secure = hop.secure.or(visitor.secure);
            visitor.address = hop.address;
            if !hop.address.is_some_and(|address| self.contains(address)) {
                break;
            }
        }
        visitor
    }

    fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// `Forwarded` and `X-Forwarded-For` name different addresses. A proxy that writes one of them may
/// pass the other on as the client has sent it.
struct Contradiction;

/// What the proxies of a request have added, nearest last.
fn hops(headers: &HeaderMap) -> Result<Vec<Hop>, Contradiction> {
    let forwarded = hops_of_forwarded(headers);
    let x_forwarded = hops_of_x_forwarded(headers);
    if forwarded.is_empty() {
        return Ok(x_forwarded);
    }
    let addresses = |hops: &[Hop]| hops.iter().map(|hop| hop.address).collect::<Vec<_>>();
    if x_forwarded.is_empty() || addresses(&forwarded) == addresses(&x_forwarded) {
        return Ok(forwarded);
    }
    Err(Contradiction)
}

fn host(text: &str) -> Option<HeaderValue> {
    let authority: Authority = text.parse().ok()?;
    (!authority.as_str().contains('@')).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusted() -> TrustedProxies {
        TrustedProxies::new(&["loopback", "10.0.0.0/8"].map(|range| range.parse().unwrap()))
    }

    /// The address and the host of a request with these headers, from this peer.
    fn resolved(peer: &str, pairs: &[(&'static str, &str)]) -> (String, String, Option<bool>) {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, "upstream:8080".parse().unwrap());
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        let peer = Peer::Address(peer.parse().unwrap());
        let visitor = trusted().resolve(peer, &mut headers);
        assert_eq!(headers.len(), 1, "{headers:?}");
        let address = visitor.address.map(|address| address.to_string());
        let host = headers[HOST].to_str().unwrap().to_owned();
        (address.unwrap_or_default(), host, visitor.secure)
    }

    #[test]
    fn trusted_proxy_names_client_and_host() {
        for pairs in [
            &[
                ("x-forwarded-for", "192.0.2.7"),
                ("x-forwarded-host", "calls.example"),
                ("x-forwarded-proto", "https"),
            ][..],
            &[("forwarded", "for=192.0.2.7;host=calls.example; Proto=https")],
            &[(
                "forwarded",
                "for=\"192.0.2.7:1234\";host=\"calls.example\";proto=https",
            )],
            &[
                ("x-forwarded-for", "192.0.2.7"),
                ("forwarded", "for=192.0.2.7;host=calls.example;proto=https"),
            ],
        ] {
            let expected = ("192.0.2.7".into(), "calls.example".into(), Some(true));
            assert_eq!(resolved("127.0.0.1", pairs), expected, "{pairs:?}");
            assert_eq!(resolved("::ffff:10.1.2.3", pairs), expected, "{pairs:?}");
        }
    }

    #[test]
    fn headers_of_others_are_ignored_and_removed() {
        let pairs = [
            ("x-forwarded-for", "192.0.2.7"),
            ("x-forwarded-host", "calls.example"),
            ("forwarded", "for=192.0.2.7;host=calls.example"),
        ];
        assert_eq!(
            resolved("203.0.113.9", &pairs),
            ("203.0.113.9".into(), "upstream:8080".into(), None)
        );
    }

    #[test]
    fn client_of_a_chain_is_the_nearest_that_is_no_proxy() {
        for (chain, client) in [
            ("203.0.113.9, 192.0.2.7, 10.0.0.2", "192.0.2.7"),
            ("192.0.2.7", "192.0.2.7"),
            ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("192.0.2.7, unknown", ""),
            ("2001:db8::7, 10.0.0.2", "2001:db8::7"),
            ("[2001:db8::7]:99, 10.0.0.2:1", "2001:db8::7"),
        ] {
            let pairs = [("x-forwarded-for", chain)];
            assert_eq!(resolved("127.0.0.1", &pairs).0, client, "{chain}");
        }
        let forwarded = [
            (
                "forwarded",
                "for=203.0.113.9;host=forged, for=192.0.2.7;host=real",
            ),
            ("forwarded", "for=10.0.0.2;host=inner"),
        ];
        let (client, host, _) = resolved("127.0.0.1", &forwarded);
        assert_eq!((client.as_str(), host.as_str()), ("192.0.2.7", "real"));
    }

    #[test]
    fn contradicting_headers_do_not_count() {
        let pairs = [
            ("forwarded", "for=203.0.113.9;host=forged"),
            ("x-forwarded-for", "192.0.2.7"),
        ];
        let expected = ("127.0.0.1".into(), "upstream:8080".into(), None);
        assert_eq!(resolved("127.0.0.1", &pairs), expected);
    }

    #[test]
    fn what_is_no_host_is_not_taken() {
        for host in ["a b", "user@calls.example", "", "\"", "calls.example/x"] {
            let pairs = [("x-forwarded-for", "192.0.2.7"), ("x-forwarded-host", host)];
            assert_eq!(resolved("127.0.0.1", &pairs).1, "upstream:8080", "{host}");
        }
    }

    #[test]
    fn client_of_a_silent_proxy_is_unknown() {
        assert_eq!(resolved("127.0.0.1", &[]).0, "");
        assert_eq!(resolved("192.0.2.7", &[]).0, "192.0.2.7");
    }

    #[test]
    fn unix_socket_belongs_to_a_proxy() {
        let mut headers = HeaderMap::new();
        let nobody = TrustedProxies::default();
        assert_eq!(nobody.resolve(Peer::Unix, &mut headers).address, None);
        headers.insert(X_FORWARDED_FOR, "192.0.2.7".parse().unwrap());
        let client = nobody.resolve(Peer::Unix, &mut headers).address;
        assert_eq!(client, Some("192.0.2.7".parse().unwrap()));
    }

    #[test]
    fn parses_networks_addresses_and_loopback() {
        for text in ["10.0.0.0/8", "192.0.2.1", "::1", "fd00::/8", "loopback"] {
            assert!(text.parse::<ProxyRange>().is_ok(), "{text}");
        }
        for text in ["", "10.0.0.0/33", "localhost", "*", "10.0.0"] {
            assert!(text.parse::<ProxyRange>().is_err(), "{text}");
        }
    }
}
