//! Schedules: who comes when, what they do, how rough the network is.

use std::time::Duration;

use videocalls_protocol::appointments::Appointments;
use videocalls_protocol::channels_mesh::ChannelsMesh;
use videocalls_protocol::relay::Relay;
use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::socketio_rooms::SocketIoRooms;
use videocalls_protocol::{Dialect, DisplayName, MediaState, ParticipantId, RoomName, TrackState};
use videocalls_session::{Config, Muted, Source, TrackKind};

use super::network::{SimulatedNetwork, Stimulus, Weather};
use super::page::Kind;
use super::rng::Rng;
use super::room_server::RoomServer;
use super::server::Server;
use super::systems::{Book, CLIENT, Engine, PROFESSIONAL};

/// When the last planned thing has happened, how long it may take until all is calm.
const CALM: u64 = 400_000;

fn config(dialect: &dyn Dialect, own_id: Option<String>, rng: &mut Rng) -> Config {
    // Rooms of one kind are appointments.
    let room = match dialect.preflight() {
        Some(_) => "u7",
        None => "standup",
    };
    let source = |wanted| match wanted {
        true => Source::Device,
        false => Source::Nothing,
    };
    Config {
        capabilities: dialect.capabilities(),
        room: RoomName::new(room).ok(),
        name: DisplayName::new("Ann").ok(),
        token: None,
        own_id: own_id.map(ParticipantId::new),
        audio: source(rng.percent(90)),
        video: source(rng.percent(80)),
        muted: Muted::default(),
        patience: Duration::from_secs(60),
        seed: u32::try_from(rng.below(1 << 32)).unwrap(),
        measures: false,
    }
}

fn rough(rng: &mut Rng) -> Weather {
    Weather {
        delay: rng.pick(&[0, 2, 30, 150, 600]),
        duplicates: rng.pick(&[0, 0, 10, 50]),
        reorder: false,
        astray: 0,
        browser: rng.pick(&[0, 5, 60, 300]),
        failures: 0,
        bare: false,
        bundled: false,
        helpless: 0,
    }
}

/// Adds a client with devices and a socket that take their time, and has it start.
fn newcomer(
    network: &mut SimulatedNetwork,
    rng: &mut Rng,
    dialect: Box<dyn Dialect>,
    id: Option<String>,
    at: u64,
) -> usize {
    let mut config = config(&*dialect, id, rng);
    config.capabilities.trickle &= !network.weather.bundled;
    config.measures = network.measures;
    let client = network.add_client(config, dialect);
    let (wanted, _) = network.clients[client].devices;
    let result = |rng: &mut Rng, wanted| match (wanted, rng.below(8)) {
        (TrackState::Live, 0) => TrackState::PermissionDenied,
        (TrackState::Live, 1) => TrackState::DeviceInUse,
        _ => wanted,
    };
    let devices = MediaState {
        audio: result(rng, wanted.audio),
        video: result(rng, wanted.video),
    };
    network.clients[client].devices = (devices, rng.pick(&[0, 5, 200, 1_500, 8_000]));
    network.clients[client].opening = Some(rng.pick(&[0, 3, 40, 700]));
    network.stimulus(at, Stimulus::Start { client });
    client
}

/// A moment: either close to the others, or anywhere in half a minute.
fn moment(rng: &mut Rng) -> u64 {
    match rng.below(3) {
        0 => rng.below(50),
        1 => rng.below(1_500),
        _ => rng.below(30_000),
    }
}

fn stimulus(rng: &mut Rng, clients: u64) -> Stimulus {
    let client = rng.below(clients) as usize;
    let kind = rng.pick(&TrackKind::ALL);
    match rng.below(10) {
        0 | 1 => Stimulus::Toggle {
            client,
            kind,
            on: rng.pick(&[None, None, Some(true), Some(false)]),
        },
        2 => Stimulus::DeviceGone { client, kind },
        3..=6 => Stimulus::Renegotiate {
            client,
            both: rng.percent(60),
            restart: rng.percent(30),
        },
        _ => Stimulus::Replay { client },
    }
}

fn whims(network: &mut SimulatedNetwork, rng: &mut Rng, clients: u64) {
    for _ in 0..rng.below(6) {
        let (at, stimulus) = (moment(rng), stimulus(rng, clients));
        network.stimulus(at, stimulus);
    }
}

/// What befalls the way between a client and the server.
fn trouble(rng: &mut Rng, people: u64, at: u64) -> Stimulus {
    let client = rng.below(people) as usize;
    match rng.below(10) {
        0..=4 => Stimulus::LoseSocket { client },
        5 | 6 => Stimulus::Restart {
            down: rng.pick(&[0, 0, 200, 3_000, 14_000]),
        },
        7 | 8 => Stimulus::Blackout {
            client,
            until: 1_000 + at + rng.pick(&[1_000, 7_000, 12_000, 30_000]),
        },
        _ => Stimulus::Nudge { client },
    }
}

/// Some of that, or nothing.
fn troubles(network: &mut SimulatedNetwork, rng: &mut Rng, people: u64) {
    for _ in 0..rng.pick(&[0, 0, 1, 1, 2, 4]) {
        let at = moment(rng);
        let stimulus = trouble(rng, people, at);
        network.stimulus(at, stimulus);
    }
}

/// What befalls one of ours alone: a page of the old style would not come back from it.
fn losses(network: &mut SimulatedNetwork, rng: &mut Rng, people: u64) {
    for _ in 0..rng.pick(&[0, 0, 1, 1, 2, 4]) {
        let (at, client) = (moment(rng), rng.below(people) as usize);
        let stimulus = match rng.below(5) {
            0 => Stimulus::Nudge { client },
            _ => Stimulus::LoseSocket { client },
        };
        network.stimulus(at, stimulus);
    }
}

/// A call that stands, whose sockets and server are lost time and again: no link may be closed by which
/// media gets through.
pub(crate) fn steady(seed: u64, traced: bool) -> SimulatedNetwork {
    let mut rng = Rng::new(seed ^ 0x1299);
    let weather = rough(&mut rng);
    let engine = Engine {
        old: false,
        ..engine(&mut rng)
    };
    let (members, conns, book) = (Vec::new(), Vec::new(), Book::default());
    let (server, people) = match seed % 5 {
        0 => (Server::Rooms(RoomServer::new(16, None, true)), 3),
        1 => (Server::relay(true), 2),
        2 => (Server::Pairs { members, engine }, 2),
        3 => (Server::Mesh { conns }, 3),
        _ => (Server::Appointments { book, engine }, 2),
    };
    let mut network = SimulatedNetwork::new(seed, server, weather, traced);
    for number in 0..people {
        let at = 100 * number;
        match seed % 5 {
            0 => seated(&mut network, &mut rng, at),
            1 => relayed(&mut network, &mut rng, at),
            2 => paired(&mut network, &mut rng, engine, at),
            3 => meshed(&mut network, &mut rng, at),
            _ => {
                let token = [CLIENT, PROFESSIONAL][number as usize];
                appointed(&mut network, &mut rng, engine, token, at);
            }
        }
    }
    for _ in 0..1 + rng.below(5) {
        let (at, client) = (60_000 + moment(&mut rng), rng.below(people) as usize);
        let stimulus = match rng.below(8) {
            0..=3 => Stimulus::LoseSocket { client },
            4 | 5 => Stimulus::Restart {
                down: rng.pick(&[0, 0, 200, 3_000, 14_000]),
            },
            6 => Stimulus::Nudge { client },
            _ => Stimulus::Renegotiate {
                client: 0,
                both: false,
                restart: false,
            },
        };
        network.stimulus(at, stimulus);
    }
    network.run(60_000);
    let before = network.tally.cuts;
    network.run(CALM);
    assert_eq!(network.tally.cuts, before, "a living link was closed");
    network
}

/// One to five people in a room.
pub(crate) fn rooms(seed: u64, traced: bool) -> SimulatedNetwork {
    let mut rng = Rng::new(seed ^ 0x0A11);
    let numbers = rng.percent(60);
    // What is lost, and followed by nothing, only a ping tells.
    let astray = rng.pick(&[0, 0, 0, 0, 0, 0, 0, 2, 10, 30]) * u64::from(numbers);
    let ping = (astray > 0 || rng.percent(10)).then_some(10_000);
    let capacity = if rng.percent(5) { 2 } else { 16 };
    let mut weather = rough(&mut rng);
    weather.astray = astray;
    weather.bare = rng.percent(5);
    weather.bundled = rng.percent(10);
    weather.failures = rng.pick(&[0, 0, 0, 0, 0, 30]);
    let mut network = SimulatedNetwork::new(
        seed,
        Server::Rooms(RoomServer::new(capacity, ping, numbers)),
        weather,
        traced,
    );
    network.measures = rng.percent(10);
    let people = rng.pick(&[1, 2, 2, 2, 2, 2, 2, 3, 3, 4, 5]);
    for _ in 0..people {
        let at = moment(&mut rng);
        seated(&mut network, &mut rng, at);
    }
    whims(&mut network, &mut rng, people);
    troubles(&mut network, &mut rng, people);
    for at in departures(&mut network, &mut rng, people) {
        seated(&mut network, &mut rng, at);
    }
    darkness(&mut network, &mut rng, people);
    network.run(CALM);
    network
}

/// Two of ours on a relay, who may reload, and a third who finds no place.
pub(crate) fn relay(seed: u64, traced: bool) -> SimulatedNetwork {
    let mut rng = Rng::new(seed ^ 0x0B22);
    let mut weather = rough(&mut rng);
    weather.reorder = rng.percent(30);
    weather.failures = rng.pick(&[0, 0, 0, 0, 0, 30]);
    let mut network = SimulatedNetwork::new(seed, Server::relay(rng.percent(50)), weather, traced);
    let people = 2;
    for _ in 0..people {
        let at = moment(&mut rng);
        relayed(&mut network, &mut rng, at);
    }
    if rng.percent(15) {
        let at = moment(&mut rng);
        relayed(&mut network, &mut rng, at);
    }
    whims(&mut network, &mut rng, people);
    troubles(&mut network, &mut rng, people);
    for at in departures(&mut network, &mut rng, people) {
        relayed(&mut network, &mut rng, at);
    }
    darkness(&mut network, &mut rng, people);
    network.run(CALM);
    network
}

/// One of ours and a page of videocalls.js, in either order.
pub(crate) fn legacy(seed: u64, traced: bool) -> SimulatedNetwork {
    let mut rng = Rng::new(seed ^ 0x0C33);
    let mut weather = rough(&mut rng);
    weather.reorder = false;
    let mut network = SimulatedNetwork::new(seed, Server::relay(rng.percent(70)), weather, traced);
    let at = moment(&mut rng);
    relayed(&mut network, &mut rng, at);
    // A page that gets its camera late offers again, and only once: while we are away, to nobody.
    let quick = rng.percent(50);
    if quick {
        losses(&mut network, &mut rng, 1);
    }
    let mut at = moment(&mut rng);
    paged(&mut network, &mut rng, quick, at);
    for _ in 0..rng.below(4) {
        let at = moment(&mut rng);
        let client = 0;
        let kind = rng.pick(&TrackKind::ALL);
        let stimulus = match rng.below(3) {
            0 => Stimulus::Toggle {
                client,
                kind,
                on: None,
            },
            _ => Stimulus::Replay { client },
        };
        network.stimulus(at, stimulus);
    }
    if rng.percent(30) {
        at += moment(&mut rng);
        network.stimulus(at, Stimulus::PageEnds { page: 0 });
        if rng.percent(70) {
            at += rng.pick(&[700, 1_300, 3_000, 20_000]);
            paged(&mut network, &mut rng, quick, at);
        }
    }
    network.run(CALM);
    network
}

fn seated(network: &mut SimulatedNetwork, rng: &mut Rng, at: u64) {
    newcomer(network, rng, Box::new(Rooms::default()), None, at);
}

fn relayed(network: &mut SimulatedNetwork, rng: &mut Rng, at: u64) {
    let id = format!("{:016x}", rng.next());
    newcomer(network, rng, Box::new(Relay::new(id.clone())), Some(id), at);
}

fn paged(network: &mut SimulatedNetwork, rng: &mut Rng, quick: bool, at: u64) {
    let id = format!("{:016x}", rng.next());
    let opening = rng.pick(&[0, 30, 400, 1_200]);
    let asking = match quick {
        true => opening,
        false => rng.pick(&[0, 10, 300, 2_500, 9_000]),
    };
    let page = network.add_page(Kind::Relay, &id, opening, asking);
    network.stimulus(at, Stimulus::PageStarts { page });
}

fn engine(rng: &mut Rng) -> Engine {
    Engine {
        old: rng.percent(20),
        ping: rng.percent(10).then_some(25_000),
    }
}

/// Two of ours in a Socket.IO room, who may reload, be cut off or die, and a third.
pub(crate) fn pairs(seed: u64, traced: bool) -> SimulatedNetwork {
    let mut rng = Rng::new(seed ^ 0x0D44);
    let mut weather = rough(&mut rng);
    weather.failures = rng.pick(&[0, 0, 0, 0, 0, 30]);
    let engine = engine(&mut rng);
    let members = Vec::new();
    let mut network =
        SimulatedNetwork::new(seed, Server::Pairs { members, engine }, weather, traced);
    for _ in 0..if rng.percent(15) { 3 } else { 2 } {
        let at = moment(&mut rng);
        paired(&mut network, &mut rng, engine, at);
    }
    whims(&mut network, &mut rng, 2);
    troubles(&mut network, &mut rng, 2);
    for at in departures(&mut network, &mut rng, 2) {
        paired(&mut network, &mut rng, engine, at);
    }
    darkness(&mut network, &mut rng, 2);
    network.run(CALM);
    network
}

/// One of ours and a page of the Socket.IO rooms, in either order.
pub(crate) fn old_pairs(seed: u64, traced: bool) -> SimulatedNetwork {
    let mut rng = Rng::new(seed ^ 0x0E55);
    let weather = rough(&mut rng);
    let engine = engine(&mut rng);
    let members = Vec::new();
    let mut network =
        SimulatedNetwork::new(seed, Server::Pairs { members, engine }, weather, traced);
    let mut at = moment(&mut rng);
    let ours = moment(&mut rng);
    let page = |network: &mut SimulatedNetwork, rng: &mut Rng, at| {
        let kind = Kind::Pair { creator: false };
        let (opening, asking) = (
            rng.pick(&[0, 30, 400]),
            rng.pick(&[0, 10, 300, 2_500, 9_000]),
        );
        let page = network.add_page(kind, "page", opening, asking);
        network.stimulus(at, Stimulus::PageStarts { page });
        page
    };
    let first = page(&mut network, &mut rng, at);
    paired(&mut network, &mut rng, engine, ours);
    for _ in 0..rng.below(4) {
        let client = 0;
        let at = moment(&mut rng);
        network.stimulus(at, Stimulus::Replay { client });
    }
    losses(&mut network, &mut rng, 1);
    match rng.below(4) {
        // The page is closed, with or without a word, and another comes.
        0 => {
            at += 1_000 + moment(&mut rng);
            network.stimulus(
                at,
                match rng.percent(50) {
                    true => Stimulus::PageEnds { page: first },
                    false => Stimulus::PageLeaves { page: first },
                },
            );
            at += rng.pick(&[700, 3_000, 20_000]);
            page(&mut network, &mut rng, at);
        }
        // We reload, or leave and come back: to a page that may have been the second.
        1 => {
            let client = 0;
            let mut at = 1_000 + ours + moment(&mut rng);
            network.stimulus(
                at,
                match rng.percent(50) {
                    true => Stimulus::Leave { client },
                    false => Stimulus::Vanish { client },
                },
            );
            // A ghost keeps the room full for a while.
            at += rng.pick(&[700, 3_000, 26_000]);
            paired(&mut network, &mut rng, engine, at);
        }
        _ => {}
    }
    network.run(CALM);
    network
}

/// One to four of ours in the channels mesh.
pub(crate) fn mesh(seed: u64, traced: bool) -> SimulatedNetwork {
    let mut rng = Rng::new(seed ^ 0x0F66);
    let mut weather = rough(&mut rng);
    weather.helpless = rng.pick(&[0, 0, 10_000]);
    weather.failures = rng.pick(&[0, 0, 0, 0, 0, 30]);
    let conns = Vec::new();
    let mut network = SimulatedNetwork::new(seed, Server::Mesh { conns }, weather, traced);
    let people = rng.pick(&[1, 2, 2, 2, 3, 4]);
    for _ in 0..people {
        let at = moment(&mut rng);
        meshed(&mut network, &mut rng, at);
    }
    whims(&mut network, &mut rng, people);
    troubles(&mut network, &mut rng, people);
    for at in departures(&mut network, &mut rng, people) {
        meshed(&mut network, &mut rng, at);
    }
    darkness(&mut network, &mut rng, people);
    network.run(CALM);
    network
}

/// Some of ours and some pages in the channels mesh.
pub(crate) fn old_mesh(seed: u64, traced: bool) -> SimulatedNetwork {
    let mut rng = Rng::new(seed ^ 0x1077);
    let mut weather = rough(&mut rng);
    weather.helpless = rng.pick(&[0, 0, 0, 10_000]);
    let conns = Vec::new();
    let mut network = SimulatedNetwork::new(seed, Server::Mesh { conns }, weather, traced);
    let people = rng.pick(&[1, 1, 2]);
    for _ in 0..people {
        let at = moment(&mut rng);
        meshed(&mut network, &mut rng, at);
    }
    let mut last = 0;
    for number in 0..rng.pick(&[1, 1, 2]) {
        last = moment(&mut rng);
        let opening = rng.pick(&[0, 30, 400]);
        let page = network.add_page(Kind::Mesh, &format!("{number:04x}"), opening, 0);
        network.stimulus(last, Stimulus::PageStarts { page });
    }
    for _ in 0..rng.below(3) {
        let client = rng.below(people) as usize;
        let at = moment(&mut rng);
        network.stimulus(at, Stimulus::Replay { client });
    }
    if rng.percent(30) {
        network.stimulus(
            last + 1_000 + moment(&mut rng),
            Stimulus::PageEnds { page: 0 },
        );
    }
    losses(&mut network, &mut rng, people);
    for at in departures(&mut network, &mut rng, people) {
        meshed(&mut network, &mut rng, at);
    }
    darkness(&mut network, &mut rng, people);
    network.run(CALM);
    network
}

/// A client and a professional, in either order, either of whom may come again.
pub(crate) fn appointments(seed: u64, traced: bool) -> SimulatedNetwork {
    let mut rng = Rng::new(seed ^ 0x1188);
    // A professional's browser that fails can't ask for another offer.
    let weather = rough(&mut rng);
    // A server of the old kind would not hear the token.
    let engine = Engine {
        old: false,
        ..engine(&mut rng)
    };
    let book = Book::default();
    let mut network =
        SimulatedNetwork::new(seed, Server::Appointments { book, engine }, weather, traced);
    for token in [CLIENT, PROFESSIONAL] {
        let at = moment(&mut rng);
        appointed(&mut network, &mut rng, engine, token, at);
    }
    for _ in 0..rng.below(5) {
        let at = moment(&mut rng);
        let stimulus = match stimulus(&mut rng, 2) {
            // Only the client can say that there is something to negotiate.
            Stimulus::Renegotiate { restart, .. } => Stimulus::Renegotiate {
                client: 0,
                both: false,
                restart,
            },
            other => other,
        };
        network.stimulus(at, stimulus);
    }
    troubles(&mut network, &mut rng, 2);
    for (client, token) in [CLIENT, PROFESSIONAL].into_iter().enumerate() {
        if rng.percent(30) {
            let at = moment(&mut rng);
            network.stimulus(
                at,
                match rng.percent(50) {
                    true => Stimulus::Leave { client },
                    false => Stimulus::Vanish { client },
                },
            );
            if rng.percent(70) {
                let again = at + rng.pick(&[1, 50, 1_000, 3_000, 30_000]);
                appointed(&mut network, &mut rng, engine, token, again);
            }
        }
    }
    darkness(&mut network, &mut rng, 2);
    network.run(CALM);
    network
}

/// Has some go, and returns when somebody comes instead.
fn departures(network: &mut SimulatedNetwork, rng: &mut Rng, people: u64) -> Vec<u64> {
    let mut arrivals = Vec::new();
    for _ in 0..rng.pick(&[0, 0, 1, 1, 2]) {
        let (at, client) = (moment(rng), rng.below(people) as usize);
        let stimulus = match rng.below(4) {
            0 | 1 => Stimulus::Leave { client },
            2 => Stimulus::Vanish { client },
            _ => Stimulus::LoseSocket { client },
        };
        network.stimulus(at, stimulus);
        if rng.percent(60) {
            arrivals.push(at + rng.pick(&[0, 1, 50, 3_000, 26_000]));
        }
    }
    arrivals
}

/// Now and then somebody's media does not get through for a while.
fn darkness(network: &mut SimulatedNetwork, rng: &mut Rng, people: u64) {
    if rng.percent(10) {
        let (at, client) = (moment(rng), rng.below(people) as usize);
        let until = 1_000 + at + rng.pick(&[1_000, 7_000, 12_000, 25_000]);
        network.stimulus(at, Stimulus::Dark { client, until });
    }
}

fn paired(network: &mut SimulatedNetwork, rng: &mut Rng, engine: Engine, at: u64) {
    let mut dialect = SocketIoRooms::new();
    greeted(&mut dialect, engine);
    newcomer(network, rng, Box::new(dialect), None, at);
}

fn meshed(network: &mut SimulatedNetwork, rng: &mut Rng, at: u64) {
    let dialect = ChannelsMesh::new(&format!("{:016x}", rng.next()));
    newcomer(network, rng, Box::new(dialect), None, at);
}

fn appointed(network: &mut SimulatedNetwork, rng: &mut Rng, engine: Engine, token: &str, at: u64) {
    let mut dialect = Appointments::new(token).expect("it is a token");
    greeted(&mut dialect, engine);
    newcomer(network, rng, Box::new(dialect), None, at);
}

fn greeted(dialect: &mut dyn Dialect, engine: Engine) {
    let query = if engine.old { "?EIO=3" } else { "" };
    dialect.address(&["ws://h/", query].concat());
}
