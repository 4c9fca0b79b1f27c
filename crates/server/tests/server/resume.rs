//! What a client that comes back has missed: all of it once and in order, or the whole roster.

use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::client::{Client, offer, resume};
use crate::harness::{Server, within};

const ROOM: &str = "standup";

/// A server that does not mind how fast a test talks.
async fn patient() -> Server {
    Server::with(|config| {
        config.limits.message_burst = 100_000;
        config.timing.seat = Duration::from_secs(3600);
    })
    .await
}

/// Ann and the seat of Bob, who is away.
async fn without_bob(server: &Server) -> (Client, Value, Value) {
    let (mut ann, hers) = Client::join(server, ROOM, "Ann").await;
    let (bob, his) = Client::join(server, ROOM, "Bob").await;
    ann.next().await;
    drop(bob);
    assert_eq!(ann.next().await["type"], "away");
    (ann, hers, his)
}

#[tokio::test]
async fn signals_to_an_away_participant_are_kept() {
    let server = patient().await;
    let (mut ann, hers, his) = without_bob(&server).await;
    ann.send(offer(&his["id"], "v=0")).await;
    ann.send(json!({ "type": "media", "audio": "muted" })).await;
    ann.expect_nothing().await;
    let (mut bob, again) = Client::resume(&server, ROOM, &his, Some(0)).await;
    assert_eq!(
        (&again["resumed"], &again["seq"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(again["participants"].as_array().map_or(0, Vec::len), 0);
    let signal = bob.next().await;
    assert_eq!((&signal["seq"], &signal["from"]), (&json!(1), &hers["id"]));
    let media = bob.next().await;
    assert_eq!(
        (&media["seq"], &media["audio"]),
        (&json!(2), &json!("muted"))
    );
}

#[tokio::test]
async fn the_event_log_holds_64_events() {
    for (count, kept) in [(64, true), (65, false), (200, false)] {
        let server = patient().await;
        let (mut ann, _, his) = without_bob(&server).await;
        for number in 0..count {
            ann.send(offer(&his["id"], &number.to_string())).await;
        }
        ann.expect_nothing().await;
        let (mut bob, again) = Client::resume(&server, ROOM, &his, Some(0)).await;
        assert_eq!(again["id"], his["id"]);
        assert_eq!(again["resumed"] == true, kept, "{count}");
        if kept {
            for seq in 1..=count {
                assert_eq!(bob.next().await["seq"], seq);
            }
        } else {
            assert_eq!(again["seq"], count);
            assert_eq!(again["participants"][0]["name"], "Ann");
        }
        bob.expect_nothing().await;
    }
}

#[tokio::test]
async fn the_event_log_holds_64_kib() {
    for (count, kept) in [(6, true), (7, false)] {
        let server = patient().await;
        let (mut ann, _, his) = without_bob(&server).await;
        for _ in 0..count {
            ann.send(offer(&his["id"], &"s".repeat(10 * 1024))).await;
        }
        ann.expect_nothing().await;
        let (_bob, again) = Client::resume(&server, ROOM, &his, Some(0)).await;
        assert_eq!(again["resumed"] == true, kept, "{count}");
    }
}

#[tokio::test]
async fn old_events_are_forgotten() {
    let server = Server::with(|config| {
        config.timing.ping = Duration::from_millis(20);
        config.timing.pong = Duration::from_millis(400);
        config.timing.seat = Duration::from_millis(400);
    })
    .await;
    let (mut ann, _) = Client::join(&server, ROOM, "Ann").await;
    let (mut bob, his) = Client::join(&server, ROOM, "Bob").await;
    ann.send(offer(&his["id"], "v=0")).await;
    assert_eq!(bob.next().await["seq"], 1);
    let told = tokio::time::Instant::now();
    let beat = async |client: &mut Client| {
        while client.next_even_ping().await["type"] != "ping" {}
        client.send(json!({ "type": "pong" })).await;
    };
    while told.elapsed() < Duration::from_secs(1) {
        beat(&mut ann).await;
        beat(&mut bob).await;
    }
    drop(bob);
    let (_bob, again) = Client::resume(&server, ROOM, &his, Some(0)).await;
    assert_eq!((&again["id"], again.get("resumed")), (&his["id"], None));
    let (_bob, again) = Client::resume(&server, ROOM, &again, Some(1)).await;
    assert_eq!(again["resumed"], true, "who has heard it need not");
}

#[tokio::test]
async fn an_impossible_resume_gets_the_whole_roster() {
    let server = patient().await;
    let (_ann, _, mut his) = without_bob(&server).await;
    let epoch = his["epoch"].clone();
    for (claimed, seq) in [
        (epoch.clone(), json!(1)),
        (epoch.clone(), json!(u64::MAX)),
        (epoch.clone(), json!(-1)),
        (epoch.clone(), json!("0")),
        (json!("another"), json!(0)),
        (Value::Null, json!(0)),
        (epoch.clone(), Value::Null),
    ] {
        let mut bob = Client::open(&server, "/rooms").await;
        let mut join = resume(ROOM, &his, None);
        join["epoch"] = claimed.clone();
        join["seq"] = seq.clone();
        bob.send(join).await;
        let again = bob.next().await;
        assert_eq!(again["id"], his["id"]);
        assert_eq!(again.get("resumed"), None, "{claimed} {seq}");
        assert_eq!((&again["seq"], &again["epoch"]), (&json!(0), &epoch));
        his = again;
    }
}

#[tokio::test]
async fn the_server_reports_how_many_messages_it_received() {
    let server = Server::with(|config| config.timing.ping = Duration::from_millis(50)).await;
    let (mut ann, hers) = Client::join(&server, ROOM, "Ann").await;
    for message in [
        offer(&json!("nobody"), "v=0"),
        offer(&json!("nobody"), &"s".repeat(50 * 1024)),
        json!({ "type": "signal" }),
        json!({ "type": "media", "audio": "muted" }),
        json!({ "type": "receive-report", "notReceiving": ["x"] }),
        // Not of those that are counted.
        json!({ "type": "pong" }),
        json!({ "type": "ping" }),
        json!({ "type": "raise-hand" }),
        json!("signal"),
    ] {
        ann.send(message).await;
    }
    while ann.next_even_ping().await["heard"] != 5 {}
    let (mut ann, again) = Client::resume(&server, ROOM, &hers, Some(0)).await;
    assert_eq!(again["heard"], 5);
    ann.send(offer(&json!("nobody"), "v=0")).await;
    ann.next().await;
    while ann.next_even_ping().await["heard"] != 6 {}
    // Who begins anew is counted anew.
    let (mut ann, again) = Client::resume(&server, ROOM, &again, None).await;
    assert_eq!(again.get("heard"), None);
    loop {
        let ping = ann.next_even_ping().await;
        if ping["type"] == "ping" {
            break assert_eq!(ping["heard"], 0);
        }
    }
}

/// A client that keeps the contract: it says again what was not taken, and counts what it hears.
struct Returner {
    socket: Option<Client>,
    welcome: Value,
    /// The number of the last event that was heard.
    seq: u64,
    said: Vec<Value>,
    heard: Vec<String>,
    resumed: usize,
}

impl Returner {
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

    /// Loses the socket, as rudely as can be.
    fn lose(&mut self) {
        self.socket = None;
    }

    async fn come_back(&mut self, server: &Server) {
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

    /// Hears one event, which must be the next; false if it was an answer instead.
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

    /// Waits until the server has taken what was said, and hears what it has told by then.
    async fn catch_up(&mut self) {
        if let Some(socket) = &mut self.socket {
            socket.send(json!({ "type": "ping" })).await;
            while self.next_packet().await {}
        }
    }

    async fn hear_until(&mut self, count: usize) {
        while self.heard.len() < count {
            self.next_packet().await;
        }
    }
}

/// Two who talk and lose their sockets at random: each hears all that the other has said, once and
/// in order.
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
        Returner::new(&server, "Ann").await,
        Returner::new(&server, "Bob").await,
    ];
    let ids = [1, 0].map(|other: usize| pair[other].welcome["id"].clone());
    // What one may not have heard of the other, at most; the ring has a bound.
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
                one.come_back(&server).await;
                behind[other] += 1;
            }
            // A second socket, while the first still lives.
            (1, true) if known => {
                one.come_back(&server).await;
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
        one.come_back(&server).await;
        one.catch_up().await;
    }
    for who in 0..2 {
        let said = pair[1 - who].said.len();
        pair[who].hear_until(said).await;
        let all = (0..said).map(|number| number.to_string());
        let heard = &pair[who].heard;
        assert!(heard.iter().cloned().eq(all), "seed {seed}: {heard:?}");
    }
}

/// Many talk at once to one who comes and goes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn events_keep_their_order_under_load() {
    const TALKERS: usize = 6;
    const MESSAGES: usize = 150;
    let server = patient().await;
    let mut bob = Returner::new(&server, "Bob").await;
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
        bob.come_back(&server).await;
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
