//! One client of the TURN server, without sockets and clocks: `turn-server-proto` with our rules for
//! credentials, peers and quotas in front of it.

use std::collections::{BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant, SystemTime};

use turn_server_proto::api::{
    SocketAllocateError, Transmit, TurnServerApi as _, TurnServerPollRet,
};
use turn_server_proto::server::TurnServer;
use turn_server_proto::stun::Instant as Time;
use turn_server_proto::stun::types::TransportType;
use turn_server_proto::stun::types::attribute::{ErrorCode, Username};
use turn_server_proto::stun::types::message::{
    IntegrityAlgorithm, LongTermCredentials, Message, MessageClass, MessageIntegrityCredentials,
    MessageWrite as _, MessageWriteExt as _, MessageWriteVec,
};
use turn_server_proto::types::AddressFamily;
use turn_server_proto::types::attribute::XorPeerAddress;
use turn_server_proto::types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION};
use turn_server_proto::types::stun::prelude::{
    Attribute as _, AttributeFromRaw as _, AttributeStaticType as _,
};

use crate::ice::user_of;
use crate::turn::bandwidth::Bandwidth;
use crate::turn::quiet::quiet;
use crate::turn::quota::{Exceeded, Permit};
use crate::turn::rules::Rules;

/// How long a client may take until it has an allocation, and how long its session is kept after it.
const IDLE: Duration = Duration::from_secs(10);
/// How long a nonce is valid. RFC 8656 section 5 recommends at most an hour.
const NONCE: Duration = Duration::from_secs(600);
/// The protocol's timers expire after their time, not at it.
const MIN_WAIT: Duration = Duration::from_millis(10);
/// How many credentials one client may show. Browsers show one for each connection.
const MAX_USERS: usize = 4;

/// A client, by its address and transport.
pub(crate) struct Session {
    rules: Rules,
    protocol: TurnServer,
    client: SocketAddr,
    listen: SocketAddr,
    /// The user names whose credentials are known to `protocol`.
    users: Vec<MessageIntegrityUser>,
    relay: Option<Relay>,
    actions: VecDeque<Action>,
    /// The beginning of time for `protocol`.
    started: Instant,
    timeout: Instant,
    /// When the session ends unless it has an allocation.
    idle_at: Instant,
}

struct MessageIntegrityUser {
    name: String,
    credentials: MessageIntegrityCredentials,
}

struct Relay {
    address: SocketAddr,
    bandwidth: Bandwidth,
    peers: BTreeSet<IpAddr>,
    _permit: Permit,
}

/// What the owner of a session has to do.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Action {
    /// Send a message to the client.
    ToClient(Vec<u8>),
    /// Send a packet from the relay's socket.
    ToPeer(SocketAddr, Vec<u8>),
    /// Open a UDP socket for a relay, then report it by [`Session::handle_relay`].
    OpenRelay,
    CloseRelay,
}

impl Session {
    pub(crate) fn new(rules: Rules, client: SocketAddr, listen: SocketAddr, now: Instant) -> Self {
        // TCP clients are served like UDP ones, message by message: no TCP relays (RFC 6062).
        let realm = Rules::REALM.to_owned();
        let mut protocol = TurnServer::new(TransportType::Udp, listen, realm);
        protocol.set_nonce_expiry_duration(NONCE);
        Self {
            rules,
            protocol,
            client,
            listen,
            users: Vec::new(),
            relay: None,
            actions: VecDeque::new(),
            started: now,
            timeout: now + IDLE,
            idle_at: now + IDLE,
        }
    }

    /// Handles one message of the client.
    pub(crate) fn handle_client(&mut self, frame: &[u8], now: Instant) {
        if let Ok(message) = Message::from_bytes(frame) {
            self.handle_credentials(&message);
            if let Some(refusal) = self.refusal(&message) {
                return self.actions.push_back(Action::ToClient(refusal));
            }
        }
        let transmit = Transmit::new(frame, TransportType::Udp, self.client, self.listen);
        self.receive(transmit, now);
    }

    /// Handles a packet that the relay's socket has received.
    pub(crate) fn handle_peer(&mut self, from: SocketAddr, packet: &[u8], now: Instant) {
        let from = self.rules.reach.incoming(from);
        if let Some(relay) = &self.relay {
            let transmit = Transmit::new(packet, TransportType::Udp, from, relay.address);
            self.receive(transmit, now);
        }
    }

    /// Reports the port of a relay's new socket, or that there is none.
    pub(crate) fn handle_relay(&mut self, port: Option<u16>, now: Instant) {
        let external = self.rules.reach.external;
        let permit = port.and_then(|_| self.permit().and_then(Result::ok));
        let opened = match (port, permit) {
            (Some(port), Some(permit)) => {
                let address = SocketAddr::new(external, port);
                self.relay = Some(Relay {
                    address,
                    bandwidth: Bandwidth::new(self.rules.limits.bytes_per_second, now),
                    peers: BTreeSet::new(),
                    _permit: permit,
                });
                Ok(address)
            }
            _ => Err(SocketAllocateError::InsufficientCapacity),
        };
        self.answer_allocation(family_of(external), opened, now);
        self.advance(now);
    }

    /// Handles what is due.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.advance(now);
    }

    pub(crate) fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When [`Self::handle_timeout`] is due.
    pub(crate) fn next_timeout(&self) -> Instant {
        match self.relay {
            Some(_) => self.timeout,
            None => self.timeout.min(self.idle_at),
        }
    }

    /// Whether the client has shown valid credentials.
    pub(crate) fn is_authenticated(&self) -> bool {
        !self.users.is_empty()
    }

    /// Whether the client has had no allocation for a while.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.relay.is_none() && now >= self.idle_at
    }

    fn receive(&mut self, transmit: Transmit<&[u8]>, now: Instant) {
        let time = self.time(now);
        let reply = quiet(|| {
            let reply = self.protocol.recv(transmit, time);
            reply.map(|reply| reply.build())
        });
        if let Some(reply) = reply {
            self.send(reply.from, reply.to, reply.data, now);
        }
        self.advance(now);
    }

    /// Lets the protocol go on until there is nothing to do at this time.
    fn advance(&mut self, now: Instant) {
        let time = self.time(now);
        loop {
            match quiet(|| self.protocol.poll(time)) {
                TurnServerPollRet::WaitUntil(until) => {
                    let wait = until.duration_since(time).max(MIN_WAIT);
                    self.timeout = now + wait;
                    break;
                }
                TurnServerPollRet::AllocateSocket { family, .. } => self.allocate(family, now),
                TurnServerPollRet::SocketClose { .. } => {
                    self.relay = None;
                    self.idle_at = now + IDLE;
                    self.actions.push_back(Action::CloseRelay);
                }
                // There are no TCP relays.
                TurnServerPollRet::TcpConnect { .. } | TurnServerPollRet::TcpClose { .. } => (),
            }
        }
        while let Some(reply) = quiet(|| self.protocol.poll_transmit(time)) {
            self.send(reply.from, reply.to, reply.data, now);
        }
    }

    fn allocate(&mut self, family: AddressFamily, now: Instant) {
        if family == family_of(self.rules.reach.external) && self.relay.is_none() {
            self.actions.push_back(Action::OpenRelay);
        } else {
            let unsupported = Err(SocketAllocateError::AddressFamilyNotSupported);
            self.answer_allocation(family, unsupported, now);
        }
    }

    fn answer_allocation(
        &mut self,
        family: AddressFamily,
        opened: Result<SocketAddr, SocketAllocateError>,
        now: Instant,
    ) {
        let (client, listen, time) = (self.client, self.listen, self.time(now));
        quiet(|| {
            let udp = TransportType::Udp;
            self.protocol
                .allocated_socket(udp, listen, client, udp, family, opened, time);
        });
    }

    /// The time in the protocol's form.
    fn time(&self, now: Instant) -> Time {
        let nanos = (now - self.started).as_nanos();
        Time::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    /// Sends what the protocol wants to send: from the relay to a peer, or to the client.
    fn send(&mut self, from: SocketAddr, to: SocketAddr, data: Vec<u8>, now: Instant) {
        let Some(relay) = self.relay.as_mut().filter(|relay| relay.address == from) else {
            return self.send_to_client(data, now);
        };
        if let Some(to) = self.rules.reach.outgoing(to)
            && relay.bandwidth.take(data.len(), now)
        {
            self.actions.push_back(Action::ToPeer(to, data));
        }
    }

    fn send_to_client(&mut self, data: Vec<u8>, now: Instant) {
        let is_data = Message::from_bytes(&data)
            .map_or(true, |message| message.has_class(MessageClass::Indication));
        let within = self
            .relay
            .as_mut()
            .is_none_or(|relay| !is_data || relay.bandwidth.take(data.len(), now));
        if within {
            self.actions.push_back(Action::ToClient(data));
        }
    }

    /// Gives the protocol the password of a user name that is new, if it is one of ours and has not
    /// expired. A name that expires later goes on to be accepted for this client: an allocation
    /// outlives the credentials it was made with.
    fn handle_credentials(&mut self, message: &Message<'_>) {
        let Ok(username) = message.attribute::<Username>() else {
            return;
        };
        let name = username.username();
        if self.users.len() >= MAX_USERS || self.user(name).is_some() {
            return;
        }
        let Some(password) = self.rules.secret.password(name, SystemTime::now()) else {
            return;
        };
        let credentials = LongTermCredentials::new(name.to_owned(), password.clone());
        let credentials =
            MessageIntegrityCredentials::from(credentials.to_key(Rules::REALM.to_owned()));
        if message.validate_integrity(&credentials).is_err() {
            return;
        }
        quiet(|| self.protocol.add_user(name.to_owned(), password));
        self.users.push(MessageIntegrityUser {
            name: name.to_owned(),
            credentials,
        });
    }

    fn user(&self, name: &str) -> Option<&MessageIntegrityUser> {
        self.users.iter().find(|user| user.name == name)
    }

    /// The response to a request that our rules refuse.
    fn refusal(&mut self, message: &Message<'_>) -> Option<Vec<u8>> {
        let username = message.attribute::<Username>().ok()?;
        let user = self.user(username.username())?;
        if !message.has_class(MessageClass::Request)
            || message.validate_integrity(&user.credentials).is_err()
        {
            return None;
        }
        let code = match message.method() {
            ALLOCATE if self.relay.is_none() => match self.permit()? {
                Err(Exceeded::User) => ErrorCode::ALLOCATION_QUOTA_REACHED,
                Err(Exceeded::Server) => ErrorCode::INSUFFICIENT_CAPACITY,
                Ok(_free) => return None,
            },
            CREATE_PERMISSION | CHANNEL_BIND => self.refused_peers(message)?,
            _ => return None,
        };
        let user = self.user(username.username())?;
        respond(message, code, &user.credentials)
    }

    /// Checks the peers of a request for permissions, and remembers them. Returns the error code of
    /// the first that is refused.
    fn refused_peers(&mut self, message: &Message<'_>) -> Option<u16> {
        let relay = self.relay.as_mut()?;
        for (_, attribute) in message.iter_attributes() {
            if attribute.get_type() != XorPeerAddress::TYPE {
                continue;
            }
            let Ok(peer) = XorPeerAddress::from_raw(attribute) else {
                continue;
            };
            let peer = peer.addr(message.transaction_id()).ip();
            if !self.rules.reach.permits(peer) {
                return Some(ErrorCode::FORBIDDEN);
            }
            relay.peers.insert(peer);
            if relay.peers.len() > self.rules.limits.peers {
                relay.peers.remove(&peer);
                return Some(ErrorCode::INSUFFICIENT_CAPACITY);
            }
        }
        None
    }

    /// The permission to have an allocation, for the user that was seen last.
    fn permit(&self) -> Option<Result<Permit, Exceeded>> {
        let user = self.users.last()?;
        Some(self.rules.quota.take(user_of(&user.name)))
    }
}

fn respond(
    request: &Message<'_>,
    code: u16,
    credentials: &MessageIntegrityCredentials,
) -> Option<Vec<u8>> {
    let error = ErrorCode::builder(code).build().ok()?;
    let mut response = Message::builder_error(request, MessageWriteVec::new());
    response.add_attribute(&error).ok()?;
    response
        .add_message_integrity(credentials, IntegrityAlgorithm::Sha1)
        .ok()?;
    Some(response.finish())
}

fn family_of(ip: IpAddr) -> AddressFamily {
    match ip {
        IpAddr::V4(_) => AddressFamily::IPV4,
        IpAddr::V6(_) => AddressFamily::IPV6,
    }
}
