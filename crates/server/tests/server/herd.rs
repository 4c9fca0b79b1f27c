//! A server that restarts is sought by all its clients at the same moment: how long until the last
//! one has its seat again.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// The client's own policy (`crates/session/src/search.rs`): it waits for a random part of these,
/// in milliseconds, the last of which stands for all that follow.
const PAUSES: [u64; 5] = [0, 300, 1_200, 2_700, 4_000];
/// How long its tries may take, each fourth the longer.
const TRIES: [Duration; 2] = [Duration::from_secs(3), Duration::from_secs(12)];

/// How many share a room.
const COMPANY: usize = 4;
/// How many are let in at once when it begins.
const ENTRANCE: usize = 100;
/// Who is not back by now will not come.
const PATIENCE: Duration = Duration::from_secs(60);

/// How it went.
pub(crate) struct Herd {
    /// From when the server listened again: until each one had its seat, in order.
    pub(crate) back: Vec<Duration>,
    /// Sockets that were opened, or tried to be, on the way back.
    pub(crate) tries: usize,
}

/// Seats so many, has `restart` take the server away and bring it back, and waits for all.
///
/// # Panics
///
/// If the server refuses anyone, or gives one the seat of another, or if somebody does not come back.
pub(crate) async fn herd(
    server: SocketAddr,
    seats: usize,
    restart: impl Future<Output = Instant>,
) -> Herd {
    let (tell, mut seated) = mpsc::unbounded_channel();
    let entrance = Arc::new(Semaphore::new(ENTRANCE));
    let mut sheep = JoinSet::new();
    for number in 0..seats {
        let seat = Seat::new(server, number);
        sheep.spawn(seat.live(Arc::clone(&entrance), tell.clone()));
    }
    for _ in 0..seats {
        next(&mut seated, "a first seat").await;
    }
    let listening = restart.await;
    let mut herd = Herd {
        back: Vec::new(),
        tries: 0,
    };
    while herd.back.len() < seats {
        let Seated { at, tries } = next(&mut seated, "a seat taken again").await;
        herd.back.push(at.saturating_duration_since(listening));
        herd.tries += tries;
    }
    sheep.shutdown().await;
    herd
}

async fn next(reports: &mut mpsc::UnboundedReceiver<Seated>, what: &str) -> Seated {
    let seated = timeout(PATIENCE, reports.recv()).await;
    seated
        .unwrap_or_else(|_| panic!("waited too long for {what}"))
        .unwrap()
}

struct Seated {
    at: Instant,
    tries: usize,
}

type Socket = WebSocketStream<TcpStream>;

/// One client, and what it remembers of its last welcome.
struct Seat {
    server: SocketAddr,
    number: usize,
    welcome: Option<Value>,
}

impl Seat {
    fn new(server: SocketAddr, number: usize) -> Self {
        Self {
            server,
            number,
            welcome: None,
        }
    }

    /// Takes a seat, and takes it again whenever it is lost.
    async fn live(mut self, entrance: Arc<Semaphore>, tell: mpsc::UnboundedSender<Seated>) {
        let place = entrance.acquire().await;
        let mut found = self.seek().await;
        drop(place);
        loop {
            let (mut socket, tries) = found;
            let at = Instant::now();
            tell.send(Seated { at, tries }).unwrap();
            stay(&mut socket).await;
            found = self.seek().await;
        }
    }

    /// Tries until there is a seat; gives how often it was tried.
    async fn seek(&mut self) -> (Socket, usize) {
        let mut tries = 0;
        let mut rest = Duration::ZERO;
        loop {
            let longest = PAUSES[tries.min(PAUSES.len() - 1)];
            let pause = Duration::from_millis(rand::random_range(0..=longest));
            sleep(pause.saturating_sub(rest)).await;
            let begun = Instant::now();
            tries += 1;
            let patience = TRIES[usize::from(tries % 4 == 0)];
            if let Ok(Ok(socket)) = timeout(patience, self.enter()).await {
                return (socket, tries);
            }
            rest = begun.elapsed();
        }
    }

    async fn enter(&mut self) -> Result<Socket, Error> {
        let mut socket = self.open().await?;
        socket.send(Message::text(self.join().to_string())).await?;
        loop {
            let message = said(&mut socket).await?;
            match message["type"].as_str() {
                Some("welcome") => {
                    self.welcomed(message);
                    return Ok(socket);
                }
                Some("refused") => panic!("{message}"),
                _ => {}
            }
        }
    }

    async fn open(&self) -> Result<Socket, Error> {
        let tcp = TcpSocket::new_v4()?;
        if cfg!(target_os = "linux") {
            // A single address has not ports enough for everyone, twice.
            let own = Ipv4Addr::new(127, 0, 1, u8::try_from(self.number % 250).unwrap());
            tcp.bind((own, 0).into())?;
        }
        let tcp = tcp.connect(self.server).await?;
        let url = format!("ws://{}/rooms", self.server);
        let small = WebSocketConfig::default().read_buffer_size(4096);
        match client_async_with_config(url, tcp, Some(small)).await {
            Err(Error::Http(response)) => panic!("refused with {}", response.status()),
            opened => opened.map(|(socket, _)| socket),
        }
    }

    fn join(&self) -> Value {
        let room = format!("room-{}", self.number / COMPANY);
        let mut join = json!({ "type": "join", "v": 1, "room": room, "name": "Sheep" });
        if let Some(welcome) = &self.welcome {
            join["resume"] = welcome["resume"].clone();
            join["epoch"] = welcome["epoch"].clone();
            join["seq"] = 0.into();
        }
        join
    }

    fn welcomed(&mut self, welcome: Value) {
        if let Some(before) = &self.welcome {
            assert_eq!(welcome["id"], before["id"], "the seat of another");
        }
        self.welcome = Some(welcome);
    }
}

/// Answers pings until the socket is lost.
async fn stay(socket: &mut Socket) {
    while let Ok(message) = said(socket).await {
        assert_ne!(message["type"], "refused", "{message}");
        if message["type"] == "ping" {
            let _lost = socket.send(Message::text(r#"{"type":"pong"}"#)).await;
        }
    }
}

/// The next message; a close is an end like any other.
async fn said(socket: &mut Socket) -> Result<Value, Error> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(frame))) => {
                let code = frame.map_or(1005, |frame| frame.code.into());
                assert!(code < 4500, "refused with {code}");
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error),
            None => return Err(Error::ConnectionClosed),
        }
    }
}
