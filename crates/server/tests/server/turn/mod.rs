//! STUN and TURN, over UDP and TCP.

mod client;

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::net::UdpSocket;
use videocalls_server::{IceOffer, Server as Whole, Turn, TurnConfig};

use self::client::{Transport, TurnClient};
use crate::base_config;
use crate::client::Client;
use crate::harness::{Server, within};

const BOTH: [Transport; 2] = [Transport::Udp, Transport::Tcp];

struct Running {
    server: Server,
    turn: SocketAddr,
}

impl Running {
    /// Starts a server whose relays are on 127.0.0.1, as on the Internet or with other settings.
    async fn with(change: impl FnOnce(&mut TurnConfig)) -> Self {
        Self::offering(change, |offer| offer).await
    }

    async fn offering(
        change: impl FnOnce(&mut TurnConfig),
        offer: impl FnOnce(IceOffer) -> IceOffer,
    ) -> Self {
        let mut config = TurnConfig::new("127.0.0.1:0");
        change(&mut config);
        let turn = Turn::bind(config).await.unwrap();
        let address = turn.address();
        let mut config = base_config();
        config.ice = offer(turn.offer());
        config.timing.ping = Duration::from_millis(200);
        let mut whole = Whole::new(config);
        whole.add_turn(turn);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self {
            server: Server::spawn(listener.local_addr().unwrap(), |shutdown| {
                tokio::spawn(whole.run(listener, shutdown))
            }),
            turn: address,
        }
    }

    /// A client with the credentials of a participant of its own.
    async fn client(&self, transport: Transport) -> TurnClient {
        let (_left, welcome) = Client::join(&self.server, "standup", "Ann").await;
        TurnClient::connect(self.turn, transport, &welcome["iceServers"][1]).await
    }

    async fn allocated(&self, transport: Transport) -> (TurnClient, SocketAddr) {
        let mut client = self.client(transport).await;
        let relay = client.allocate().await.unwrap();
        (client, relay)
    }
}

fn lan(config: &mut TurnConfig) {
    config.allow_private = true;
}

fn internet(config: &mut TurnConfig) {
    config.external_ip = Some("8.8.4.4".parse().unwrap());
}

#[tokio::test]
async fn welcome_offers_stun_and_turn_with_credentials_of_the_participant() {
    let running = Running::with(|_| ()).await;
    let (_ann, welcome) = Client::join(&running.server, "standup", "Ann").await;
    let turn = running.turn;
    assert_eq!(welcome["iceLifetime"], 600);
    assert_eq!(
        welcome["iceServers"][0],
        json!({ "urls": [format!("stun:{turn}")] })
    );
    let server = &welcome["iceServers"][1];
    let urls = ["udp", "tcp"].map(|transport| format!("turn:{turn}?transport={transport}"));
    assert_eq!(server["urls"], json!(urls));
    let id = welcome["id"].as_str().unwrap();
    assert!(
        server["username"]
            .as_str()
            .unwrap()
            .ends_with(&format!(":{id}"))
    );
}

#[tokio::test]
async fn without_a_turn_server_the_welcome_offers_nothing() {
    let server = Server::start().await;
    let (_ann, welcome) = Client::join(&server, "standup", "Ann").await;
    assert_eq!(
        (&welcome["iceServers"], &welcome["iceLifetime"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn credentials_are_renewed_before_they_expire() {
    let short = |offer: IceOffer| offer.with_lifetime(Duration::from_secs(2));
    let running = Running::offering(|_| (), short).await;
    let (mut ann, welcome) = Client::join(&running.server, "standup", "Ann").await;
    let mut shown = welcome["iceServers"][1].clone();
    for _ in 0..2 {
        // Those that the client has are valid until the new ones are there.
        let mut client = TurnClient::connect(running.turn, Transport::Tcp, &shown).await;
        client.allocate().await.unwrap();
        let renewed = within("new credentials", ann.next()).await;
        assert_eq!(
            (&renewed["type"], &renewed["seq"]),
            (&json!("ice-servers"), &Value::Null)
        );
        assert_eq!(renewed["iceLifetime"], 2);
        assert_ne!(renewed["iceServers"][1]["credential"], shown["credential"]);
        shown = renewed["iceServers"][1].clone();
    }
    let mut late =
        TurnClient::connect(running.turn, Transport::Tcp, &welcome["iceServers"][1]).await;
    assert_eq!(
        late.allocate().await.err(),
        Some(401),
        "the first ones have expired"
    );
}

#[tokio::test]
async fn stun_tells_clients_their_address() {
    let running = Running::with(|_| ()).await;
    for transport in BOTH {
        let mut client = running.client(transport).await;
        assert_eq!(client.binding().await, client.address());
    }
}

#[tokio::test]
async fn relays_between_two_clients_and_to_a_peer_without_turn() {
    let running = Running::with(lan).await;
    for (one, other) in [
        (Transport::Udp, Transport::Tcp),
        (Transport::Tcp, Transport::Udp),
    ] {
        let (mut ann, hers) = running.allocated(one).await;
        let (mut bob, his) = running.allocated(other).await;
        ann.permit(&[&his.to_string()]).await.unwrap();
        bob.bind_channel(0x4001, &hers.to_string()).await.unwrap();
        ann.send_to(his, b"hello").await;
        assert_eq!(bob.data().await, b"hello");
        bob.send_on(0x4001, b"hello back").await;
        assert_eq!(ann.data().await, b"hello back");

        let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = peer.local_addr().unwrap();
        ann.bind_channel(0x4002, &address.to_string())
            .await
            .unwrap();
        ann.send_on(0x4002, b"odd").await;
        let mut packet = [0; 16];
        let (length, from) = within("the packet", peer.recv_from(&mut packet))
            .await
            .unwrap();
        assert_eq!((&packet[..length], from), (&b"odd"[..], hers));
        peer.send_to(b"even", from).await.unwrap();
        assert_eq!(ann.data().await, b"even");
    }
}

#[tokio::test]
async fn relays_behind_the_same_nat_reach_each_other_by_its_address() {
    let running = Running::with(internet).await;
    assert_eq!(running.turn.ip().to_string(), "8.8.4.4");
    let inside = SocketAddr::new("127.0.0.1".parse().unwrap(), running.turn.port());
    let inside = Running {
        turn: inside,
        ..running
    };
    let (mut ann, hers) = inside.allocated(Transport::Udp).await;
    let (mut bob, his) = inside.allocated(Transport::Tcp).await;
    assert_eq!(
        (hers.ip().to_string(), his.ip().to_string()),
        ("8.8.4.4".to_owned(), "8.8.4.4".to_owned())
    );
    ann.permit(&[&his.to_string()]).await.unwrap();
    bob.permit(&[&hers.to_string()]).await.unwrap();
    ann.send_to(his, b"hello").await;
    assert_eq!(bob.data().await, b"hello");
}

#[tokio::test]
async fn no_relay_to_loopback_private_link_local_or_multicast_addresses() {
    let mut running = Running::with(internet).await;
    running.turn.set_ip("127.0.0.1".parse().unwrap());
    for transport in BOTH {
        let (mut client, _) = running.allocated(transport).await;
        for peer in [
            "127.0.0.1:80",
            "10.1.2.3:80",
            "172.16.0.1:80",
            "192.168.1.1:80",
            "100.64.0.1:80",
            "169.254.169.254:80",
            "224.0.0.1:80",
            "255.255.255.255:80",
            "0.0.0.0:80",
            "[::1]:80",
            "[fe80::1]:80",
            "[fd00::1]:80",
            "[::ffff:127.0.0.1]:80",
            "[::ffff:10.0.0.1]:80",
            "[64:ff9b::7f00:1]:80",
        ] {
            assert_eq!(client.permit(&[peer]).await.err(), Some(403), "{peer}");
            assert_eq!(
                client.bind_channel(0x4001, peer).await.err(),
                Some(403),
                "{peer}"
            );
            assert_eq!(
                client.permit(&["8.8.8.8:80", peer]).await.err(),
                Some(403),
                "{peer}"
            );
        }
        client.permit(&["8.8.8.8:80"]).await.unwrap();
    }
}

#[tokio::test]
async fn no_relay_to_other_services_of_the_machine() {
    let running = Running::with(|config| {
        internet(config);
        config.relay_ports = 40_000..=40_999;
    })
    .await;
    let turn = SocketAddr::new("127.0.0.1".parse().unwrap(), running.turn.port());
    let running = Running { turn, ..running };
    let (mut client, _) = running.allocated(Transport::Udp).await;
    let (mut other, relay) = running.allocated(Transport::Udp).await;
    let service = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = service.local_addr().unwrap().port();
    client.permit(&["8.8.4.4:1"]).await.unwrap();
    other.permit(&["8.8.4.4:1"]).await.unwrap();
    client
        .send_to(SocketAddr::new(relay.ip(), port), b"request")
        .await;
    client.send_to(relay, b"hello").await;
    assert_eq!(other.data().await, b"hello");
    assert!(
        service.try_recv(&mut [0; 16]).is_err(),
        "the service got a packet"
    );
}

#[tokio::test]
async fn wrong_expired_and_foreign_credentials_are_refused() {
    let running = Running::with(|_| ()).await;
    let (_ann, welcome) = Client::join(&running.server, "standup", "Ann").await;
    let text = |field: &str| welcome["iceServers"][1][field].as_str().unwrap().to_owned();
    let (name, password) = (text("username"), text("credential"));
    let expired = format!("1700000000:{}", welcome["id"].as_str().unwrap());
    let later = format!("9{name}");
    for transport in BOTH {
        for (name, password) in [
            (&name, &"wrong".to_owned()),
            (&expired, &password),
            (&later, &password),
            (&"ann".to_owned(), &password),
        ] {
            let mut client =
                TurnClient::with(running.turn, transport, name.clone(), password.clone()).await;
            assert_eq!(client.allocate().await.err(), Some(401), "{name}");
        }
        let mut client =
            TurnClient::with(running.turn, transport, name.clone(), password.clone()).await;
        client.allocate().await.unwrap();
    }
}

#[tokio::test]
async fn allocations_of_one_participant_and_of_all_are_limited() {
    let running = Running::with(|config| {
        config.limits.allocations_per_user = 2;
        config.limits.allocations = 3;
    })
    .await;
    let (_ann, welcome) = Client::join(&running.server, "standup", "Ann").await;
    let mut held = Vec::new();
    for transport in BOTH {
        let mut client =
            TurnClient::connect(running.turn, transport, &welcome["iceServers"][1]).await;
        client.allocate().await.unwrap();
        held.push(client);
    }
    let mut third =
        TurnClient::connect(running.turn, Transport::Udp, &welcome["iceServers"][1]).await;
    assert_eq!(third.allocate().await.err(), Some(486));
    let (_bob, _) = running.allocated(Transport::Udp).await;
    let mut fourth = running.client(Transport::Tcp).await;
    assert_eq!(fourth.allocate().await.err(), Some(508));
    held[0].refresh(0).await.unwrap();
    third.allocate().await.unwrap();
}

#[tokio::test]
async fn a_closed_connection_frees_its_allocation() {
    let running = Running::with(|config| config.limits.allocations = 1).await;
    let (ann, _) = running.allocated(Transport::Tcp).await;
    drop(ann);
    let mut bob = running.client(Transport::Tcp).await;
    let allocated = async {
        while bob.allocate().await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    within("a free allocation", allocated).await;
}

#[tokio::test]
async fn peers_and_bandwidth_of_one_allocation_are_limited() {
    let running = Running::with(|config| {
        lan(config);
        config.limits.peers = 2;
        config.limits.bytes_per_second = 3000;
    })
    .await;
    let (mut ann, _) = running.allocated(Transport::Udp).await;
    ann.permit(&["127.0.0.1:1", "127.0.0.2:1"]).await.unwrap();
    assert_eq!(ann.permit(&["127.0.0.3:1"]).await.err(), Some(508));
    ann.permit(&["127.0.0.1:1"]).await.unwrap();
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for _ in 0..10 {
        ann.send_to(peer.local_addr().unwrap(), &[7; 1000]).await;
    }
    // The server has handled all of them when it answers.
    ann.permit(&["127.0.0.1:1"]).await.unwrap();
    let arrived = std::iter::from_fn(|| peer.try_recv(&mut [0; 2048]).ok()).count();
    assert!((2..=3).contains(&arrived), "{arrived} packets");
}

#[tokio::test]
async fn what_is_not_turn_does_no_harm() {
    let running = Running::with(|_| ()).await;
    TurnClient::with(running.turn, Transport::Tcp, String::new(), String::new())
        .await
        .ends_after(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    let (mut ann, _) = running.allocated(Transport::Udp).await;
    for garbage in [
        &b""[..],
        b"\0",
        b"\x40\x01",
        b"\x40\x01\xff\xff",
        b"GET / HTTP/1.1",
        &[0; 20],
        &[0xff; 1500],
    ] {
        ann.send(garbage).await;
        let mut stranger =
            TurnClient::with(running.turn, Transport::Udp, String::new(), String::new()).await;
        stranger.send(garbage).await;
    }
    ann.refresh(600).await.unwrap();
}

#[tokio::test]
async fn an_address_that_browsers_can_use_is_required() {
    let refused = Turn::bind(TurnConfig::new("0.0.0.0:0")).await.unwrap_err();
    assert!(
        refused.to_string().contains("at which browsers reach it"),
        "{refused}"
    );
    let mut config = TurnConfig::new("0.0.0.0:0");
    internet(&mut config);
    let turn = Turn::bind(config).await.unwrap();
    assert_eq!(turn.address().ip().to_string(), "8.8.4.4");
}
