//! The network as a whole: ports with two lines each, and packets on their way between them.
//!
//! No clock and no device in here: time is an argument, packets are bytes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::line::{Line, Settings};
use crate::packet::Head;
use crate::random::Random;

/// Where a machine is connected. Everybody reaches everybody: up from a port to the middle of the
/// network, and down from there to the port with the packet's destination.
struct Port {
    address: Ipv4Addr,
    up: Line,
    down: Line,
}

/// Which line of a port.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Direction {
    Up,
    Down,
}

/// A packet that has come out of the network, at the port with this number.
#[derive(Debug, PartialEq)]
pub(crate) struct Delivery {
    pub(crate) port: usize,
    pub(crate) packet: Vec<u8>,
}

/// Ordered by time, and among those of the same time by their turn.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Flight {
    due: Duration,
    turn: u64,
    leg: Leg,
    packet: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Leg {
    ToTheMiddle,
    ToPort(usize),
}

/// All ports, and what is on its way.
pub(crate) struct Network {
    ports: Vec<Port>,
    flights: BinaryHeap<Reverse<Flight>>,
    turn: u64,
    random: Random,
}

impl Network {
    pub(crate) fn new(addresses: impl IntoIterator<Item = Ipv4Addr>, seed: u64) -> Self {
        let port = |address| Port {
            address,
            up: Line::default(),
            down: Line::default(),
        };
        Self {
            ports: addresses.into_iter().map(port).collect(),
            flights: BinaryHeap::new(),
            turn: 0,
            random: Random::new(seed),
        }
    }

    /// Changes a line at once; a port that is not there is nobody's.
    pub(crate) fn set(&mut self, port: usize, direction: Direction, settings: Settings) {
        let Some(port) = self.ports.get_mut(port) else {
            return;
        };
        match direction {
            Direction::Up => port.up.set(settings),
            Direction::Down => port.down.set(settings),
        }
    }

    /// Takes a packet from the machine at a port. A port passes on only what comes from its own
    /// address: who has moved to another port can't go on with the connections of the old one.
    pub(crate) fn send(&mut self, now: Duration, port: usize, packet: Vec<u8>) {
        let Some(Port { address, up, .. }) = self.ports.get_mut(port) else {
            return;
        };
        let Some(head) = Head::read(&packet).filter(|head| head.source == *address) else {
            return;
        };
        let arrivals = up.admit(now, &head, packet.len(), &mut self.random);
        self.fly(arrivals, Leg::ToTheMiddle, packet);
    }

    /// The next packet that has arrived by now.
    pub(crate) fn poll(&mut self, now: Duration) -> Option<Delivery> {
        while self.next_due()? <= now {
            let Reverse(flight) = self.flights.pop()?;
            let Flight {
                due, leg, packet, ..
            } = flight;
            match leg {
                Leg::ToTheMiddle => self.forward(due, packet),
                Leg::ToPort(port) => return Some(Delivery { port, packet }),
            }
        }
        None
    }

    /// When there will be something to poll for.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.flights.peek().map(|Reverse(flight)| flight.due)
    }

    fn forward(&mut self, now: Duration, packet: Vec<u8>) {
        let Some(head) = Head::read(&packet) else {
            return;
        };
        let to_port = |port: &Port| port.address == head.destination;
        let Some(port) = self.ports.iter().position(to_port) else {
            return;
        };
        let down = &mut self.ports[port].down;
        let arrivals = down.admit(now, &head, packet.len(), &mut self.random);
        self.fly(arrivals, Leg::ToPort(port), packet);
    }

    fn fly(&mut self, arrivals: impl Iterator<Item = Duration>, leg: Leg, packet: Vec<u8>) {
        for due in arrivals {
            self.turn += 1;
            self.flights.push(Reverse(Flight {
                due,
                turn: self.turn,
                leg,
                packet: packet.clone(),
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Delivery, Direction, Network};
    use crate::packet::made::udp;
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

    /// All that arrives, with its time.
    fn drain(network: &mut Network) -> Vec<(Duration, usize, Vec<u8>)> {
        let mut arrived = Vec::new();
        while let Some(due) = network.next_due() {
            while let Some(Delivery { port, packet }) = network.poll(due) {
                arrived.push((due, port, packet));
            }
        }
        arrived
    }

    #[test]
    fn a_packet_goes_up_and_down() {
        let mut network = network();
        set(&mut network, 0, Direction::Up, r#"{"delay": 10}"#);
        set(&mut network, 1, Direction::Down, r#"{"delay": 5}"#);
        // The lines of the other direction have no part in it.
        set(&mut network, 0, Direction::Down, r#"{"blackout": true}"#);
        set(&mut network, 1, Direction::Up, r#"{"blackout": true}"#);
        network.send(ms(1), 0, udp(A, B, 100));
        assert_eq!(network.poll(ms(10)), None);
        assert_eq!(drain(&mut network), [(ms(16), 1, udp(A, B, 100))]);
    }

    #[test]
    fn packets_of_one_moment_keep_their_order() {
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
    fn nobody_speaks_with_another_address() {
        let mut network = network();
        network.send(ms(0), 0, udp(B, B, 100));
        assert_eq!(drain(&mut network), []);
    }

    #[test]
    fn what_is_for_nobody_here_or_not_ipv4_is_dropped() {
        let mut network = network();
        network.send(ms(0), 0, udp(A, ELSEWHERE, 100));
        network.send(ms(0), 0, vec![0x60; 40]);
        network.send(ms(0), 9, udp(A, B, 100));
        assert_eq!(drain(&mut network), []);
    }

    #[test]
    fn a_blackout_works_at_once_and_lets_arrive_what_is_on_its_way() {
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
