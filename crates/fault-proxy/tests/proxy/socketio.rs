//! A Socket.IO client over a WebSocket that sends only what a test tells it to send.

use std::net::SocketAddr;

use serde_json::Value;

use crate::client::Client;

pub(crate) const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";

pub(crate) struct SocketIo {
    client: Client,
}

impl SocketIo {
    /// Opens a WebSocket and reads the Engine.IO handshake.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let mut client = Client::open(address, WEBSOCKET).await;
        assert!(client.next_text().await.starts_with('0'));
        Self { client }
    }

    /// Connects to the default namespace.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let mut client = Self::open(address).await;
        client.send("40").await;
        assert!(client.client.next_text().await.starts_with("40{\"sid\":\""));
        client
    }

    pub(crate) async fn send(&mut self, packet: &str) {
        self.client.send_text(packet).await;
    }

    pub(crate) async fn emit(&mut self, event: Value) {
        self.send(&format!("42{event}")).await;
    }

    pub(crate) async fn next_event(&mut self) -> Value {
        let packet = self.client.next_text().await;
        let event = packet.strip_prefix("42");
        serde_json::from_str(event.unwrap_or_else(|| panic!("{packet}"))).unwrap()
    }

    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        self.client.close_code().await
    }
}
