use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use axum::extract::ws::Utf8Bytes;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;
use tracing::info;
use videocalls_protocol::rooms::write_event;
use videocalls_protocol::{
    Event, IceServers, Join, Knock, LeaveReason, ParticipantId, Peer, Refusal, Resume, RoomName,
    Welcome,
};

use crate::access::{Bearer, Verifier};
use crate::config::Config;
use crate::decision::Decision;
use crate::ice::IceOffer;
use crate::lease::Lease;
use crate::membership::{ConnectionEpoch, Grace, Holder, Membership};
use crate::outbox::Outbox;
use crate::publishing::limit_media;
use crate::resume_token::ResumeToken;
use crate::room::{Claim, Departure, Room, broadcast, broadcast_return, claim, free};
use crate::room_map::RoomMap;
use crate::room_rules::{Admission, Entrance};

/// All rooms of the `rooms` dialect, with their members.
pub(crate) struct RoomRegistry {
    rooms: RoomMap<RoomName, Room>,
    verifier: Verifier,
    capacity: usize,
    /// Whether newcomers wait in the lobby of a room at first.
    lobby: bool,
    /// Identifies this run of the server: after a restart, event numbers mean nothing any more.
    epoch: String,
    ping_interval: u32,
    /// How long a seat is kept after its connection was lost.
    grace: Duration,
    /// How long it is kept for a page that may be reloading.
    reload_grace: Duration,
    event_retention: Duration,
    /// How long a seat outlives its access token.
    token_grace: Duration,
    /// Permits to keep seats without a connection.
    held_seats: Arc<Semaphore>,
    next_connection: AtomicU64,
    ice: IceOffer,
}

/// A client that joins.
pub(crate) struct Entrant {
    pub(crate) join: Join,
    pub(crate) outbox: Outbox,
    pub(crate) connection: ConnectionEpoch,
    /// Made when the connection loses the seat that it gets.
    pub(crate) eviction: Decision<Refusal>,
    /// Whether a moderator has admitted this very client.
    pub(crate) is_admitted: bool,
}

/// What a client gets that joins.
pub(crate) enum Joined {
    /// A seat, for as long as the access token lasts.
    Seated(ParticipantId, Lease),
    /// A place in the lobby, until the decision is made.
    Waiting(Box<Ticket>),
}

/// What the registry gives to a client that waits.
pub(crate) struct Ticket {
    pub(crate) id: ParticipantId,
    pub(crate) decision: Decision<Admission>,
    pub(crate) join: Join,
    pub(crate) bearer: Bearer,
}

impl Entrant {
    fn holder(&self) -> Holder {
        Holder::Socket {
            outbox: self.outbox.clone(),
            eviction: self.eviction.clone(),
        }
    }

    /// The member that this client becomes. The name in its token counts more than its own.
    fn member(self, token: ResumeToken, bearer: Bearer) -> Membership {
        let holder = self.holder();
        let name = bearer.name.clone().or(self.join.name);
        let peer = Peer {
            media: limit_media(self.join.media, bearer.grants),
            ..Peer::new(token.id(), name)
        };
        Membership::new(peer, bearer, token, self.connection, holder)
    }
}

impl RoomRegistry {
    pub(crate) fn new(config: &Config) -> Self {
        let timing = config.timing;
        Self {
            rooms: RoomMap::new(),
            verifier: Verifier::new(&config.access),
            capacity: config.room_capacity.get(),
            lobby: config.lobby,
            epoch: format!("{:016x}", rand::random::<u64>()),
            ping_interval: u32::try_from(timing.ping.as_millis()).unwrap_or(u32::MAX),
            grace: timing.seat,
            reload_grace: timing.reload,
            // A lost connection is noticed after a missing pong; then the seat is kept.
            event_retention: timing.pong + timing.seat,
            token_grace: timing.token,
            held_seats: Arc::new(Semaphore::new(config.limits.held_seats)),
            next_connection: AtomicU64::new(0),
            ice: config.ice.clone(),
        }
    }

    /// Numbers a connection that is being opened.
    pub(crate) fn next_connection_epoch(&self) -> ConnectionEpoch {
        ConnectionEpoch(self.next_connection.fetch_add(1, Ordering::Relaxed))
    }

    /// Seats a client, in a new seat or in the one that it had before, or lets it wait in the lobby.
    pub(crate) fn join(&self, room: &RoomName, entrant: Entrant) -> Result<Joined, Refusal> {
        let bearer = self.verifier.verify(entrant.join.token.as_deref(), room)?;
        let lease = Lease::new(bearer.expires, self.token_grace);
        self.with_room(room, |room| {
            let resume = entrant.join.resume.as_ref();
            match claim(&room.members, resume, entrant.connection) {
                Claim::Late => Err(Refusal::Replaced),
                Claim::Own(own, shown) => {
                    if !room.members[own].bearer().may_be(&bearer) {
                        return Err(Refusal::Forbidden);
                    }
                    room.members[own].renew_token(shown);
                    Ok(Joined::Seated(
                        self.reseat(room, own, entrant, bearer),
                        lease,
                    ))
                }
                Claim::New(token, shown) => {
                    let entrance = room
                        .rules
                        .entrance(&bearer, entrant.is_admitted, self.lobby)?;
                    if entrance == Entrance::Lobby {
                        return self.knock(room, entrant.join, bearer);
                    }
                    if room.members.len() >= self.capacity {
                        return Err(Refusal::RoomFull);
                    }
                    if !self.verifier.admits(&bearer) {
                        return Err(Refusal::TokenUsed);
                    }
                    let outbox = entrant.outbox.clone();
                    let member = entrant.member(token, bearer).accepting(shown);
                    Ok(Joined::Seated(self.welcome(room, member, &outbox), lease))
                }
            }
        })
    }

    /// Gives a client the seat that it had before.
    fn reseat(
        &self,
        room: &mut Room,
        own: usize,
        entrant: Entrant,
        bearer: Bearer,
    ) -> ParticipantId {
        let before = room.members[own].peer.clone();
        let outbox = entrant.outbox.clone();
        let (holder, connection) = (entrant.holder(), entrant.connection);
        room.members[own].renew_bearer(bearer);
        room.members[own].seat(connection, holder);
        self.welcome_back(room, own, entrant.join, &outbox);
        broadcast_return(&mut room.members, own, &before);
        before.id
    }

    fn knock(&self, room: &mut Room, join: Join, bearer: Bearer) -> Result<Joined, Refusal> {
        let knock = Knock {
            id: ResumeToken::new().id(),
            name: bearer.name.clone().or_else(|| join.name.clone()),
        };
        let decision = Decision::new();
        let id = knock.id.clone();
        room.knock(knock, &bearer, decision.clone())?;
        info!("waits in the lobby");
        Ok(Joined::Waiting(Box::new(Ticket {
            id,
            decision,
            join,
            bearer,
        })))
    }

    /// Checks another token of a participant.
    pub(crate) fn verify(&self, token: &str, room: &RoomName) -> Result<Bearer, Refusal> {
        self.verifier.verify(Some(token), room)
    }

    pub(crate) fn ping_interval(&self) -> u32 {
        self.ping_interval
    }

    /// Whether rooms have a lobby at first.
    pub(crate) fn lobby(&self) -> bool {
        self.lobby
    }

    /// Runs `work` on one room.
    pub(crate) fn with_room<R>(&self, room: &RoomName, work: impl FnOnce(&mut Room) -> R) -> R {
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
    fn welcome(&self, room: &mut Room, member: Membership, outbox: &Outbox) -> ParticipantId {
        let id = member.peer.id.clone();
        let joined = Event::Joined(member.peer.clone());
        broadcast(&mut room.members, &id, &joined);
        room.members.push(member);
        outbox.push(self.roster(room, room.members.len() - 1));
        info!(seat = %id, present = room.members.len(), "joined");
        id
    }

    /// Sends a participant who is back the events they have missed, or else a whole roster.
    fn welcome_back(&self, room: &mut Room, own: usize, join: Join, outbox: &Outbox) {
        let member = &mut room.members[own];
        member.set_media(join.media);
        let missed = join.resume.and_then(|resume| self.missed(member, &resume));
        let resumed = missed.is_some();
        if let Some((seq, missed)) = missed {
            outbox.push(self.resumed(room, own, seq));
            missed.into_iter().for_each(|text| outbox.push(text));
        } else {
            member.received = 0;
            member.peer.not_receiving.clear();
            outbox.push(self.roster(room, own));
            room.members[own].ask_again();
        }
        info!(seat = %room.members[own].peer.id, present = room.members.len(), resumed, "back");
    }

    /// The number of the last event that the client has received, and the events after it.
    fn missed(&self, member: &Membership, resume: &Resume) -> Option<(u64, Vec<Utf8Bytes>)> {
        let same_epoch = resume.epoch.as_deref() == Some(&self.epoch);
        let seq = resume.seq.filter(|_| same_epoch)?;
        Some((seq, member.events_since(seq)?))
    }

    fn roster(&self, room: &Room, own: usize) -> Utf8Bytes {
        let member = &room.members[own];
        let others = room.members.iter();
        let others = others.filter(|other| !other.is(&member.peer.id));
        write(Welcome {
            peers: others.map(|other| other.peer.clone()).collect(),
            ..self.welcome_to(room, own, member.seq())
        })
    }

    fn resumed(&self, room: &Room, own: usize, seq: u64) -> Utf8Bytes {
        write(Welcome {
            resumed: true,
            heard: Some(room.members[own].received),
            ..self.welcome_to(room, own, seq)
        })
    }

    fn welcome_to(&self, room: &Room, own: usize, seq: u64) -> Welcome {
        let member = &room.members[own];
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
            terms: room.terms(own, self.lobby),
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
                registry.with_room(&room, |room| free(&mut room.members, connection, left));
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
