//! A fault proxy for one test, and what several tests do with it.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use videocalls_compat::Config;
use videocalls_server::Assets;

use crate::client::Client;

/// Longer than anything that a test waits for.
const GUARD: Duration = Duration::from_secs(20);

/// How long a test waits before it takes it that no message comes.
pub(crate) const SILENCE: Duration = Duration::from_millis(300);

pub(crate) async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    let outcome = tokio::time::timeout(GUARD, work).await;
    outcome.unwrap_or_else(|_| panic!("waited too long for {what}"))
}

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    stop: CancellationToken,
    ended: JoinHandle<()>,
}

impl Proxy {
    /// Starts a proxy whose servers have the default limits and no files.
    pub(crate) async fn start() -> Self {
        Self::with(|_| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        config.server.assets = Assets::from_files::<&str, &str>([]);
        change(&mut config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let shutdown = stop.clone().cancelled_owned();
        let run = videocalls_fault_proxy::run(listener, config, shutdown);
        let ended = tokio::spawn(async { run.await.unwrap() });
        Self {
            address,
            stop,
            ended,
        }
    }

    /// Makes an HTTP request and returns the whole response.
    pub(crate) async fn get(&self, path: &str) -> String {
        let mut tcp = TcpStream::connect(self.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        tcp.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        let read = tcp.read_to_string(&mut response);
        within("a response", read).await.unwrap();
        response
    }

    /// Asks the proxy to stop. It has when the handle resolves.
    pub(crate) fn stop(self) -> JoinHandle<()> {
        self.stop.cancel();
        self.ended
    }
}

/// Joins two clients. The first has already received the `joined` of the second.
pub(crate) async fn pair(proxy: &Proxy, room: &str) -> [(Client, Value); 2] {
    let (mut ann, hers) = Client::join(proxy.address, room, "Ann").await;
    let bob = Client::join(proxy.address, room, "Bob").await;
    assert_eq!(ann.next().await["type"], "joined");
    [(ann, hers), bob]
}

pub(crate) async fn assert_silent(client: &mut Client) {
    let received = tokio::time::timeout(SILENCE, client.next_frame()).await;
    assert!(received.is_err(), "{received:?}");
}
