use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use axum::extract::ws::Utf8Bytes;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::info;
use videocalls_protocol::rooms::write_event;
use videocalls_protocol::{
    Event, IceServers, Join, LeaveReason, ParticipantId, Peer, Refusal, Resume, RoomName, Welcome,
};

use crate::config::Config;
use crate::ice::IceOffer;
use crate::membership::{ConnectionEpoch, Grace, Holder, Membership};
use crate::outbox::Outbox;
use crate::resume_token::ResumeToken;
use crate::room::{Claim, Departure, broadcast, broadcast_return, claim, free};
use crate::room_map::RoomMap;

/// All rooms of the `rooms` dialect, with their members.
pub(crate) struct RoomRegistry {
    rooms: RoomMap<RoomName, Membership>,
    capacity: usize,
    /// Identifies this run of the server: after a restart, event numbers mean nothing any more.
    epoch: String,
    ping_interval: u32,
    /// How long a seat is kept after its connection was lost.
    grace: Duration,
    /// How long it is kept for a page that may be reloading.
    reload_grace: Duration,
    event_retention: Duration,
    /// Permits to keep seats without a connection.
    held_seats: Arc<Semaphore>,
    next_connection: AtomicU64,
    ice: IceOffer,
}

impl RoomRegistry {
    pub(crate) fn new(config: &Config) -> Self {
        let timing = config.timing;
        Self {
            rooms: RoomMap::new(),
            capacity: config.room_capacity.get(),
            epoch: format!("{:016x}", rand::random::<u64>()),
            ping_interval: u32::try_from(timing.ping.as_millis()).unwrap_or(u32::MAX),
            grace: timing.seat,
            reload_grace: timing.reload,
            // A lost connection is noticed after a missing pong; then the seat is kept.
            event_retention: timing.pong + timing.seat,
            held_seats: Arc::new(Semaphore::new(config.limits.held_seats)),
            next_connection: AtomicU64::new(0),
            ice: config.ice.clone(),
        }
    }

    /// Numbers a connection that is being opened.
    pub(crate) fn next_connection_epoch(&self) -> ConnectionEpoch {
        ConnectionEpoch(self.next_connection.fetch_add(1, Ordering::Relaxed))
    }

    /// Seats a client, in a new seat or in the one that it had before, and returns its id.
    pub(crate) fn join(
        &self,
        room: &RoomName,
        join: Join,
        outbox: Outbox,
        connection: ConnectionEpoch,
        replaced: CancellationToken,
    ) -> Result<ParticipantId, Refusal> {
        let holder = Holder::Socket {
            outbox: outbox.clone(),
            replaced,
        };
        self.with_room(room, |members| {
            match claim(members, join.resume.as_ref(), connection) {
                Claim::Late => Err(Refusal::Replaced),
                Claim::Own(own, shown) => {
                    members[own].renew_token(shown);
                    let before = members[own].peer.clone();
                    members[own].seat(connection, holder);
                    self.welcome_back(members, own, join, &outbox);
                    broadcast_return(members, own, &before);
                    Ok(before.id)
                }
                Claim::New(..) if members.len() >= self.capacity => Err(Refusal::RoomFull),
                Claim::New(token, shown) => {
                    let member = Membership::new(new_peer(token, join), token, connection, holder);
                    Ok(self.welcome(members, member.accepting(shown), &outbox))
                }
            }
        })
    }

    /// Runs `work` on the members of one room.
    pub(crate) fn with_room<R>(
        &self,
        room: &RoomName,
        work: impl FnOnce(&mut Vec<Membership>) -> R,
    ) -> R {
        self.rooms.with(room, work)
    }

    /// ICE servers for a participant, with credentials that are made now.
    pub(crate) fn ice_servers(&self, id: &ParticipantId) -> IceServers {
        self.ice.issue(id.as_str(), SystemTime::now())
    }

    /// When a participant needs new credentials after they got some.
    pub(crate) fn ice_renewal(&self) -> Option<Duration> {
        self.ice.renewal()
    }

    /// How long events are kept for a client that comes back.
    pub(crate) fn event_retention(&self) -> Duration {
        self.event_retention
    }

    /// Seats a new participant. Its roster holds exactly those who are notified of it.
    fn welcome(
        &self,
        members: &mut Vec<Membership>,
        member: Membership,
        outbox: &Outbox,
    ) -> ParticipantId {
        let id = member.peer.id.clone();
        let joined = Event::Joined(member.peer.clone());
        broadcast(members, &id, &joined);
        members.push(member);
        outbox.push(self.roster(members, members.len() - 1));
        info!(seat = %id, present = members.len(), "joined");
        id
    }

    /// Sends a participant who is back the events they have missed, or else a whole roster.
    fn welcome_back(&self, members: &mut [Membership], own: usize, join: Join, outbox: &Outbox) {
        let member = &mut members[own];
        member.peer.media = join.media;
        let missed = join.resume.and_then(|resume| self.missed(member, &resume));
        let resumed = missed.is_some();
        if let Some((seq, missed)) = missed {
            outbox.push(self.resumed(member, seq));
            missed.into_iter().for_each(|text| outbox.push(text));
        } else {
            member.received = 0;
            member.peer.not_receiving.clear();
            outbox.push(self.roster(members, own));
        }
        info!(seat = %members[own].peer.id, present = members.len(), resumed, "back");
    }

    /// The number of the last event that the client has received, and the events after it.
    fn missed(&self, member: &Membership, resume: &Resume) -> Option<(u64, Vec<Utf8Bytes>)> {
        let same_epoch = resume.epoch.as_deref() == Some(&self.epoch);
        let seq = resume.seq.filter(|_| same_epoch)?;
        Some((seq, member.events_since(seq)?))
    }

    fn roster(&self, members: &[Membership], own: usize) -> Utf8Bytes {
        let member = &members[own];
        let others = members.iter().filter(|other| !other.is(&member.peer.id));
        write(Welcome {
            peers: others.map(|other| other.peer.clone()).collect(),
            ..self.welcome_to(member, member.seq())
        })
    }

    fn resumed(&self, member: &Membership, seq: u64) -> Utf8Bytes {
        write(Welcome {
            resumed: true,
            heard: Some(member.received),
            ..self.welcome_to(member, seq)
        })
    }

    fn welcome_to(&self, member: &Membership, seq: u64) -> Welcome {
        Welcome {
            id: member.peer.id.clone(),
            peers: Vec::new(),
            resumed: false,
            heard: None,
            resume: Some(member.token().to_text()),
            epoch: Some(self.epoch.clone()),
            seq: Some(seq),
            ping_interval: Some(self.ping_interval),
            keep_alive: None,
            ice_servers: self.ice_servers(&member.peer.id),
        }
    }

    /// Permission to keep a seat without a connection, with the timer that ends it. Nothing if too
    /// many seats are kept already.
    pub(crate) fn grace(
        self: &Arc<Self>,
        room: &RoomName,
        connection: ConnectionEpoch,
        reason: LeaveReason,
    ) -> Option<Grace> {
        let grace = match reason {
            LeaveReason::Bye => self.reload_grace.min(self.grace),
            _ => self.grace,
        };
        if grace.is_zero() {
            return None;
        }
        let permit = Arc::clone(&self.held_seats).try_acquire_owned().ok()?;
        let registry = Arc::downgrade(self);
        let room = room.clone();
        // Without a runtime the program is ending.
        let timer = Handle::try_current().ok()?.spawn(async move {
            sleep(grace).await;
            if let Some(registry) = registry.upgrade() {
                let left = Departure::Left(reason);
                registry.with_room(&room, |members| free(members, connection, left));
            }
        });
        Some(Grace {
            _timer: AbortOnDropHandle::new(timer),
            _permit: permit,
        })
    }
}

#[cfg(test)]
impl RoomRegistry {
    /// The number of rooms, and of seats that are kept without a connection.
    pub(crate) fn usage(&self, held_seats: usize) -> (usize, usize) {
        let held = held_seats - self.held_seats.available_permits();
        (self.rooms.len(), held)
    }
}

fn write(welcome: Welcome) -> Utf8Bytes {
    let seq = welcome.seq;
    write_event(&Event::Welcome(welcome), seq).into()
}

fn new_peer(token: ResumeToken, join: Join) -> Peer {
    Peer {
        media: join.media,
        ..Peer::new(token.id(), join.name)
    }
}
