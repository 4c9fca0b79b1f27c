//! A WebSocket client that sends only what a test tells it to send.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::Response;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::harness::within;

pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
}

impl Client {
    pub(crate) async fn open(address: SocketAddr, path: &str) -> Self {
        let opened = Self::try_open(address, path, &[]).await;
        opened.unwrap_or_else(|refused| panic!("{}", refused.status()))
    }

    /// Opens a WebSocket, or returns the response that refuses it.
    pub(crate) async fn try_open(
        address: SocketAddr,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Response<Option<Vec<u8>>>> {
        let url = format!("ws://{address}{path}");
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        let tcp = TcpStream::connect(address).await.unwrap();
        match within("the upgrade", client_async(request, tcp)).await {
            Ok((socket, _)) => Ok(Self { socket }),
            Err(Error::Http(response)) => Err(*response),
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens a WebSocket and asks to join a room.
    pub(crate) async fn ask(address: SocketAddr, room: &str) -> Self {
        let mut client = Self::open(address, "/rooms").await;
        client.send(join(room, "Ann")).await;
        client
    }

    /// Joins a room. Returns the welcome too.
    pub(crate) async fn join(address: SocketAddr, room: &str, name: &str) -> (Self, Value) {
        Self::admitted(address, join(room, name)).await
    }

    /// Resumes the seat of an earlier welcome, after event `seq`. Returns the new welcome too.
    pub(crate) async fn resume(
        address: SocketAddr,
        room: &str,
        welcome: &Value,
        seq: u64,
    ) -> (Self, Value) {
        Self::admitted(address, resume(room, welcome, seq)).await
    }

    async fn admitted(address: SocketAddr, join: Value) -> (Self, Value) {
        let mut client = Self::open(address, "/rooms").await;
        client.send(join).await;
        let welcome = client.next().await;
        assert_eq!(welcome["type"], "welcome", "{welcome}");
        (client, welcome)
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.send_text(message.to_string()).await;
    }

    /// Sends a text. If the server has already closed, the next read tells.
    pub(crate) async fn send_text(&mut self, text: impl Into<String>) {
        let message = Message::text(text.into());
        let _closed = within("a send", self.socket.send(message)).await;
    }

    /// The next message that is not a ping.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            let message = self.next_or_ping().await;
            if message["type"] != "ping" {
                return message;
            }
        }
    }

    pub(crate) async fn next_or_ping(&mut self) -> Value {
        serde_json::from_str(&self.next_text().await).unwrap()
    }

    pub(crate) async fn next_text(&mut self) -> String {
        match self.next_frame().await {
            Message::Text(text) => text.to_string(),
            other => panic!("{other:?} instead of a text"),
        }
    }

    /// The next frame that is not a WebSocket ping or pong.
    pub(crate) async fn next_frame(&mut self) -> Message {
        loop {
            let frame = within("a frame", self.socket.next()).await;
            match frame.expect("a frame before the end").unwrap() {
                Message::Ping(_) | Message::Pong(_) => (),
                message => return message,
            }
        }
    }

    /// The next message, or nothing if the connection ends first.
    pub(crate) async fn next_if_any(&mut self) -> Option<Value> {
        match within("a message or the end", self.socket.next()).await {
            Some(Ok(Message::Text(text))) => Some(serde_json::from_str(&text).unwrap()),
            _ => None,
        }
    }

    /// Reads to the end. Returns the close code, if the server has sent one.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        loop {
            match within("the end", self.socket.next()).await {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => (),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// Asserts that no message is waiting, with a request whose answer must come next.
    pub(crate) async fn assert_nothing_pending(&mut self) {
        self.send(json!({ "type": "signal", "to": "nobody", "candidate": { "candidate": "" } }))
            .await;
        let answer = self.next().await;
        assert_eq!(answer["code"], "no-such-participant", "{answer}");
    }

    /// Closes with a handshake.
    pub(crate) async fn close(mut self) {
        within("the close", self.socket.close(None)).await.unwrap();
        while self.socket.next().await.is_some() {}
    }
}

pub(crate) fn join(room: &str, name: &str) -> Value {
    json!({ "type": "join", "v": 1, "room": room, "name": name })
}

pub(crate) fn resume(room: &str, welcome: &Value, seq: u64) -> Value {
    let mut join = join(room, "Ann");
    for key in ["resume", "epoch"] {
        join[key] = welcome[key].clone();
    }
    join["seq"] = seq.into();
    join
}

pub(crate) fn offer(to: &Value) -> Value {
    description(to, "offer")
}

pub(crate) fn answer(to: &Value) -> Value {
    description(to, "answer")
}

fn description(to: &Value, kind: &str) -> Value {
    let description = json!({ "type": kind, "sdp": "v=0" });
    json!({ "type": "signal", "to": to, "offer": 1, "description": description })
}

pub(crate) fn candidate(to: &Value) -> Value {
    json!({ "type": "signal", "to": to, "candidate": { "candidate": "" } })
}
