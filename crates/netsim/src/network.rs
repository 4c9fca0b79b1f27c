//! The network: ports with two lines each, and the packets in transit between them.
//!
//! It is pure: time is an argument, packets are bytes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::line::{Line, Settings};
use crate::nat::{Kind, Nat};
use crate::packet::Header;
use crate::random::Random;

/// Where a machine is connected. A packet goes up from its port to the middle of the network, and
/// down from there to the port with its destination address.
struct Port {
    address: Ipv4Addr,
    up: Line,
    down: Line,
    /// What translates the address, between the lines and the middle of the network.
    nat: Option<Nat>,
}

impl Port {
    /// The address that the rest of the network knows.
    fn public_address(&self) -> Ipv4Addr {
        self.nat.as_ref().map_or(self.address, Nat::outside)
    }
}

/// The direction of a line, seen from the machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Direction {
    Up,
    Down,
}

/// A packet that has arrived at the port with this number.
#[derive(Debug, PartialEq)]
pub(crate) struct Delivery {
    pub(crate) port: usize,
    pub(crate) packet: Vec<u8>,
}

/// A packet on a line. Ordered by arrival time, and by sequence number among equal times.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct InTransit {
    arrives: Duration,
    sequence: u64,
    to: Hop,
    packet: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hop {
    Middle,
    Port(usize),
}

/// All ports, and the packets in transit.
pub(crate) struct Network {
    ports: Vec<Port>,
    in_transit: BinaryHeap<Reverse<InTransit>>,
    next_sequence: u64,
    random: Random,
}

impl Network {
    pub(crate) fn new(addresses: impl IntoIterator<Item = Ipv4Addr>, seed: u64) -> Self {
        let port = |address| Port {
            address,
            up: Line::default(),
            down: Line::default(),
            nat: None,
        };
        Self {
            ports: addresses.into_iter().map(port).collect(),
            in_transit: BinaryHeap::new(),
            next_sequence: 0,
            random: Random::new(seed),
        }
    }

    /// Changes the settings of a line. Unknown ports are ignored.
    pub(crate) fn set(&mut self, port: usize, direction: Direction, settings: Settings) {
        let Some(port) = self.ports.get_mut(port) else {
            return;
        };
        match direction {
            Direction::Up => port.up.set(settings),
            Direction::Down => port.down.set(settings),
        }
    }

    /// Puts a port behind a new NAT with this public address, or none. Unknown ports are ignored.
    pub(crate) fn set_nat(&mut self, port: usize, nat: Option<(Kind, Ipv4Addr)>) {
        if let Some(port) = self.ports.get_mut(port) {
            port.nat = nat.map(|(kind, outside)| Nat::new(kind, port.address, outside));
        }
    }

    /// Takes a packet from the machine at a port. A port drops packets from another address than its
    /// own, so a machine that moves to another port loses its old connections.
    pub(crate) fn send(&mut self, now: Duration, port: usize, packet: Vec<u8>) {
        let Some(Port { address, up, .. }) = self.ports.get_mut(port) else {
            return;
        };
        let own = |header: &Header| header.source == *address;
        let Some(header) = Header::read(&packet).filter(own) else {
            return;
        };
        let arrivals = up.send(now, &header, packet.len(), &mut self.random);
        self.enqueue(arrivals, Hop::Middle, packet);
    }

    /// Returns the next packet that has arrived by `now`.
    pub(crate) fn poll(&mut self, now: Duration) -> Option<Delivery> {
        while self.next_timeout()? <= now {
            let Reverse(next) = self.in_transit.pop()?;
            let InTransit {
                arrives,
                to,
                packet,
                ..
            } = next;
            match to {
                Hop::Middle => self.forward(arrives, packet),
                Hop::Port(port) => return Some(Delivery { port, packet }),
            }
        }
        None
    }

    /// When to call [`Self::poll`] again.
    pub(crate) fn next_timeout(&self) -> Option<Duration> {
        self.in_transit.peek().map(|Reverse(next)| next.arrives)
    }

    /// Carries a packet from one side of the middle to the other.
    fn forward(&mut self, now: Duration, mut packet: Vec<u8>) {
        let Some(port) = self.translate(&mut packet) else {
            return;
        };
        let Some(header) = Header::read(&packet) else {
            return;
        };
        let down = &mut self.ports[port].down;
        let arrivals = down.send(now, &header, packet.len(), &mut self.random);
        self.enqueue(arrivals, Hop::Port(port), packet);
    }

    /// Has the NATs of both ends translate a packet. Returns the port that it is for, if it gets
    /// there.
    fn translate(&mut self, packet: &mut [u8]) -> Option<usize> {
        let source = Header::read(packet)?.source;
        let from = self.ports.iter_mut().find(|port| port.address == source);
        if let Some(nat) = from.and_then(|port| port.nat.as_mut())
            && !nat.outgoing(packet)
        {
            return None;
        }
        let destination = Header::read(packet)?.destination;
        let to = |port: &Port| port.public_address() == destination;
        let to = self.ports.iter().position(to)?;
        let nat = self.ports[to].nat.as_ref();
        nat.is_none_or(|nat| nat.incoming(packet)).then_some(to)
    }

    fn enqueue(&mut self, arrivals: impl Iterator<Item = Duration>, to: Hop, packet: Vec<u8>) {
        for arrives in arrivals {
            self.next_sequence += 1;
            self.in_transit.push(Reverse(InTransit {
                arrives,
                sequence: self.next_sequence,
                to,
                packet: packet.clone(),
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Delivery, Direction, Network};
    use crate::nat::Kind;
    use crate::packet::Header;
    use crate::packet::builder::{packet, udp};
    use std::net::Ipv4Addr;
    use std::time::Duration;

    const A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
    const B: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
    const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 9);

    fn ms(number: u64) -> Duration {
        Duration::from_millis(number)
    }

    /// A network with A at port 0 and B at port 1.
    fn network() -> Network {
        Network::new([A, B], 7)
    }

    fn set(network: &mut Network, port: usize, direction: Direction, settings: &str) {
        network.set(port, direction, serde_json::from_str(settings).unwrap());
    }

    /// All packets that arrive, with their times and ports.
    fn drain(network: &mut Network) -> Vec<(Duration, usize, Vec<u8>)> {
        let mut arrived = Vec::new();
        while let Some(at) = network.next_timeout() {
            while let Some(Delivery { port, packet }) = network.poll(at) {
                arrived.push((at, port, packet));
            }
        }
        arrived
    }

    #[test]
    fn packet_passes_the_line_up_and_the_line_down() {
        let mut network = network();
        set(&mut network, 0, Direction::Up, r#"{"delay": 10}"#);
        set(&mut network, 1, Direction::Down, r#"{"delay": 5}"#);
        // The lines of the other direction don't matter.
        set(&mut network, 0, Direction::Down, r#"{"blackout": true}"#);
        set(&mut network, 1, Direction::Up, r#"{"blackout": true}"#);
        network.send(ms(1), 0, udp(A, B, 100));
        assert_eq!(network.poll(ms(10)), None);
        assert_eq!(drain(&mut network), [(ms(16), 1, udp(A, B, 100))]);
    }

    #[test]
    fn packets_that_arrive_together_keep_their_order() {
        let mut network = network();
        let packets: Vec<Vec<u8>> = (100..150).map(|length| udp(A, B, length)).collect();
        for packet in &packets {
            network.send(ms(0), 0, packet.clone());
        }
        let arrived = drain(&mut network).into_iter();
        assert_eq!(
            arrived.map(|(.., packet)| packet).collect::<Vec<_>>(),
            packets
        );
    }

    #[test]
    fn a_machine_behind_a_nat_is_reached_by_its_public_address_alone() {
        let mut network = network();
        let public = Ipv4Addr::new(11, 0, 0, 1);
        network.set_nat(0, Some((Kind::Symmetric, public)));
        network.send(ms(0), 0, udp(A, B, 100));
        let arrived = drain(&mut network);
        let request = Header::read(&arrived[0].2).unwrap();
        assert_eq!((arrived.len(), request.source), (1, public));
        let [port, _] = request.ports().unwrap();
        network.send(ms(1), 1, packet(17, B, public, [50_000, port], 100));
        network.send(ms(1), 1, packet(17, B, A, [50_000, 40_000], 100));
        let arrived = drain(&mut network);
        let reply = Header::read(&arrived[0].2).unwrap();
        assert_eq!((arrived.len(), arrived[0].1), (1, 0));
        assert_eq!(
            (reply.destination, reply.ports()),
            (A, Some([50_000, 40_000]))
        );
    }

    #[test]
    fn drops_packets_from_a_foreign_address() {
        let mut network = network();
        network.send(ms(0), 0, udp(B, B, 100));
        assert_eq!(drain(&mut network), []);
    }

    #[test]
    fn drops_packets_to_unknown_addresses_and_other_protocols() {
        let mut network = network();
        network.send(ms(0), 0, udp(A, ELSEWHERE, 100));
        network.send(ms(0), 0, vec![0x60; 40]);
        network.send(ms(0), 9, udp(A, B, 100));
        assert_eq!(drain(&mut network), []);
    }

    #[test]
    fn blackout_does_not_affect_packets_in_transit() {
        let mut network = network();
        set(&mut network, 0, Direction::Up, r#"{"delay": 10}"#);
        network.send(ms(0), 0, udp(A, B, 100));
        set(&mut network, 0, Direction::Up, r#"{"blackout": true}"#);
        network.send(ms(1), 0, udp(A, B, 101));
        set(&mut network, 0, Direction::Up, "{}");
        network.send(ms(2), 0, udp(A, B, 102));
        let arrived = drain(&mut network).into_iter();
        let lengths: Vec<usize> = arrived.map(|(.., packet)| packet.len()).collect();
        assert_eq!(lengths, [102, 100]);
    }
}
