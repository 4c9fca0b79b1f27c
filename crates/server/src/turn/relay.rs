use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use tokio::net::UdpSocket;

/// How many ports are tried for one relay.
const TRIES: u16 = 64;

/// Opens the socket of a relay on a port of the range, beginning at a random one: an attacker must
/// not guess the port of a relay.
pub(crate) fn open(ip: IpAddr, ports: &RangeInclusive<u16>) -> io::Result<UdpSocket> {
    let count = (ports.end() - ports.start()).saturating_add(1);
    let first = rand::random::<u16>() % count;
    let tried = (0..TRIES.min(count)).map(|step| {
        let offset = (u32::from(first) + u32::from(step)) % u32::from(count);
        ports.start() + u16::try_from(offset).unwrap_or_default()
    });
    let mut refused = io::Error::from(io::ErrorKind::AddrInUse);
    for port in tried {
        match std::net::UdpSocket::bind(SocketAddr::new(ip, port)) {
            Ok(socket) => {
                socket.set_nonblocking(true)?;
                return UdpSocket::from_std(socket);
            }
            Err(error) => refused = error,
        }
    }
    Err(refused)
}
