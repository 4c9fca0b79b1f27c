//! Network address translation between a machine and the rest of the network (RFC 4787).
//!
//! Mappings do not expire: no test lasts that long.

use std::net::{Ipv4Addr, SocketAddrV4};

use serde::Deserialize;

use crate::packet::{End, Header, rewrite};

/// The first port that is given out.
const FIRST_PORT: u16 = 20_000;

/// How a NAT maps and filters.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// One public port for each port of the machine; packets come in only from addresses and ports
    /// that the machine has sent to.
    PortRestricted,
    /// A public port of its own for each address and port that the machine sends to.
    Symmetric,
}

/// A NAT in front of one machine.
#[derive(Clone, Debug)]
pub(crate) struct Nat {
    kind: Kind,
    inside: Ipv4Addr,
    outside: Ipv4Addr,
    mappings: Vec<Mapping>,
    next_port: u16,
}

#[derive(Clone, Debug)]
struct Mapping {
    protocol: u8,
    inside: u16,
    outside: u16,
    /// Whom the machine has sent to by it.
    remotes: Vec<SocketAddrV4>,
}

impl Nat {
    pub(crate) fn new(kind: Kind, inside: Ipv4Addr, outside: Ipv4Addr) -> Self {
        Self {
            kind,
            inside,
            outside,
            mappings: Vec::new(),
            next_port: FIRST_PORT,
        }
    }

    pub(crate) fn outside(&self) -> Ipv4Addr {
        self.outside
    }

    /// Translates a packet of the machine. Returns whether it goes on.
    pub(crate) fn outgoing(&mut self, packet: &mut [u8]) -> bool {
        let Some((protocol, source, destination)) = ends(packet) else {
            return false;
        };
        let outside = self.outside;
        let mapping = self.mapping(protocol, source.port(), destination);
        if !mapping.remotes.contains(&destination) {
            mapping.remotes.push(destination);
        }
        let outside = SocketAddrV4::new(outside, mapping.outside);
        rewrite(packet, End::Source, outside);
        true
    }

    /// Translates a packet for the machine. Returns whether it may come in.
    pub(crate) fn incoming(&self, packet: &mut [u8]) -> bool {
        let Some((protocol, source, destination)) = ends(packet) else {
            return false;
        };
        let found = self.mappings.iter().find(|mapping| {
            mapping.protocol == protocol
                && mapping.outside == destination.port()
                && mapping.remotes.contains(&source)
        });
        if let Some(mapping) = found {
            let inside = SocketAddrV4::new(self.inside, mapping.inside);
            rewrite(packet, End::Destination, inside);
        }
        found.is_some()
    }

    fn mapping(&mut self, protocol: u8, inside: u16, remote: SocketAddrV4) -> &mut Mapping {
        let kind = self.kind;
        let known = self.mappings.iter().position(|mapping| {
            let is_same = mapping.protocol == protocol && mapping.inside == inside;
            is_same && (kind == Kind::PortRestricted || mapping.remotes.contains(&remote))
        });
        let index = known.unwrap_or_else(|| {
            self.mappings.push(Mapping {
                protocol,
                inside,
                outside: self.next_port,
                remotes: Vec::new(),
            });
            self.next_port += 1;
            self.mappings.len() - 1
        });
        &mut self.mappings[index]
    }
}

/// The protocol, source and destination of a packet with ports.
fn ends(packet: &[u8]) -> Option<(u8, SocketAddrV4, SocketAddrV4)> {
    let header = Header::read(packet)?;
    let [source, destination] = header.ports()?;
    Some((
        header.protocol(),
        SocketAddrV4::new(header.source, source),
        SocketAddrV4::new(header.destination, destination),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::builder;

    const INSIDE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
    const OUTSIDE: Ipv4Addr = Ipv4Addr::new(11, 0, 0, 1);
    const ONE: Ipv4Addr = Ipv4Addr::new(12, 0, 0, 1);
    const OTHER: Ipv4Addr = Ipv4Addr::new(12, 0, 0, 2);

    /// The public port of a packet from port 5000 of the machine to port 80.
    fn sent(nat: &mut Nat, to: Ipv4Addr) -> u16 {
        let mut packet = builder::packet(17, INSIDE, to, [5000, 80], 40);
        assert!(nat.outgoing(&mut packet));
        let (_, source, _) = ends(&packet).unwrap();
        assert_eq!(*source.ip(), OUTSIDE);
        source.port()
    }

    /// The destination inside of a packet to a public port; nothing if it is dropped.
    fn received(nat: &Nat, from: Ipv4Addr, ports: [u16; 2]) -> Option<SocketAddrV4> {
        let mut packet = builder::packet(17, from, OUTSIDE, ports, 40);
        nat.incoming(&mut packet).then(|| ends(&packet).unwrap().2)
    }

    #[test]
    fn port_restricted_nat_has_one_public_port_and_admits_who_was_sent_to() {
        let mut nat = Nat::new(Kind::PortRestricted, INSIDE, OUTSIDE);
        let port = sent(&mut nat, ONE);
        assert_eq!(
            received(&nat, ONE, [80, port]),
            Some(SocketAddrV4::new(INSIDE, 5000))
        );
        assert_eq!(received(&nat, ONE, [81, port]), None);
        assert_eq!(received(&nat, OTHER, [80, port]), None);
        assert_eq!(sent(&mut nat, OTHER), port);
        assert!(received(&nat, OTHER, [80, port]).is_some());
    }

    #[test]
    fn symmetric_nat_has_a_public_port_for_each_peer() {
        let mut nat = Nat::new(Kind::Symmetric, INSIDE, OUTSIDE);
        let (one, other) = (sent(&mut nat, ONE), sent(&mut nat, OTHER));
        assert_ne!(one, other);
        assert_eq!(sent(&mut nat, ONE), one);
        assert!(received(&nat, ONE, [80, one]).is_some());
        assert_eq!(received(&nat, OTHER, [80, one]), None);
    }
}
