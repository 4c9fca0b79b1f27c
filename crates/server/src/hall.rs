use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use tracing::info;
use videocalls_protocol::rooms::write_event;
use videocalls_protocol::{
    Event, Join, LeaveReason, MediaState, ParticipantId, Peer, Refusal, RoomName, Signal, Welcome,
};

use crate::Config;
use crate::outbox::Outbox;
use crate::registry::Registry;

/// All rooms of the `rooms` dialect, and who sits in them.
pub(crate) struct Hall {
    rooms: Registry<RoomName, Place>,
    capacity: usize,
    /// The name of this life of the server: after a restart no seat is what it was.
    epoch: String,
    ping_interval: u32,
}

/// What a room knows of one of its participants.
struct Place {
    peer: Peer,
    stream: Stream,
}

/// The numbered events of one seat. A seat that outlives its socket will keep them here.
struct Stream {
    outbox: Outbox,
    seq: u64,
}

/// A seat in a room, given back when it is dropped.
#[must_use]
pub(crate) struct Seat {
    hall: Arc<Hall>,
    room: RoomName,
    id: ParticipantId,
    farewell: Farewell,
}

/// What the others hear of a seat that is given back.
enum Farewell {
    Left(LeaveReason),
    /// Nothing: the server itself ends, and tells them that.
    Silent,
}

/// A signal's addressee is not in the room.
#[derive(Debug)]
pub(crate) struct NoSuchParticipant;

impl Hall {
    pub(crate) fn new(config: &Config) -> Self {
        let ping_interval = config.timing.ping.as_millis();
        Self {
            rooms: Registry::new(),
            capacity: config.room_capacity.get(),
            epoch: format!("{:016x}", rand::random::<u64>()),
            ping_interval: u32::try_from(ping_interval).unwrap_or(u32::MAX),
        }
    }

    /// Takes a seat. The newcomer is told of exactly those who are told of the newcomer.
    pub(crate) fn join(
        self: &Arc<Self>,
        room: RoomName,
        join: Join,
        outbox: Outbox,
    ) -> Result<Seat, Refusal> {
        let peer = Peer {
            id: ParticipantId::new(format!("{:016x}", rand::random::<u64>())),
            name: join.name,
            media: join.media,
        };
        let id = peer.id.clone();
        let count = self.rooms.with(&room, |places| {
            if places.len() >= self.capacity {
                return Err(Refusal::RoomFull);
            }
            outbox.push(self.welcome(&id, places));
            broadcast(places, &id, &Event::Joined(peer.clone()));
            let stream = Stream { outbox, seq: 0 };
            places.push(Place { peer, stream });
            Ok(places.len())
        })?;
        info!(seat = %id, present = count, "joined");
        Ok(Seat {
            hall: Arc::clone(self),
            room,
            id,
            farewell: Farewell::Left(LeaveReason::Lost),
        })
    }

    fn welcome(&self, id: &ParticipantId, places: &[Place]) -> Utf8Bytes {
        let welcome = Welcome {
            id: id.clone(),
            peers: places.iter().map(|place| place.peer.clone()).collect(),
            resume: Some(format!("{:032x}", rand::random::<u128>())),
            epoch: Some(self.epoch.clone()),
            seq: Some(0),
            ping_interval: Some(self.ping_interval),
            keep_alive: None,
        };
        let seq = welcome.seq;
        write_event(&Event::Welcome(welcome), seq).into()
    }
}

impl Seat {
    /// Passes a signal on to one other participant.
    pub(crate) fn signal(
        &self,
        to: &ParticipantId,
        signal: Signal,
    ) -> Result<(), NoSuchParticipant> {
        let event = Event::Signal {
            from: self.id.clone(),
            signal,
        };
        self.hall.rooms.with(&self.room, |places| {
            let mut others = places.iter_mut().filter(|place| place.peer.id != self.id);
            let addressee = others.find(|place| place.peer.id == *to);
            addressee.ok_or(NoSuchParticipant)?.stream.push(&event);
            Ok(())
        })
    }

    /// Tells the others what this participant sends.
    pub(crate) fn media(&self, media: MediaState) {
        let event = Event::Media {
            from: self.id.clone(),
            media,
        };
        self.hall.rooms.with(&self.room, |places| {
            let own = places.iter_mut().find(|place| place.peer.id == self.id);
            own.into_iter().for_each(|place| place.peer.media = media);
            broadcast(places, &self.id, &event);
        });
    }

    /// Gives the seat back with a goodbye.
    pub(crate) fn bye(mut self) {
        self.farewell = Farewell::Left(LeaveReason::Bye);
    }

    /// Gives the seat back without a word.
    pub(crate) fn vanish(mut self) {
        self.farewell = Farewell::Silent;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let present = self.hall.rooms.with(&self.room, |places| {
            places.retain(|place| place.peer.id != self.id);
            if let Farewell::Left(reason) = self.farewell {
                let id = self.id.clone();
                broadcast(places, &self.id, &Event::Left { id, reason });
            }
            places.len()
        });
        let bye = matches!(self.farewell, Farewell::Left(LeaveReason::Bye));
        info!(seat = %self.id, present, bye, "left");
    }
}

impl Stream {
    fn push(&mut self, event: &Event) {
        self.seq += 1;
        self.outbox.push(write_event(event, Some(self.seq)));
    }
}

/// Tells everyone but one.
fn broadcast(places: &mut [Place], except: &ParticipantId, event: &Event) {
    let others = places.iter_mut().filter(|place| place.peer.id != *except);
    others.for_each(|place| place.stream.push(event));
}
