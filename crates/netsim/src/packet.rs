//! The fields of an IPv4 packet that the network needs, and filters on them.

use std::net::{Ipv4Addr, SocketAddrV4};

use serde::Deserialize;

/// The header fields of a packet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Header {
    pub(crate) source: Ipv4Addr,
    pub(crate) destination: Ipv4Addr,
    protocol: u8,
    /// The source and destination ports; nothing for later fragments.
    ports: Option<[u16; 2]>,
}

/// Selects packets by protocol and port.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    protocol: Protocol,
    /// The source or destination port; any without it.
    port: Option<u16>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Protocol {
    Tcp,
    Udp,
}

impl Header {
    /// Reads the header of an IPv4 packet. Returns nothing for other packets, such as IPv6.
    pub(crate) fn read(packet: &[u8]) -> Option<Self> {
        let first = *packet.first()?;
        let length = header_length(packet);
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

    pub(crate) fn protocol(&self) -> u8 {
        self.protocol
    }

    /// The source and destination ports; nothing for later fragments.
    pub(crate) fn ports(&self) -> Option<[u16; 2]> {
        self.ports
    }
}

/// An end of a packet's way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    Source,
    Destination,
}

/// Changes the address and port of one end of a packet that has ports, and its checksums.
pub(crate) fn rewrite(packet: &mut [u8], end: End, to: SocketAddrV4) {
    let (address, port) = match end {
        End::Source => (12, 0),
        End::Destination => (16, 2),
    };
    let length = header_length(packet);
    if packet.len() < length + 4 {
        return;
    }
    packet[address..address + 4].copy_from_slice(&to.ip().octets());
    packet[length + port..length + port + 2].copy_from_slice(&to.port().to_be_bytes());
    packet[10..12].fill(0);
    let sum = checksum([&packet[..length]]);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    write_transport_checksum(packet, length);
}

/// Writes the checksum of TCP or UDP, which covers the addresses too (RFC 9293 section 3.1).
fn write_transport_checksum(packet: &mut [u8], length: usize) {
    let protocol = packet[9];
    let at = length
        + if protocol == Protocol::Tcp.number() {
            16
        } else {
            6
        };
    if packet.len() < at + 2 {
        return;
    }
    packet[at..at + 2].fill(0);
    let content = &packet[length..];
    let size = u16::try_from(content.len())
        .unwrap_or_default()
        .to_be_bytes();
    let pseudo = [0, protocol, size[0], size[1]];
    let sum = match checksum([&packet[12..20], &pseudo, content]) {
        // In UDP, zero means that there is no checksum.
        0 => 0xffff,
        sum => sum,
    };
    packet[at..at + 2].copy_from_slice(&sum.to_be_bytes());
}

/// The Internet checksum (RFC 1071). All parts but the last have an even length.
fn checksum<const N: usize>(parts: [&[u8]; N]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let sum: u32 = words
        .map(|word| u32::from(word[0]) << 8 | word.get(1).map_or(0, |low| u32::from(*low)))
        .sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    !u16::try_from(folded).unwrap_or_default()
}

fn header_length(packet: &[u8]) -> usize {
    packet
        .first()
        .map_or(0, |first| usize::from(first & 0x0f) * 4)
}

impl Filter {
    pub(crate) fn matches(self, header: &Header) -> bool {
        let port_matches = self
            .port
            .is_none_or(|port| header.ports.is_some_and(|ports| ports.contains(&port)));
        header.protocol == self.protocol.number() && port_matches
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

/// Builds packets for tests.
#[cfg(test)]
pub(crate) mod builder {
    use std::net::Ipv4Addr;

    /// A UDP packet of `length` bytes, or more if its header is longer.
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
    use super::builder::{packet, udp};
    use super::{End, Filter, Header, Protocol, checksum, rewrite};
    use std::net::{Ipv4Addr, SocketAddrV4};

    const A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
    const B: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

    fn filter(protocol: Protocol, port: Option<u16>) -> Filter {
        Filter { protocol, port }
    }

    #[test]
    fn reads_source_and_destination() {
        let header = Header::read(&udp(A, B, 100)).unwrap();
        assert_eq!((header.source, header.destination), (A, B));
    }

    #[test]
    fn rewritten_packet_has_valid_checksums() {
        for protocol in [6, 17] {
            let mut rewritten = packet(protocol, A, B, [1234, 53], 53);
            rewritten[28..].fill(7);
            rewrite(
                &mut rewritten,
                End::Source,
                SocketAddrV4::new(Ipv4Addr::new(1, 2, 3, 4), 9),
            );
            let header = Header::read(&rewritten).unwrap();
            assert_eq!(
                (header.source, header.ports()),
                (Ipv4Addr::new(1, 2, 3, 4), Some([9, 53]))
            );
            assert_eq!(checksum([&rewritten[..20]]), 0);
            let pseudo = [0, protocol, 0, 33];
            assert_eq!(checksum([&rewritten[12..20], &pseudo, &rewritten[20..]]), 0);
        }
    }

    #[test]
    fn ignores_packets_that_are_not_ipv4() {
        let mut ipv6 = udp(A, B, 100);
        ipv6[0] = 0x60;
        assert_eq!(Header::read(&ipv6), None);
        assert_eq!(Header::read(&[]), None);
        assert_eq!(Header::read(&udp(A, B, 0)[..19]), None);
    }

    #[test]
    fn filter_matches_protocol_and_either_port() {
        let header = |protocol, ports| Header::read(&packet(protocol, A, B, ports, 0)).unwrap();
        assert!(filter(Protocol::Tcp, None).matches(&header(6, [1, 2])));
        assert!(!filter(Protocol::Tcp, None).matches(&header(17, [1, 2])));
        assert!(filter(Protocol::Tcp, Some(8080)).matches(&header(6, [8080, 2])));
        assert!(filter(Protocol::Tcp, Some(8080)).matches(&header(6, [1, 8080])));
        assert!(!filter(Protocol::Tcp, Some(8080)).matches(&header(6, [1, 2])));
        assert!(!filter(Protocol::Tcp, Some(8080)).matches(&header(17, [1, 8080])));
    }

    #[test]
    fn later_fragments_have_no_ports() {
        let mut later = packet(17, A, B, [8080, 8080], 0);
        later[7] = 1;
        let header = Header::read(&later).unwrap();
        assert!(!filter(Protocol::Udp, Some(8080)).matches(&header));
        assert!(filter(Protocol::Udp, None).matches(&header));
    }
}
