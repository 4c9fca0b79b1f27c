//! Which addresses a relay may exchange packets with.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;

/// The rules for the peers of all relays of a server.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    /// The address that relays have for the rest of the world.
    pub(crate) external: IpAddr,
    /// The address that their sockets are bound to.
    pub(crate) local: IpAddr,
    pub(crate) ports: RangeInclusive<u16>,
    pub(crate) allow_private: bool,
}

impl Reach {
    /// Whether a relay may have a permission for this address.
    pub(crate) fn permits(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        peer == self.external || !is_unusable(peer) && (self.allow_private || !is_private(peer))
    }

    /// Where to send a packet for a peer; `None` if it must not be sent.
    ///
    /// Relays of this server reach each other directly: the NAT in front of a server may not send its
    /// own packets back to it. Nothing else of this machine is reached at its external address.
    pub(crate) fn outgoing(&self, peer: SocketAddr) -> Option<SocketAddr> {
        if peer.port() == 0 || !self.permits(peer.ip()) {
            return None;
        }
        if peer.ip().to_canonical() != self.external {
            return Some(peer);
        }
        if self.ports.contains(&peer.port()) {
            return Some(SocketAddr::new(self.loopback(), peer.port()));
        }
        self.allow_private.then_some(peer)
    }

    /// The peer that a received packet is from, by the address that the client knows.
    pub(crate) fn incoming(&self, from: SocketAddr) -> SocketAddr {
        let ip = from.ip().to_canonical();
        match ip == self.loopback() && self.ports.contains(&from.port()) {
            true => SocketAddr::new(self.external, from.port()),
            false => SocketAddr::new(ip, from.port()),
        }
    }

    /// The address at which the relays of this machine reach each other.
    fn loopback(&self) -> IpAddr {
        match self.local {
            local if !local.is_unspecified() => local,
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        }
    }
}

/// Whether an address never is that of one peer: multicast, broadcast, unspecified.
fn is_unusable(ip: IpAddr) -> bool {
    ip.is_unspecified() || ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST)
}

/// Whether an address is not one of the public Internet
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>, and the same for IPv6).
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_private_v4(ip),
        IpAddr::V6(ip) => embedded_v4(ip).map_or_else(
            || is_private_v6(ip),
            |ip| is_unusable(ip.into()) || is_private_v4(ip),
        ),
    }
}

fn is_private_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && b & 0xc0 == 64)
        || (a == 198 && b & 0xfe == 18)
        || (a, b, c) == (192, 0, 0)
}

fn is_private_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    // Only 2000::/3 is given out. 2001:db8::/32 is for documentation, 2001::/32 for Teredo.
    a & 0xe000 != 0x2000 || (a, b) == (0x2001, 0xdb8) || (a, b) == (0x2001, 0)
}

/// The IPv4 address that a gateway makes of an IPv6 one: NAT64 (RFC 6052) and 6to4 (RFC 3056).
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let bytes = ip.octets();
    let at = |from: usize| {
        Ipv4Addr::new(
            bytes[from],
            bytes[from + 1],
            bytes[from + 2],
            bytes[from + 3],
        )
    };
    match ip.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(at(12)),
        [0x2002, ..] => Some(at(2)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(local: &str, allow_private: bool) -> Reach {
        Reach {
            external: "198.51.101.7".parse().unwrap(),
            local: local.parse().unwrap(),
            ports: 50_000..=50_099,
            allow_private,
        }
    }

    fn outgoing(reach: &Reach, peer: &str) -> Option<String> {
        reach
            .outgoing(peer.parse().unwrap())
            .map(|to| to.to_string())
    }

    #[test]
    fn only_public_addresses_are_reached() {
        let internet = reach("0.0.0.0", false);
        for peer in [
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1",
            "64:ff9b::808:808",
            "::ffff:8.8.8.8",
        ] {
            assert!(internet.permits(peer.parse().unwrap()), "{peer}");
        }
        for peer in [
            "0.0.0.0",
            "10.0.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "239.1.2.3",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a00:1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2002:a00:1::",
            "64:ff9b::e000:1",
        ] {
            assert!(!internet.permits(peer.parse().unwrap()), "{peer}");
        }
    }

    #[test]
    fn private_addresses_are_reached_where_allowed_but_no_multicast() {
        let lan = reach("0.0.0.0", true);
        for peer in ["10.0.0.1", "127.0.0.1", "fe80::1", "::1"] {
            assert!(lan.permits(peer.parse().unwrap()), "{peer}");
        }
        for peer in ["0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "ff02::1"] {
            assert!(!lan.permits(peer.parse().unwrap()), "{peer}");
        }
    }

    #[test]
    fn relays_reach_each_other_without_the_nat_in_front_of_them() {
        let behind_nat = reach("10.1.2.3", false);
        let (other, local) = ("198.51.101.7:50042", "10.1.2.3:50042");
        assert_eq!(outgoing(&behind_nat, other).as_deref(), Some(local));
        assert_eq!(
            behind_nat.incoming(local.parse().unwrap()),
            other.parse().unwrap()
        );
        let everywhere = reach("0.0.0.0", false);
        assert_eq!(
            outgoing(&everywhere, other).as_deref(),
            Some("127.0.0.1:50042")
        );
    }

    #[test]
    fn nothing_else_of_the_machine_is_reached() {
        let internet = reach("10.1.2.3", false);
        for peer in [
            "198.51.101.7:22",
            "198.51.101.7:8080",
            "198.51.101.7:50100",
            "[::ffff:198.51.101.7]:22",
            "10.1.2.3:50042",
        ] {
            assert_eq!(outgoing(&internet, peer), None, "{peer}");
        }
        let someone = "203.0.114.5:50042".parse().unwrap();
        assert_eq!(internet.incoming(someone), someone);
        assert_eq!(outgoing(&internet, "8.8.8.8:0"), None);
    }
}
