//! Clients and pages that join a simulated call, each in its dialect.

use std::time::Duration;

use videocalls_protocol::appointments::Appointments;
use videocalls_protocol::channels_mesh::ChannelsMesh;
use videocalls_protocol::relay::Relay;
use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::socketio_rooms::SocketIoRooms;
use videocalls_protocol::{Dialect, DisplayName, MediaState, ParticipantId, RoomName, TrackState};
use videocalls_session::{Config, Muted, Source};

use super::network::{Conditions, SimulatedNetwork};
use super::page::Kind;
use super::rng::Rng;
use super::stimulus::Stimulus;
use super::systems::Engine;

pub(crate) fn config(dialect: &dyn Dialect, own_id: Option<String>, rng: &mut Rng) -> Config {
    // In the one dialect with a preflight, a room is an appointment.
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
        fetches_token: false,
        seed: u32::try_from(rng.below(1 << 32)).unwrap(),
        measures: false,
    }
}

/// Random conditions that every dialect copes with.
pub(crate) fn random_conditions(rng: &mut Rng) -> Conditions {
    Conditions {
        delay: rng.pick(&[0, 2, 30, 150, 600]),
        duplicates: rng.pick(&[0, 0, 10, 50]),
        reorder: false,
        lost_events: 0,
        browser: rng.pick(&[0, 5, 60, 300]),
        failures: 0,
        without_ufrag: false,
        no_trickle: false,
        late_end_of_candidates: 0,
    }
}

/// Adds a client whose devices and socket take a random time, and schedules its start.
pub(crate) fn add_client(
    network: &mut SimulatedNetwork,
    rng: &mut Rng,
    dialect: Box<dyn Dialect>,
    id: Option<String>,
    at: u64,
) -> usize {
    let mut config = config(&*dialect, id, rng);
    config.capabilities.trickle &= !network.conditions.no_trickle;
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

/// A random time: close to those of others, or anywhere within half a minute.
pub(crate) fn random_time(rng: &mut Rng) -> u64 {
    match rng.below(3) {
        0 => rng.below(50),
        1 => rng.below(1_500),
        _ => rng.below(30_000),
    }
}

pub(crate) fn join_room(network: &mut SimulatedNetwork, rng: &mut Rng, at: u64) {
    add_client(network, rng, Box::new(Rooms::default()), None, at);
}

pub(crate) fn join_relay(network: &mut SimulatedNetwork, rng: &mut Rng, at: u64) {
    let id = format!("{:016x}", rng.next());
    add_client(network, rng, Box::new(Relay::new(id.clone())), Some(id), at);
}

pub(crate) fn open_relay_page(
    network: &mut SimulatedNetwork,
    rng: &mut Rng,
    has_camera_early: bool,
    at: u64,
) {
    let id = format!("{:016x}", rng.next());
    let opening = rng.pick(&[0, 30, 400, 1_200]);
    let asking = match has_camera_early {
        true => opening,
        false => rng.pick(&[0, 10, 300, 2_500, 9_000]),
    };
    let page = network.add_page(Kind::Relay, &id, opening, asking);
    network.stimulus(at, Stimulus::PageStarts { page });
}

/// A random kind of Engine.IO server.
pub(crate) fn engine(rng: &mut Rng) -> Engine {
    Engine {
        old: rng.percent(20),
        ping: rng.percent(10).then_some(25_000),
    }
}

pub(crate) fn join_socket_io_room(
    network: &mut SimulatedNetwork,
    rng: &mut Rng,
    engine: Engine,
    at: u64,
) {
    let mut dialect = SocketIoRooms::new();
    set_engine_version(&mut dialect, engine);
    add_client(network, rng, Box::new(dialect), None, at);
}

pub(crate) fn join_channels_mesh(network: &mut SimulatedNetwork, rng: &mut Rng, at: u64) {
    let dialect = ChannelsMesh::new(&format!("{:016x}", rng.next()));
    add_client(network, rng, Box::new(dialect), None, at);
}

pub(crate) fn join_appointment(
    network: &mut SimulatedNetwork,
    rng: &mut Rng,
    engine: Engine,
    token: &str,
    at: u64,
) {
    let mut dialect = Appointments::new(token).expect("it is a token");
    set_engine_version(&mut dialect, engine);
    add_client(network, rng, Box::new(dialect), None, at);
}

pub(crate) fn set_engine_version(dialect: &mut dyn Dialect, engine: Engine) {
    let query = if engine.old { "?EIO=3" } else { "" };
    dialect.address(&["ws://h/", query].concat());
}
