//! A TURN client that shows each response.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use turn_server_proto::stun::types::attribute::{
    ErrorCode, Nonce, Realm, Username, XorMappedAddress,
};
use turn_server_proto::stun::types::message::{
    BINDING, IntegrityAlgorithm, LongTermCredentials, Message, MessageClass,
    MessageIntegrityCredentials, MessageType, MessageWrite as _, MessageWriteExt as _,
    MessageWriteVec, Method, TransactionId,
};
use turn_server_proto::stun::types::prelude::AttributeWrite;
use turn_server_proto::types::attribute::{
    ChannelNumber, Data, Lifetime, RequestedTransport, XorPeerAddress, XorRelayedAddress,
};
use turn_server_proto::types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH, SEND};

use crate::harness::within;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Transport {
    Udp,
    Tcp,
}

enum Connection {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

pub(crate) struct TurnClient {
    connection: Connection,
    username: String,
    password: String,
    realm: String,
    nonce: String,
}

/// A response: success with the message, or the error code.
pub(crate) type Answer = Result<Vec<u8>, u16>;

impl TurnClient {
    /// Connects with the credentials of a welcome.
    pub(crate) async fn connect(turn: SocketAddr, transport: Transport, server: &Value) -> Self {
        let text = |field: &str| server[field].as_str().unwrap_or_default().to_owned();
        Self::with(turn, transport, text("username"), text("credential")).await
    }

    pub(crate) async fn with(
        turn: SocketAddr,
        transport: Transport,
        username: String,
        password: String,
    ) -> Self {
        let connection = match transport {
            Transport::Udp => {
                let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
                socket.connect(turn).await.unwrap();
                Connection::Udp(socket)
            }
            Transport::Tcp => Connection::Tcp(TcpStream::connect(turn).await.unwrap()),
        };
        Self {
            connection,
            username,
            password,
            realm: String::new(),
            nonce: String::new(),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        match &self.connection {
            Connection::Udp(socket) => socket.local_addr().unwrap(),
            Connection::Tcp(stream) => stream.local_addr().unwrap(),
        }
    }

    /// The address that the server sees.
    pub(crate) async fn binding(&mut self) -> SocketAddr {
        let mut request = Message::builder_request(BINDING, MessageWriteVec::new());
        request.add_fingerprint().unwrap();
        self.send(&request.finish()).await;
        let answer = self.receive().await;
        let message = Message::from_bytes(&answer).unwrap();
        let mapped = message.attribute::<XorMappedAddress>().unwrap();
        mapped.addr(message.transaction_id())
    }

    /// Asks for an allocation, as browsers do: first without credentials. Returns the relay's address.
    pub(crate) async fn allocate(&mut self) -> Result<SocketAddr, u16> {
        let transport = RequestedTransport::new(RequestedTransport::UDP);
        if self.nonce.is_empty() {
            let mut request = Message::builder_request(ALLOCATE, MessageWriteVec::new());
            request.add_attribute(&transport).unwrap();
            self.send(&request.finish()).await;
            let answer = self.receive().await;
            let message = Message::from_bytes(&answer).unwrap();
            assert_eq!(error_code(&message), Some(401));
            self.realm = message.attribute::<Realm>().unwrap().realm().to_owned();
            self.nonce = message.attribute::<Nonce>().unwrap().nonce().to_owned();
        }
        let answer = self.request(ALLOCATE, &[&transport]).await?;
        let message = Message::from_bytes(&answer).unwrap();
        let relayed = message.attribute::<XorRelayedAddress>().unwrap();
        Ok(relayed.addr(message.transaction_id()))
    }

    pub(crate) async fn refresh(&mut self, seconds: u32) -> Answer {
        self.request(REFRESH, &[&Lifetime::new(seconds)]).await
    }

    pub(crate) async fn permit(&mut self, peers: &[&str]) -> Answer {
        let id = TransactionId::generate();
        let peers = peers
            .iter()
            .map(|peer| XorPeerAddress::new(peer.parse().unwrap(), id));
        let peers: Vec<_> = peers.collect();
        let peers: Vec<&dyn AttributeWrite> = peers.iter().map(|peer| peer as _).collect();
        self.request_as(id, CREATE_PERMISSION, &peers).await
    }

    pub(crate) async fn bind_channel(&mut self, channel: u16, peer: &str) -> Answer {
        let id = TransactionId::generate();
        let peer = XorPeerAddress::new(peer.parse().unwrap(), id);
        self.request_as(id, CHANNEL_BIND, &[&ChannelNumber::new(channel), &peer])
            .await
    }

    /// Sends data to a peer by a Send indication.
    pub(crate) async fn send_to(&mut self, peer: SocketAddr, data: &[u8]) {
        let id = TransactionId::generate();
        let kind = MessageType::from_class_method(MessageClass::Indication, SEND);
        let mut message = Message::builder(kind, id, MessageWriteVec::new());
        message
            .add_attribute(&XorPeerAddress::new(peer, id))
            .unwrap();
        message.add_attribute(&Data::new(data)).unwrap();
        self.send(&message.finish()).await;
    }

    pub(crate) async fn send_on(&mut self, channel: u16, data: &[u8]) {
        let length = u16::try_from(data.len()).unwrap();
        let mut message = [&channel.to_be_bytes()[..], &length.to_be_bytes(), data].concat();
        message.resize(message.len().next_multiple_of(4), 0);
        self.send(&message).await;
    }

    /// The data of a Data indication or of a channel that arrives next.
    pub(crate) async fn data(&mut self) -> Vec<u8> {
        let received = self.receive().await;
        match Message::from_bytes(&received) {
            Ok(message) => message.attribute::<Data>().unwrap().data().to_vec(),
            Err(_) => {
                let length = usize::from(u16::from_be_bytes([received[2], received[3]]));
                received[4..4 + length].to_vec()
            }
        }
    }

    async fn request(&mut self, method: Method, attributes: &[&dyn AttributeWrite]) -> Answer {
        self.request_as(TransactionId::generate(), method, attributes)
            .await
    }

    async fn request_as(
        &mut self,
        id: TransactionId,
        method: Method,
        attributes: &[&dyn AttributeWrite],
    ) -> Answer {
        let kind = MessageType::from_class_method(MessageClass::Request, method);
        let mut request = Message::builder(kind, id, MessageWriteVec::new());
        for attribute in attributes {
            request.add_attribute(*attribute).unwrap();
        }
        request
            .add_attribute(&Username::new(&self.username).unwrap())
            .unwrap();
        request
            .add_attribute(&Realm::new(&self.realm).unwrap())
            .unwrap();
        request
            .add_attribute(&Nonce::new(&self.nonce).unwrap())
            .unwrap();
        let credentials = self.credentials();
        request
            .add_message_integrity(&credentials, IntegrityAlgorithm::Sha1)
            .unwrap();
        self.send(&request.finish()).await;
        let answer = self.receive().await;
        let message = Message::from_bytes(&answer).unwrap();
        assert_eq!(message.transaction_id(), id);
        let code = error_code(&message);
        if code != Some(401) {
            message.validate_integrity(&credentials).unwrap();
        }
        code.map_or(Ok(answer.clone()), Err)
    }

    fn credentials(&self) -> MessageIntegrityCredentials {
        let credentials = LongTermCredentials::new(self.username.clone(), self.password.clone());
        credentials.to_key(self.realm.clone()).into()
    }

    pub(crate) async fn send(&mut self, message: &[u8]) {
        match &mut self.connection {
            Connection::Udp(socket) => {
                assert_eq!(socket.send(message).await.unwrap(), message.len())
            }
            Connection::Tcp(stream) => stream.write_all(message).await.unwrap(),
        }
    }

    async fn receive(&mut self) -> Vec<u8> {
        within("a message of the TURN server", self.receive_any()).await
    }

    async fn receive_any(&mut self) -> Vec<u8> {
        match &mut self.connection {
            Connection::Udp(socket) => {
                let mut message = vec![0; 2048];
                let length = socket.recv(&mut message).await.unwrap();
                message.truncate(length);
                message
            }
            Connection::Tcp(stream) => {
                let mut message = vec![0; 4];
                stream.read_exact(&mut message).await.unwrap();
                let content = usize::from(u16::from_be_bytes([message[2], message[3]]));
                let header = if message[0] < 0x40 { 20 } else { 4 };
                message.resize((header + content).next_multiple_of(4), 0);
                stream.read_exact(&mut message[4..]).await.unwrap();
                message
            }
        }
    }

    /// Sends this over TCP and waits until the server closes the connection.
    pub(crate) async fn ends_after(mut self, message: &[u8]) {
        self.send(message).await;
        let Connection::Tcp(stream) = &mut self.connection else {
            panic!("UDP has no end");
        };
        let mut rest = Vec::new();
        // The server may reset the connection instead.
        let _ended = within("the end of the connection", stream.read_to_end(&mut rest)).await;
    }
}

fn error_code(message: &Message<'_>) -> Option<u16> {
    let error = message.attribute::<ErrorCode>().ok();
    assert_eq!(message.has_class(MessageClass::Error), error.is_some());
    error.map(|error| error.code())
}
