//! What has to be known of an IPv4 packet: whence, whither, and of what kind.

use std::net::Ipv4Addr;

use serde::Deserialize;

/// The head of a packet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Head {
    pub(crate) source: Ipv4Addr,
    pub(crate) destination: Ipv4Addr,
    protocol: u8,
    /// Of source and destination, where the protocol has ports and this is no later fragment.
    ports: Option<[u16; 2]>,
}

/// Which packets something applies to.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    protocol: Protocol,
    /// At either end; without it any.
    port: Option<u16>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Protocol {
    Tcp,
    Udp,
}

impl Head {
    /// Reads the head; nothing if this is no whole IPv4 packet (IPv6 above all).
    pub(crate) fn read(packet: &[u8]) -> Option<Self> {
        let first = *packet.first()?;
        let length = usize::from(first & 0x0f) * 4;
        if first >> 4 != 4 || length < 20 {
            return None;
        }
        let rest = packet.get(length..)?;
        Some(Self {
            source: address(packet, 12)?,
            destination: address(packet, 16)?,
            protocol: *packet.get(9)?,
            ports: ports(packet, rest),
        })
    }
}

impl Filter {
    pub(crate) fn applies(self, head: &Head) -> bool {
        let right_port = self
            .port
            .is_none_or(|port| head.ports.is_some_and(|ports| ports.contains(&port)));
        head.protocol == self.protocol.number() && right_port
    }
}

impl Protocol {
    /// <https://www.iana.org/assignments/protocol-numbers>
    fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
        }
    }
}

fn address(packet: &[u8], at: usize) -> Option<Ipv4Addr> {
    let bytes: [u8; 4] = packet.get(at..at + 4)?.try_into().ok()?;
    Some(bytes.into())
}

fn ports(packet: &[u8], rest: &[u8]) -> Option<[u16; 2]> {
    let fragment = number(packet, 6)? & 0x1fff;
    if fragment != 0 {
        return None;
    }
    Some([number(rest, 0)?, number(rest, 2)?])
}

fn number(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes: [u8; 2] = bytes.get(at..at + 2)?.try_into().ok()?;
    Some(u16::from_be_bytes(bytes))
}

/// Packets for tests.
#[cfg(test)]
pub(crate) mod made {
    use std::net::Ipv4Addr;

    /// A UDP packet of `length` bytes, or of a head at least.
    pub(crate) fn udp(source: Ipv4Addr, destination: Ipv4Addr, length: usize) -> Vec<u8> {
        packet(17, source, destination, [40_000, 50_000], length)
    }

    pub(crate) fn packet(
        protocol: u8,
        source: Ipv4Addr,
        destination: Ipv4Addr,
        ports: [u16; 2],
        length: usize,
    ) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0];
        packet.extend(source.octets());
        packet.extend(destination.octets());
        packet.extend(ports.iter().flat_map(|port| port.to_be_bytes()));
        packet.resize(length.max(packet.len()), 0);
        packet
    }
}

#[cfg(test)]
mod tests {
    use super::made::{packet, udp};
    use super::{Filter, Head, Protocol};
    use std::net::Ipv4Addr;

    const A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
    const B: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

    fn filter(protocol: Protocol, port: Option<u16>) -> Filter {
        Filter { protocol, port }
    }

    #[test]
    fn a_head_tells_whence_and_whither() {
        let head = Head::read(&udp(A, B, 100)).unwrap();
        assert_eq!((head.source, head.destination), (A, B));
    }

    #[test]
    fn what_is_not_ipv4_has_no_head() {
        let mut six = udp(A, B, 100);
        six[0] = 0x60;
        assert_eq!(Head::read(&six), None);
        assert_eq!(Head::read(&[]), None);
        assert_eq!(Head::read(&udp(A, B, 0)[..19]), None);
    }

    #[test]
    fn a_filter_asks_for_the_protocol_and_for_a_port_at_either_end() {
        let head = |protocol, ports| Head::read(&packet(protocol, A, B, ports, 0)).unwrap();
        assert!(filter(Protocol::Tcp, None).applies(&head(6, [1, 2])));
        assert!(!filter(Protocol::Tcp, None).applies(&head(17, [1, 2])));
        assert!(filter(Protocol::Tcp, Some(8080)).applies(&head(6, [8080, 2])));
        assert!(filter(Protocol::Tcp, Some(8080)).applies(&head(6, [1, 8080])));
        assert!(!filter(Protocol::Tcp, Some(8080)).applies(&head(6, [1, 2])));
        assert!(!filter(Protocol::Tcp, Some(8080)).applies(&head(17, [1, 8080])));
    }

    #[test]
    fn a_later_fragment_has_no_ports() {
        let mut later = packet(17, A, B, [8080, 8080], 0);
        later[7] = 1;
        let head = Head::read(&later).unwrap();
        assert!(!filter(Protocol::Udp, Some(8080)).applies(&head));
        assert!(filter(Protocol::Udp, None).applies(&head));
    }
}
