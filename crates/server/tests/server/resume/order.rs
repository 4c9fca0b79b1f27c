//! Clients that lose their connections at random, or all at once.

use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{ROOM, patient};
use crate::client::{Client, offer};
use crate::harness::{Server, within};

/// A client that follows the contract: it repeats messages that the server has not received, and
/// counts the events that it receives.
struct ResumingClient {
    socket: Option<Client>,
    welcome: Value,
    /// The number of the last event that was received.
    seq: u64,
    said: Vec<Value>,
    heard: Vec<String>,
    resumed: usize,
}

impl ResumingClient {
    async fn new(server: &Server, name: &str) -> Self {
        let (socket, welcome) = Client::join(server, ROOM, name).await;
        Self {
            socket: Some(socket),
            welcome,
            seq: 0,
            said: Vec::new(),
            heard: Vec::new(),
            resumed: 0,
        }
    }

    async fn send_packet(&mut self, message: Value) {
        self.said.push(message.clone());
        if let Some(socket) = &mut self.socket {
            socket.send(message).await;
        }
    }

    /// Drops the connection without a close.
    fn lose(&mut self) {
        self.socket = None;
    }

    async fn resume_seat(&mut self, server: &Server) {
        let seq = Some(self.seq);
        let (mut socket, welcome) = Client::resume(server, ROOM, &self.welcome, seq).await;
        assert_eq!(welcome["resumed"], true, "{welcome}");
        assert_eq!(welcome["seq"], self.seq);
        let heard = usize::try_from(welcome["heard"].as_u64().unwrap()).unwrap();
        for message in &self.said[heard..] {
            socket.send(message.clone()).await;
        }
        (self.socket, self.welcome) = (Some(socket), welcome);
        self.resumed += 1;
    }

    /// Receives one event, which must be the next, or a pong: then it returns false.
    async fn next_packet(&mut self) -> bool {
        let event = self.socket.as_mut().unwrap().next().await;
        let Some(seq) = event["seq"].as_u64() else {
            assert_eq!(event["type"], "pong", "{event}");
            return false;
        };
        assert_eq!(seq, self.seq + 1, "{event}");
        self.seq = seq;
        if let Some(sdp) = event["description"]["sdp"].as_str() {
            self.heard.push(sdp.to_owned());
        }
        true
    }

    /// Waits until the server has received all messages, and receives its events until then.
    async fn catch_up(&mut self) {
        if let Some(socket) = &mut self.socket {
            socket.send(json!({ "type": "ping" })).await;
            while self.next_packet().await {}
        }
    }

    async fn receive_until(&mut self, count: usize) {
        while self.heard.len() < count {
            self.next_packet().await;
        }
    }
}

/// Two clients send and lose their connections at random. Each receives all messages of the other,
/// once and in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_event_is_lost_or_doubled_in_random_orders() {
    let rounds = (0..24).map(|seed| tokio::spawn(one_round(seed)));
    for round in rounds.collect::<Vec<_>>() {
        within("a round", round).await.unwrap();
    }
}

async fn one_round(seed: u64) {
    let server = patient().await;
    let mut random = StdRng::seed_from_u64(seed);
    let mut pair = [
        ResumingClient::new(&server, "Ann").await,
        ResumingClient::new(&server, "Bob").await,
    ];
    let ids = [1, 0].map(|other: usize| pair[other].welcome["id"].clone());
    // An upper bound of the events that each has missed; the event log has a limit.
    let mut behind = [0, 0];
    for _ in 0..200 {
        let who = random.random_range(0..2);
        let (one, other) = (&mut pair[who], 1 - who);
        let known = behind[other] < 50;
        match (random.random_range(0..12), one.socket.is_some()) {
            (0, true) if known => {
                one.lose();
                behind[other] += 1;
            }
            (0..3, false) => {
                one.resume_seat(&server).await;
                behind[other] += 1;
            }
            // A second connection, while the first is still open.
            (1, true) if known => {
                one.resume_seat(&server).await;
                behind[other] += 1;
            }
            (2, true) => {
                one.catch_up().await;
                pair[other].catch_up().await;
                if pair[other].socket.is_some() {
                    behind[other] = 1;
                }
            }
            _ if known => {
                let message = offer(&ids[who], &one.said.len().to_string());
                one.send_packet(message).await;
                behind[other] += 1;
            }
            _ => (),
        }
    }
    for one in &mut pair {
        one.lose();
        one.resume_seat(&server).await;
        one.catch_up().await;
    }
    for who in 0..2 {
        let said = pair[1 - who].said.len();
        pair[who].receive_until(said).await;
        let all = (0..said).map(|number| number.to_string());
        let heard = &pair[who].heard;
        assert!(heard.iter().cloned().eq(all), "seed {seed}: {heard:?}");
    }
}

/// Many clients send at once to one that comes and goes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn events_keep_their_order_under_load() {
    const TALKERS: usize = 6;
    const MESSAGES: usize = 150;
    let server = patient().await;
    let mut bob = ResumingClient::new(&server, "Bob").await;
    // So that no more are under way than the ring holds.
    let window = Arc::new(Semaphore::new(40));
    let mut talkers = Vec::new();
    for talker in 0..TALKERS {
        let (mut client, _) = Client::join(&server, ROOM, "Talker").await;
        let (to, window) = (bob.welcome["id"].clone(), Arc::clone(&window));
        talkers.push(tokio::spawn(async move {
            for number in 0..MESSAGES {
                window.acquire().await.unwrap().forget();
                client.send(offer(&to, &format!("{talker} {number}"))).await;
            }
            client
        }));
    }
    let mut random = StdRng::seed_from_u64(7);
    while bob.heard.len() < TALKERS * MESSAGES {
        for _ in 0..random.random_range(1..15) {
            if bob.heard.len() < TALKERS * MESSAGES {
                let before = bob.heard.len();
                bob.next_packet().await;
                window.add_permits(bob.heard.len() - before);
            }
        }
        bob.lose();
        bob.resume_seat(&server).await;
    }
    assert!(bob.resumed > 20);
    for talker in 0..TALKERS {
        let prefix = format!("{talker} ");
        let own = bob.heard.iter().filter_map(|sdp| sdp.strip_prefix(&prefix));
        assert!(
            own.map(|number| number.parse::<usize>().unwrap())
                .eq(0..MESSAGES)
        );
    }
    for talker in talkers {
        within("a talker", talker).await.unwrap();
    }
}

/// After a network that all of them share.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_clients_can_resume_at_once() {
    const HERD: usize = 200;
    let server = Arc::new(patient().await);
    let mut herd = Vec::new();
    for number in 0..HERD {
        let room = format!("room-{}", number / 4);
        let (client, welcome) = Client::join(&server, &room, "Sheep").await;
        herd.push((room, client, welcome));
    }
    let welcomes = herd.into_iter().map(|(room, _, welcome)| (room, welcome));
    let back = welcomes
        .collect::<Vec<_>>()
        .into_iter()
        .map(|(room, welcome)| {
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                let (_, again) = Client::resume(&server, &room, &welcome, Some(0)).await;
                again["resumed"] == true && again["id"] == welcome["id"]
            })
        });
    for one in back.collect::<Vec<_>>() {
        assert!(within("one of them", one).await.unwrap());
    }
}
