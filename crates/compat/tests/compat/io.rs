//! A Socket.IO client that sends nothing by itself except pongs.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::client::Client;
use crate::harness::{Reply, Server, within};

pub(crate) const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";
pub(crate) const POLLING: &str = "/socket.io/?EIO=4&transport=polling";

/// Over a WebSocket.
pub(crate) struct Io {
    pub(crate) client: Client,
}

impl Io {
    /// Opens a socket and returns the handshake.
    pub(crate) async fn open(server: &Server) -> (Self, Value) {
        let mut client = Client::open(server, WEBSOCKET).await;
        let open = client.next_text().await;
        let open = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
        (Self { client }, open)
    }

    /// Connects without a token.
    pub(crate) async fn connect(server: &Server) -> Self {
        let (mut io, _) = Self::open(server).await;
        io.send_packet("40").await;
        assert!(io.next_packet().await.starts_with("40{\"sid\":\""));
        io
    }

    /// Connects with a token.
    pub(crate) async fn with_jwt(server: &Server, jwt: &str) -> Self {
        let (mut io, _) = Self::open(server).await;
        io.send_packet(&format!("40{}", json!({ "jwt": jwt })))
            .await;
        assert!(io.next_packet().await.starts_with("40{\"sid\":\""));
        io
    }

    pub(crate) async fn send_packet(&mut self, packet: &str) {
        self.client.send_text(packet).await;
    }

    pub(crate) async fn emit(&mut self, event: Value) {
        self.send_packet(&format!("42{event}")).await;
    }

    /// The next packet that is no ping. Pings are answered.
    pub(crate) async fn next_packet(&mut self) -> String {
        within("something else than pings", async {
            loop {
                let packet = self.client.next_text().await;
                if packet != "2" {
                    return packet;
                }
                self.send_packet("3").await;
            }
        })
        .await
    }

    /// The next event.
    pub(crate) async fn event(&mut self) -> Value {
        let packet = self.next_packet().await;
        let event = packet
            .strip_prefix("42")
            .unwrap_or_else(|| panic!("{packet}"));
        serde_json::from_str(event).unwrap()
    }

    /// Asserts that no packet is waiting, by a request whose answer must be next.
    pub(crate) async fn expect_nothing(&mut self) {
        self.send_packet("40/mark,").await;
        assert_eq!(
            self.next_packet().await,
            "44/mark,{\"message\":\"Invalid namespace\"}"
        );
    }

    pub(crate) async fn send_frame(&mut self, message: Message) {
        self.client.send_frame(message).await;
    }

    pub(crate) async fn closed(&mut self) -> u16 {
        self.client.closed().await
    }

    pub(crate) async fn close(self) {
        self.client.close().await;
    }
}

/// By long-polling.
pub(crate) struct Polling<'a> {
    server: &'a Server,
    pub(crate) sid: String,
}

impl<'a> Polling<'a> {
    pub(crate) async fn open(server: &'a Server) -> (Self, Value) {
        let reply = server.get(POLLING, &[]).await;
        assert_eq!(reply.status, 200);
        let open = String::from_utf8(reply.body).unwrap();
        let open: Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
        let sid = open["sid"].as_str().unwrap().to_owned();
        (Self { server, sid }, open)
    }

    pub(crate) async fn connect(server: &'a Server) -> Self {
        let (polling, _) = Self::open(server).await;
        polling.send_packet("40").await;
        assert!(polling.next_packet().await.starts_with("40{\"sid\":\""));
        polling
    }

    pub(crate) fn path(&self) -> String {
        format!("{POLLING}&t=Oabc&b64=1&sid={}", self.sid)
    }

    pub(crate) fn upgrade_path(&self) -> String {
        format!("{WEBSOCKET}&sid={}", self.sid)
    }

    pub(crate) async fn send_packet(&self, packets: &str) {
        let reply = self.post(packets).await;
        assert_eq!(
            (reply.status, reply.body.as_slice()),
            (200, b"ok".as_slice())
        );
        assert_eq!(reply.header("content-type"), "text/html");
    }

    pub(crate) async fn post(&self, packets: impl AsRef<[u8]>) -> Reply {
        self.server.post(&self.path(), packets).await
    }

    pub(crate) async fn next_packet(&self) -> String {
        let reply = self.get().await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.header("content-type"), "text/plain; charset=UTF-8");
        String::from_utf8(reply.body).unwrap()
    }

    pub(crate) async fn get(&self) -> Reply {
        self.server.get(&self.path(), &[]).await
    }
}
