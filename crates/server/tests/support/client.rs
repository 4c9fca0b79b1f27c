//! A WebSocket client that sends nothing by itself.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::Response;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::harness::{Server, within};

pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
}

impl Client {
    pub(crate) async fn open(server: &Server, path: &str) -> Self {
        let opened = Self::try_open(server, path, &[]).await;
        opened.unwrap_or_else(|refused| panic!("{}", refused.status()))
    }

    /// Opens a socket, or returns the response of a server that refuses it.
    pub(crate) async fn try_open(
        server: &Server,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Response<Option<Vec<u8>>>> {
        let tcp = server.tcp().await;
        Self::over(tcp, &format!("ws://{}{path}", server.address), headers).await
    }

    pub(crate) async fn over(
        tcp: TcpStream,
        url: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Response<Option<Vec<u8>>>> {
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        match within("the upgrade", client_async(request, tcp)).await {
            Ok((socket, _)) => Ok(Self { socket }),
            Err(Error::Http(response)) => Err(*response),
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens a socket and joins; returns the welcome too.
    pub(crate) async fn join(server: &Server, room: &str, name: &str) -> (Self, Value) {
        let mut client = Self::open(server, "/rooms").await;
        client.send(join(room, name)).await;
        let welcome = client.next().await;
        assert_eq!(welcome["type"], "welcome", "{welcome}");
        (client, welcome)
    }

    /// Opens a socket and resumes the seat of an earlier welcome, with the number of the last event
    /// that was received, if there is one; returns the new welcome too.
    pub(crate) async fn resume(
        server: &Server,
        room: &str,
        welcome: &Value,
        seq: Option<u64>,
    ) -> (Self, Value) {
        let mut client = Self::open(server, "/rooms").await;
        client.send(resume(room, welcome, seq)).await;
        let welcome = client.next().await;
        assert_eq!(welcome["type"], "welcome", "{welcome}");
        (client, welcome)
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.send_text(message.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: impl Into<String>) {
        self.send_frame(Message::text(text.into())).await;
    }

    /// Sends; that the server has already closed is for the next read to tell.
    pub(crate) async fn send_frame(&mut self, message: Message) {
        let _closed = within("a send", self.socket.send(message)).await;
    }

    /// The next message that is not a ping.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            let message = self.next_even_ping().await;
            if message["type"] != "ping" {
                return message;
            }
        }
    }

    pub(crate) async fn next_even_ping(&mut self) -> Value {
        serde_json::from_str(&self.next_text().await).unwrap()
    }

    pub(crate) async fn next_text(&mut self) -> String {
        match self.next_frame().await {
            Message::Text(text) => text.to_string(),
            other => panic!("{other:?} instead of a text"),
        }
    }

    /// The next frame that is not a WebSocket ping or pong.
    async fn next_frame(&mut self) -> Message {
        loop {
            match self.next_raw().await {
                Message::Ping(_) | Message::Pong(_) => (),
                message => return message,
            }
        }
    }

    pub(crate) async fn next_raw(&mut self) -> Message {
        let message = within("a message", self.socket.next()).await;
        message
            .expect("a message before the end")
            .expect("a message, not an error")
    }

    /// Reads until the connection ends.
    pub(crate) async fn ends(&mut self) {
        while let Some(Ok(_)) = within("the end", self.socket.next()).await {}
    }

    /// Reads until the close and returns its code. Earlier messages are ignored.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.next_frame().await {
                return frame.expect("a close with a code").code.into();
            }
        }
    }

    /// Asserts that no message is waiting, by a request whose answer must be next.
    pub(crate) async fn expect_nothing(&mut self) {
        self.send(json!({ "type": "signal", "to": "nobody", "candidate": { "candidate": "" } }))
            .await;
        let answer = self.next().await;
        assert_eq!(answer["code"], "no-such-participant", "{answer}");
    }

    /// Closes with a handshake, as a page that is left does.
    pub(crate) async fn close(mut self) {
        within("the close", self.socket.close(None)).await.unwrap();
        while self.socket.next().await.is_some() {}
    }
}

pub(crate) fn join(room: &str, name: &str) -> Value {
    json!({ "type": "join", "v": 1, "room": room, "name": name })
}

pub(crate) fn resume(room: &str, welcome: &Value, seq: Option<u64>) -> Value {
    let mut join = join(room, "Somebody");
    join["resume"] = welcome["resume"].clone();
    if let Some(seq) = seq {
        join["epoch"] = welcome["epoch"].clone();
        join["seq"] = seq.into();
    }
    join
}

pub(crate) fn offer(to: &Value, sdp: &str) -> Value {
    let description = json!({ "type": "offer", "sdp": sdp });
    json!({ "type": "signal", "to": to, "offer": 1, "description": description })
}
