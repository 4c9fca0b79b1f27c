//! A server for one test.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::{Config, base_config, run};

/// Longer than anything that a test waits for. What takes longer has failed.
const GUARD: Duration = Duration::from_secs(20);

pub(crate) async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    let outcome = tokio::time::timeout(GUARD, work).await;
    outcome.unwrap_or_else(|_| panic!("waited too long for {what}"))
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: CancellationToken,
    ended: JoinHandle<()>,
}

/// The settings and the listener of a server.
async fn prepared(change: impl FnOnce(&mut Config)) -> (Config, TcpListener) {
    let mut config = base_config();
    change(&mut config);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (config, listener)
}

impl Server {
    /// Starts a server without files and with the default limits.
    pub(crate) async fn start() -> Self {
        Self::with(|_| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let (config, listener) = prepared(change).await;
        Self::spawn(listener.local_addr().unwrap(), |shutdown| {
            tokio::spawn(run(listener, config, shutdown))
        })
    }

    /// A server that `start` starts, and that listens at this address.
    pub(crate) fn spawn(
        address: SocketAddr,
        start: impl FnOnce(WaitForCancellationFutureOwned) -> JoinHandle<()>,
    ) -> Self {
        let stop = CancellationToken::new();
        let ended = start(stop.clone().cancelled_owned());
        Self {
            address,
            stop,
            ended,
        }
    }

    /// Asks the server to stop. The handle resolves when it has stopped.
    pub(crate) fn stop(self) -> JoinHandle<()> {
        self.ask_to_stop();
        self.ended
    }

    pub(crate) fn ask_to_stop(&self) {
        self.stop.cancel();
    }

    pub(crate) async fn tcp(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.http("GET", path, headers).await
    }

    /// Makes one request without a body on a connection of its own.
    pub(crate) async fn http(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.request(method, path, headers, b"").await
    }

    pub(crate) async fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Reply {
        let body = body.as_ref();
        let length = body.len().to_string();
        self.request("POST", path, &[("content-length", &length)], body)
            .await
    }

    async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        let headers = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"));
        let headers = headers.collect::<String>();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}\r\n",
            self.address
        );
        self.raw(&[head.as_bytes(), body].concat()).await
    }

    /// Sends these bytes and reads an answer up to the end.
    pub(crate) async fn raw(&self, request: &[u8]) -> Reply {
        let mut tcp = self.tcp().await;
        tcp.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        within("an answer", tcp.read_to_end(&mut answer))
            .await
            .unwrap();
        Reply::read(&answer)
    }
}

/// An HTTP response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn read(answer: &[u8]) -> Self {
        let end = answer
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .expect("a whole head");
        let head = str::from_utf8(&answer[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        });
        Self {
            status: status.parse().unwrap(),
            headers: headers.collect(),
            body: answer[end + 4..].to_vec(),
        }
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(self.header("content-type"), "application/json");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The value of a header, or an empty text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}
