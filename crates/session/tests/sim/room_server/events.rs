//! How the model of our own server sends events to the seats of a room.

use videocalls_protocol::rooms::write_event;
use videocalls_protocol::{Event, IceServers, ParticipantId, Peer, Terms, Welcome};

use super::super::connections::ConnId;
use super::super::network::{Occurrence, SimulatedNetwork};
use super::{LOSSES_END, RING};

impl SimulatedNetwork {
    pub(super) fn send_resumed(&mut self, conn: ConnId, seq: Option<u64>) {
        let welcome = self.welcome_text(conn, true, seq);
        self.send_down(conn, welcome, false);
    }

    pub(super) fn send_welcome(&mut self, conn: ConnId, resumed: bool) {
        let welcome = self.welcome_text(conn, resumed, None);
        self.send_down(conn, welcome, false);
    }

    pub(super) fn welcome_text(&mut self, conn: ConnId, resumed: bool, seq: Option<u64>) -> String {
        let room_server = self.room_server();
        let (numbers, ping_interval, epoch) = (
            room_server.numbers,
            room_server.ping,
            room_server.epoch.to_string(),
        );
        let peers = room_server
            .seats
            .iter()
            .filter(|seat| seat.conn != Some(conn));
        let peers = peers.map(|seat| Peer {
            away: seat.conn.is_none(),
            ..seat.peer.clone()
        });
        let peers: Vec<_> = if resumed { Vec::new() } else { peers.collect() };
        let seat = room_server.seat_at(conn).expect("it has been taken");
        let welcome = Welcome {
            id: seat.peer.id.clone(),
            peers,
            resumed,
            heard: resumed.then_some(seat.heard),
            resume: numbers.then(|| seat.token()),
            epoch: numbers.then_some(epoch),
            seq: seq.or(numbers.then_some(seat.seq)),
            ping_interval,
            keep_alive: None,
            ice_servers: IceServers::default(),
            terms: Terms::default(),
        };
        write_event(&Event::Welcome(welcome), None)
    }

    pub(super) fn announce_to_others(&mut self, except: &ParticipantId, event: &Event) {
        let ids = self
            .room_server()
            .seats
            .iter()
            .map(|seat| seat.peer.id.clone());
        for id in ids.filter(|id| id != except).collect::<Vec<_>>() {
            self.send_to_seat(&id, event);
        }
    }

    /// Sends an event to a seat, or keeps it for its holder.
    pub(super) fn send_to_seat(&mut self, id: &ParticipantId, event: &Event) {
        let numbers = self.room_server().numbers;
        let mut seats = self.room_server().seats.iter_mut();
        let seat = seats.find(|seat| seat.peer.id == *id).expect("it is there");
        seat.seq += 1;
        let (seq, conn) = (seat.seq, seat.conn);
        if numbers {
            seat.ring.push((seq, event.clone()));
            if seat.ring.len() > RING {
                seat.ring.remove(0);
            }
        }
        if let Some(conn) = conn {
            let signal = matches!(event, Event::Signal { .. });
            self.send_event(conn, write_event(event, numbers.then_some(seq)), signal);
        }
    }

    /// Sends an event, which may be lost or delayed, depending on the conditions.
    pub(super) fn send_event(&mut self, conn: ConnId, text: String, signal: bool) {
        if self.now > LOSSES_END || !self.rng.percent(self.conditions.lost_events) {
            return self.send_down(conn, text, signal);
        }
        self.tally.disturbances += 1;
        if self.rng.percent(50) {
            let late = self.conditions.delay + self.rng.below(200);
            self.after(late, Occurrence::Down { conn, text });
        }
    }

    /// Sends an event without a number.
    pub(super) fn send_unnumbered(&mut self, conn: ConnId, event: &Event) {
        self.send_down(conn, write_event(event, None), false);
    }
}
