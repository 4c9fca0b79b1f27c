//! The schedules: who joins when, what they do, and under which conditions.

use videocalls_protocol::Source;

use super::arrivals::{
    engine, join_appointment, join_channels_mesh, join_relay, join_room, join_socket_io_room,
    open_relay_page, random_conditions, random_time,
};
use super::network::SimulatedNetwork;
use super::page::Kind;
use super::random_stimuli::{
    client_losses, departures, disturbances, media_outage, message, messages, random_stimuli,
    stimulus,
};
use super::rng::Rng;
use super::room_server::RoomServer;
use super::server::Server;
use super::stimulus::Stimulus;
use super::systems::{AppointmentState, CLIENT, Engine, PROFESSIONAL};

/// When a schedule ends, in ms. Everything planned has happened long before, so all must be settled.
const END: u64 = 400_000;

/// A settled call whose sockets and server are lost again and again: no link may be closed while media
/// flows on it.
pub(crate) fn settled(seed: u64, traced: bool) -> SimulatedNetwork {
    let mut rng = Rng::new(seed ^ 0x1299);
    let conditions = random_conditions(&mut rng);
    let engine = Engine {
        old: false,
        ..engine(&mut rng)
    };
    let (members, conns, appointment) = (Vec::new(), Vec::new(), AppointmentState::default());
    let (server, clients) = match seed % 5 {
        0 => (Server::Rooms(RoomServer::new(16, None, true)), 3),
        1 => (Server::relay(true), 2),
        2 => (Server::Pairs { members, engine }, 2),
        3 => (Server::Mesh { conns }, 3),
        _ => (
            Server::Appointments {
                appointment,
                engine,
            },
            2,
        ),
    };
    let mut network = SimulatedNetwork::new(seed, server, conditions, traced);
    for number in 0..clients {
        let at = 100 * number;
        match seed % 5 {
            0 => join_room(&mut network, &mut rng, at),
            1 => join_relay(&mut network, &mut rng, at),
            2 => join_socket_io_room(&mut network, &mut rng, engine, at),
            3 => join_channels_mesh(&mut network, &mut rng, at),
            _ => {
                let token = [CLIENT, PROFESSIONAL][number as usize];
                join_appointment(&mut network, &mut rng, engine, token, at);
            }
        }
    }
    for _ in 0..1 + rng.below(5) {
        let (at, client) = (60_000 + random_time(&mut rng), rng.below(clients) as usize);
        let stimulus = match rng.below(12) {
            8.. => message(&mut rng, clients),
            0..=3 => Stimulus::LoseSocket { client },
            4 | 5 => Stimulus::Restart {
                down: rng.pick(&[0, 0, 200, 3_000, 14_000]),
            },
            6 => Stimulus::NetworkChange { client },
            _ => Stimulus::Renegotiate {
                client: 0,
                both: false,
                restart: false,
            },
        };
        network.stimulus(at, stimulus);
    }
    network.run(60_000);
    let before = network.tally.cut_links;
    network.run(END);
    assert_eq!(network.tally.cut_links, before, "a working link was closed");
    network
}

/// One to five clients in a room.
pub(crate) fn rooms(seed: u64, traced: bool) -> SimulatedNetwork {
    let mut rng = Rng::new(seed ^ 0x0A11);
    let numbers = rng.percent(60);
    // A lost event that no other follows is only noticed by the next ping.
    let lost_events = rng.pick(&[0, 0, 0, 0, 0, 0, 0, 2, 10, 30]) * u64::from(numbers);
    let ping = (lost_events > 0 || rng.percent(10)).then_some(10_000);
    let capacity = if rng.percent(5) { 2 } else { 16 };
    let mut conditions = random_conditions(&mut rng);
    conditions.lost_events = lost_events;
    conditions.without_ufrag = rng.percent(5);
    conditions.no_trickle = rng.percent(10);
    conditions.failures = rng.pick(&[0, 0, 0, 0, 0, 30]);
    let mut network = SimulatedNetwork::new(
        seed,
        Server::Rooms(RoomServer::new(capacity, ping, numbers)),
        conditions,
        traced,
    );
    network.measures = rng.percent(10);
    let clients = rng.pick(&[1, 2, 2, 2, 2, 2, 2, 3, 3, 4, 5]);
    for _ in 0..clients {
        let at = random_time(&mut rng);
        join_room(&mut network, &mut rng, at);
    }
    random_stimuli(&mut network, &mut rng, clients);
    disturbances(&mut network, &mut rng, clients);
    for at in departures(&mut network, &mut rng, clients) {
        join_room(&mut network, &mut rng, at);
    }
    media_outage(&mut network, &mut rng, clients);
    network.run(END);
    network
}

/// Two clients on a relay, which may reload, and sometimes a third, for whom there is no room.
pub(crate) fn relay(seed: u64, traced: bool) -> SimulatedNetwork {
    let mut rng = Rng::new(seed ^ 0x0B22);
    let mut conditions = random_conditions(&mut rng);
    conditions.reorder = rng.percent(30);
    conditions.failures = rng.pick(&[0, 0, 0, 0, 0, 30]);
    let mut network =
        SimulatedNetwork::new(seed, Server::relay(rng.percent(50)), conditions, traced);
    let clients = 2;
    for _ in 0..clients {
        let at = random_time(&mut rng);
        join_relay(&mut network, &mut rng, at);
    }
    if rng.percent(15) {
        let at = random_time(&mut rng);
        join_relay(&mut network, &mut rng, at);
    }
    random_stimuli(&mut network, &mut rng, clients);
    disturbances(&mut network, &mut rng, clients);
    for at in departures(&mut network, &mut rng, clients) {
        join_relay(&mut network, &mut rng, at);
    }
    media_outage(&mut network, &mut rng, clients);
    network.run(END);
    network
}

/// A client and an old page of videocalls.js, in either order.
pub(crate) fn legacy(seed: u64, traced: bool) -> SimulatedNetwork {
    let mut rng = Rng::new(seed ^ 0x0C33);
    let mut conditions = random_conditions(&mut rng);
    conditions.reorder = false;
    let mut network =
        SimulatedNetwork::new(seed, Server::relay(rng.percent(70)), conditions, traced);
    let at = random_time(&mut rng);
    join_relay(&mut network, &mut rng, at);
    // A page that gets its camera late offers again once. If we are away just then, the offer is lost.
    let has_camera_early = rng.percent(50);
    if has_camera_early {
        client_losses(&mut network, &mut rng, 1);
    }
    let mut at = random_time(&mut rng);
    open_relay_page(&mut network, &mut rng, has_camera_early, at);
    for _ in 0..rng.below(4) {
        let at = random_time(&mut rng);
        let client = 0;
        let source = rng.pick(&[Source::Microphone, Source::Camera]);
        let stimulus = match rng.below(3) {
            0 => Stimulus::Toggle {
                client,
                source,
                on: None,
            },
            _ => Stimulus::Replay { client },
        };
        network.stimulus(at, stimulus);
    }
    if rng.percent(30) {
        at += random_time(&mut rng);
        network.stimulus(at, Stimulus::PageEnds { page: 0 });
        if rng.percent(70) {
            at += rng.pick(&[700, 1_300, 3_000, 20_000]);
            open_relay_page(&mut network, &mut rng, has_camera_early, at);
        }
    }
    network.run(END);
    network
}

/// Two clients in a Socket.IO room, which may reload, lose their sockets or crash, and sometimes a third.
pub(crate) fn pairs(seed: u64, traced: bool) -> SimulatedNetwork {
    let mut rng = Rng::new(seed ^ 0x0D44);
    let mut conditions = random_conditions(&mut rng);
    conditions.failures = rng.pick(&[0, 0, 0, 0, 0, 30]);
    let engine = engine(&mut rng);
    let members = Vec::new();
    let mut network =
        SimulatedNetwork::new(seed, Server::Pairs { members, engine }, conditions, traced);
    for _ in 0..if rng.percent(15) { 3 } else { 2 } {
        let at = random_time(&mut rng);
        join_socket_io_room(&mut network, &mut rng, engine, at);
    }
    random_stimuli(&mut network, &mut rng, 2);
    disturbances(&mut network, &mut rng, 2);
    for at in departures(&mut network, &mut rng, 2) {
        join_socket_io_room(&mut network, &mut rng, engine, at);
    }
    media_outage(&mut network, &mut rng, 2);
    network.run(END);
    network
}

/// A client and an old page in a Socket.IO room, in either order.
pub(crate) fn old_pairs(seed: u64, traced: bool) -> SimulatedNetwork {
    let mut rng = Rng::new(seed ^ 0x0E55);
    let conditions = random_conditions(&mut rng);
    let engine = engine(&mut rng);
    let members = Vec::new();
    let mut network =
        SimulatedNetwork::new(seed, Server::Pairs { members, engine }, conditions, traced);
    let mut at = random_time(&mut rng);
    let ours = random_time(&mut rng);
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
    join_socket_io_room(&mut network, &mut rng, engine, ours);
    for _ in 0..rng.below(4) {
        let client = 0;
        let at = random_time(&mut rng);
        network.stimulus(at, Stimulus::Replay { client });
    }
    client_losses(&mut network, &mut rng, 1);
    match rng.below(4) {
        // The page is closed, with or without a message, and another joins.
        0 => {
            at += 1_000 + random_time(&mut rng);
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
        // We leave or crash, and join again, with a page that may have been second in the room.
        1 => {
            let client = 0;
            let mut at = 1_000 + ours + random_time(&mut rng);
            network.stimulus(
                at,
                match rng.percent(50) {
                    true => Stimulus::Leave { client },
                    false => Stimulus::Crash { client },
                },
            );
            // After a crash, our old socket keeps the room full for a while.
            at += rng.pick(&[700, 3_000, 26_000]);
            join_socket_io_room(&mut network, &mut rng, engine, at);
        }
        _ => {}
    }
    network.run(END);
    network
}

/// One to four clients in the channels mesh.
pub(crate) fn mesh(seed: u64, traced: bool) -> SimulatedNetwork {
    let mut rng = Rng::new(seed ^ 0x0F66);
    let mut conditions = random_conditions(&mut rng);
    conditions.late_end_of_candidates = rng.pick(&[0, 0, 10_000]);
    conditions.failures = rng.pick(&[0, 0, 0, 0, 0, 30]);
    let conns = Vec::new();
    let mut network = SimulatedNetwork::new(seed, Server::Mesh { conns }, conditions, traced);
    let clients = rng.pick(&[1, 2, 2, 2, 3, 4]);
    for _ in 0..clients {
        let at = random_time(&mut rng);
        join_channels_mesh(&mut network, &mut rng, at);
    }
    random_stimuli(&mut network, &mut rng, clients);
    disturbances(&mut network, &mut rng, clients);
    for at in departures(&mut network, &mut rng, clients) {
        join_channels_mesh(&mut network, &mut rng, at);
    }
    media_outage(&mut network, &mut rng, clients);
    network.run(END);
    network
}

/// Clients and old pages in the channels mesh.
pub(crate) fn old_mesh(seed: u64, traced: bool) -> SimulatedNetwork {
    let mut rng = Rng::new(seed ^ 0x1077);
    let mut conditions = random_conditions(&mut rng);
    conditions.late_end_of_candidates = rng.pick(&[0, 0, 0, 10_000]);
    let conns = Vec::new();
    let mut network = SimulatedNetwork::new(seed, Server::Mesh { conns }, conditions, traced);
    let clients = rng.pick(&[1, 1, 2]);
    for _ in 0..clients {
        let at = random_time(&mut rng);
        join_channels_mesh(&mut network, &mut rng, at);
    }
    let mut last = 0;
    for number in 0..rng.pick(&[1, 1, 2]) {
        last = random_time(&mut rng);
        let opening = rng.pick(&[0, 30, 400]);
        let page = network.add_page(Kind::Mesh, &format!("{number:04x}"), opening, 0);
        network.stimulus(last, Stimulus::PageStarts { page });
    }
    for _ in 0..rng.below(3) {
        let client = rng.below(clients) as usize;
        let at = random_time(&mut rng);
        network.stimulus(at, Stimulus::Replay { client });
    }
    if rng.percent(30) {
        network.stimulus(
            last + 1_000 + random_time(&mut rng),
            Stimulus::PageEnds { page: 0 },
        );
    }
    client_losses(&mut network, &mut rng, clients);
    for at in departures(&mut network, &mut rng, clients) {
        join_channels_mesh(&mut network, &mut rng, at);
    }
    media_outage(&mut network, &mut rng, clients);
    network.run(END);
    network
}

/// A client and a professional in an appointment, in either order; both may join again.
pub(crate) fn appointments(seed: u64, traced: bool) -> SimulatedNetwork {
    let mut rng = Rng::new(seed ^ 0x1188);
    // If an operation of a professional's browser fails, there is no way to ask for another offer.
    let conditions = random_conditions(&mut rng);
    // A server of the old kind does not receive the token.
    let engine = Engine {
        old: false,
        ..engine(&mut rng)
    };
    let appointment = AppointmentState::default();
    let mut network = SimulatedNetwork::new(
        seed,
        Server::Appointments {
            appointment,
            engine,
        },
        conditions,
        traced,
    );
    for token in [CLIENT, PROFESSIONAL] {
        let at = random_time(&mut rng);
        join_appointment(&mut network, &mut rng, engine, token, at);
    }
    for _ in 0..rng.below(5) {
        let at = random_time(&mut rng);
        let stimulus = match stimulus(&mut rng, 2) {
            Stimulus::Toggle { source, on, .. } if source == Source::Screen => Stimulus::Toggle {
                client: 0,
                source,
                on,
            },
            // Only the client may start a negotiation.
            Stimulus::Renegotiate { restart, .. } => Stimulus::Renegotiate {
                client: 0,
                both: false,
                restart,
            },
            other => other,
        };
        network.stimulus(at, stimulus);
    }
    messages(&mut network, &mut rng, 2);
    disturbances(&mut network, &mut rng, 2);
    for (client, token) in [CLIENT, PROFESSIONAL].into_iter().enumerate() {
        if rng.percent(30) {
            let at = random_time(&mut rng);
            network.stimulus(
                at,
                match rng.percent(50) {
                    true => Stimulus::Leave { client },
                    false => Stimulus::Crash { client },
                },
            );
            if rng.percent(70) {
                let rejoins_at = at + rng.pick(&[1, 50, 1_000, 3_000, 30_000]);
                join_appointment(&mut network, &mut rng, engine, token, rejoins_at);
            }
        }
    }
    media_outage(&mut network, &mut rng, 2);
    network.run(END);
    network
}
