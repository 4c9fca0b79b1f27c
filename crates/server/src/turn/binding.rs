use std::net::SocketAddr;

use turn_server_proto::api::{Transmit, TurnServerApi as _};
use turn_server_proto::server::TurnServer;
use turn_server_proto::stun::Instant as Time;
use turn_server_proto::stun::types::TransportType;

use crate::turn::quiet::quiet;
use crate::turn::rules::Rules;

/// The first two bytes of a Binding request (RFC 8489 section 5).
const BINDING_REQUEST: [u8; 2] = [0, 1];

/// Answers Binding requests, which is all of STUN, without remembering anything of the client.
pub(crate) struct Binding {
    protocol: TurnServer,
    listen: SocketAddr,
}

impl Binding {
    pub(crate) fn new(listen: SocketAddr) -> Self {
        Self {
            protocol: TurnServer::new(TransportType::Udp, listen, Rules::REALM.to_owned()),
            listen,
        }
    }

    /// The reply, if the datagram is a Binding request.
    pub(crate) fn reply(&mut self, datagram: &[u8], client: SocketAddr) -> Option<Vec<u8>> {
        if !datagram.starts_with(&BINDING_REQUEST) {
            return None;
        }
        let transmit = Transmit::new(datagram, TransportType::Udp, client, self.listen);
        quiet(|| {
            let reply = self.protocol.recv(transmit, Time::from_nanos(0))?;
            Some(reply.build().data)
        })
    }
}
