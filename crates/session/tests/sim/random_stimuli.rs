//! Random stimuli for schedules.

use videocalls_protocol::Source;

use super::arrivals::random_time;
use super::ledger::Kind;
use super::network::SimulatedNetwork;
use super::rng::Rng;
use super::stimulus::Stimulus;

/// A random stimulus that concerns a client.
pub(crate) fn stimulus(rng: &mut Rng, clients: u64) -> Stimulus {
    let client = rng.below(clients) as usize;
    let source = rng.pick(&[Source::Microphone, Source::Camera, Source::Screen]);
    match rng.below(10) {
        0 | 1 => Stimulus::Toggle {
            client,
            source,
            on: rng.pick(&[None, None, Some(true), Some(false)]),
        },
        2 => Stimulus::DeviceGone { client, source },
        3..=6 => Stimulus::Renegotiate {
            client,
            both: rng.percent(60),
            restart: rng.percent(30),
        },
        _ => Stimulus::Replay { client },
    }
}

/// Schedules some random stimuli.
pub(crate) fn random_stimuli(network: &mut SimulatedNetwork, rng: &mut Rng, clients: u64) {
    for _ in 0..rng.below(6) {
        let (at, stimulus) = (random_time(rng), stimulus(rng, clients));
        network.stimulus(at, stimulus);
    }
    messages(network, rng, clients);
}

/// A random client sends something to the others.
pub(crate) fn message(rng: &mut Rng, clients: u64) -> Stimulus {
    let client = rng.below(clients) as usize;
    let kind = rng.pick(&[
        Kind::Line,
        Kind::DirectLine,
        Kind::Payload,
        Kind::UnreliablePayload,
    ]);
    match rng.below(5) {
        0 => Stimulus::RaiseHand { client },
        _ => Stimulus::Send { client, kind },
    }
}

/// Schedules that clients send each other something.
pub(crate) fn messages(network: &mut SimulatedNetwork, rng: &mut Rng, clients: u64) {
    for _ in 0..rng.pick(&[0, 0, 1, 3, 6]) {
        let (at, stimulus) = (random_time(rng), message(rng, clients));
        network.stimulus(at, stimulus);
    }
}

/// A random disturbance of the connection between a client and the server.
pub(crate) fn disturbance(rng: &mut Rng, clients: u64, at: u64) -> Stimulus {
    let client = rng.below(clients) as usize;
    match rng.below(10) {
        0..=4 => Stimulus::LoseSocket { client },
        5 | 6 => Stimulus::Restart {
            down: rng.pick(&[0, 0, 200, 3_000, 14_000]),
        },
        7 | 8 => Stimulus::NetworkOutage {
            client,
            until: 1_000 + at + rng.pick(&[1_000, 7_000, 12_000, 30_000]),
        },
        _ => Stimulus::NetworkChange { client },
    }
}

/// Schedules some disturbances, or none.
pub(crate) fn disturbances(network: &mut SimulatedNetwork, rng: &mut Rng, clients: u64) {
    for _ in 0..rng.pick(&[0, 0, 1, 1, 2, 4]) {
        let at = random_time(rng);
        let stimulus = disturbance(rng, clients, at);
        network.stimulus(at, stimulus);
    }
}

/// Schedules disturbances of clients only: an old page would not recover from one.
pub(crate) fn client_losses(network: &mut SimulatedNetwork, rng: &mut Rng, clients: u64) {
    for _ in 0..rng.pick(&[0, 0, 1, 1, 2, 4]) {
        let (at, client) = (random_time(rng), rng.below(clients) as usize);
        let stimulus = match rng.below(5) {
            0 => Stimulus::NetworkChange { client },
            _ => Stimulus::LoseSocket { client },
        };
        network.stimulus(at, stimulus);
    }
}

/// Schedules departures, and returns the times at which somebody joins instead.
pub(crate) fn departures(network: &mut SimulatedNetwork, rng: &mut Rng, clients: u64) -> Vec<u64> {
    let mut arrivals = Vec::new();
    for _ in 0..rng.pick(&[0, 0, 1, 1, 2]) {
        let (at, client) = (random_time(rng), rng.below(clients) as usize);
        let stimulus = match rng.below(4) {
            0 | 1 => Stimulus::Leave { client },
            2 => Stimulus::Crash { client },
            _ => Stimulus::LoseSocket { client },
        };
        network.stimulus(at, stimulus);
        if rng.percent(60) {
            arrivals.push(at + rng.pick(&[0, 1, 50, 3_000, 26_000]));
        }
    }
    arrivals
}

/// Sometimes schedules that a client's media does not get through for a while.
pub(crate) fn media_outage(network: &mut SimulatedNetwork, rng: &mut Rng, clients: u64) {
    if rng.percent(10) {
        let (at, client) = (random_time(rng), rng.below(clients) as usize);
        let until = 1_000 + at + rng.pick(&[1_000, 7_000, 12_000, 25_000]);
        network.stimulus(at, Stimulus::MediaOutage { client, until });
    }
}
