use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::info;
use videocalls_protocol::rooms::write_event;
use videocalls_protocol::{
    Event, Join, LeaveReason, ParticipantId, Peer, Refusal, Resume, RoomName, Welcome,
};

use crate::Config;
use crate::membership::{ConnectionEpoch, Grace, Holder, Membership};
use crate::outbox::Outbox;
use crate::resume_token::ResumeToken;
use crate::room::{Claim, Departure, broadcast, claim, free, tell_changes};
use crate::room_map::RoomMap;
use crate::seat::Seat;

/// All rooms of the `rooms` dialect, and who sits in them.
pub(crate) struct RoomRegistry {
    rooms: RoomMap<RoomName, Membership>,
    capacity: usize,
    /// The name of this life of the server: after a restart no seat is what it was.
    epoch: String,
    ping_interval: u32,
    /// How long a seat is held whose socket is lost.
    grace: Duration,
    /// How long it is held for a page that went away and may only have been loaded anew.
    reload: Duration,
    memory: Duration,
    /// Leaves to hold a seat; without one it is given up at once.
    holds: Arc<Semaphore>,
    next_connection: AtomicU64,
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
            reload: timing.reload,
            // A dead socket is found dead so late.
            memory: timing.pong + timing.seat,
            holds: Arc::new(Semaphore::new(config.limits.held_seats)),
            next_connection: AtomicU64::new(0),
        }
    }

    /// Counts a socket that has been opened.
    pub(crate) fn next_connection_epoch(&self) -> ConnectionEpoch {
        ConnectionEpoch(self.next_connection.fetch_add(1, Ordering::Relaxed))
    }

    /// Takes a seat: a new one, or again the one that was lost.
    pub(crate) fn join(
        self: &Arc<Self>,
        room: RoomName,
        join: Join,
        outbox: Outbox,
        connection: ConnectionEpoch,
    ) -> Result<Seat, Refusal> {
        let replaced = CancellationToken::new();
        let holder = Holder::Socket {
            outbox: outbox.clone(),
            replaced: replaced.clone(),
        };
        let id = self.rooms.with(&room, |members| {
            match claim(members, join.resume.as_ref(), connection) {
                Claim::Late => Err(Refusal::Replaced),
                Claim::Own(own, shown) => {
                    members[own].renew(shown);
                    let before = members[own].peer.clone();
                    members[own].seat(connection, holder);
                    self.welcome_back(members, own, join, &outbox);
                    tell_changes(members, own, &before);
                    Ok(before.id)
                }
                Claim::New(..) if members.len() >= self.capacity => Err(Refusal::RoomFull),
                Claim::New(token, shown) => {
                    let member = Membership::new(newcomer(token, join), token, connection, holder);
                    Ok(self.welcome(members, member.shown(shown), &outbox))
                }
            }
        })?;
        Ok(Seat::new(Arc::clone(self), room, id, connection, replaced))
    }

    /// Works on the members of one room.
    pub(crate) fn within<R>(
        &self,
        room: &RoomName,
        work: impl FnOnce(&mut Vec<Membership>) -> R,
    ) -> R {
        self.rooms.with(room, work)
    }

    /// How long an event may be missed and not be known to be.
    pub(crate) fn memory(&self) -> Duration {
        self.memory
    }

    /// Seats a newcomer, who is told of exactly those who are told of the newcomer.
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

    /// Gives someone their seat back: what they have missed, or all anew.
    fn welcome_back(&self, members: &mut [Membership], own: usize, join: Join, outbox: &Outbox) {
        let member = &mut members[own];
        member.peer.media = join.media;
        let missed = join.resume.and_then(|resume| self.missed(member, &resume));
        let resumed = missed.is_some();
        if let Some((seq, missed)) = missed {
            outbox.push(self.resumed(member, seq));
            missed.into_iter().for_each(|text| outbox.push(text));
        } else {
            member.heard = 0;
            member.peer.not_receiving.clear();
            outbox.push(self.roster(members, own));
        }
        info!(seat = %members[own].peer.id, present = members.len(), resumed, "back");
    }

    /// The events after the last that the client has heard, and its number.
    fn missed(&self, member: &Membership, resume: &Resume) -> Option<(u64, Vec<Utf8Bytes>)> {
        let seq = resume
            .seq
            .filter(|_| resume.epoch.as_deref() == Some(&self.epoch))?;
        Some((seq, member.told_since(seq)?))
    }

    fn roster(&self, members: &[Membership], own: usize) -> Utf8Bytes {
        let member = &members[own];
        let others = members.iter().filter(|other| !other.is(&member.peer.id));
        self.write(Welcome {
            peers: others.map(|other| other.peer.clone()).collect(),
            ..self.welcome_to(member, member.seq())
        })
    }

    fn resumed(&self, member: &Membership, seq: u64) -> Utf8Bytes {
        self.write(Welcome {
            resumed: true,
            heard: Some(member.heard),
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
        }
    }

    fn write(&self, welcome: Welcome) -> Utf8Bytes {
        let seq = welcome.seq;
        write_event(&Event::Welcome(welcome), seq).into()
    }

    /// The leave to hold a seat, with the timer that ends it; nothing if there are too many of them.
    pub(crate) fn grace(
        self: &Arc<Self>,
        room: &RoomName,
        connection: ConnectionEpoch,
        reason: LeaveReason,
    ) -> Option<Grace> {
        let grace = match reason {
            LeaveReason::Bye => self.reload.min(self.grace),
            _ => self.grace,
        };
        if grace.is_zero() {
            return None;
        }
        let permit = Arc::clone(&self.holds).try_acquire_owned().ok()?;
        let registry = Arc::downgrade(self);
        let room = room.clone();
        // There is none when the program ends.
        let timer = Handle::try_current().ok()?.spawn(async move {
            sleep(grace).await;
            if let Some(registry) = registry.upgrade() {
                let left = Departure::Left(reason);
                registry.within(&room, |members| free(members, connection, left));
            }
        });
        Some(Grace {
            _timer: AbortOnDropHandle::new(timer),
            _permit: permit,
        })
    }
}

fn newcomer(token: ResumeToken, join: Join) -> Peer {
    Peer {
        media: join.media,
        ..Peer::new(token.id(), join.name)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;
    use videocalls_protocol::MediaState;

    use super::*;
    use crate::outbox::{Queue, outbox};

    const PEOPLE: usize = 40;

    fn registry(grace: Duration) -> Arc<RoomRegistry> {
        let mut config = Config::default();
        config.timing.seat = grace;
        Arc::new(RoomRegistry::new(&config))
    }

    /// Rooms full of people.
    fn seats(registry: &Arc<RoomRegistry>) -> Vec<(Seat, Queue)> {
        let seat = |number: usize| {
            let room = RoomName::new(&format!("room-{}", number / registry.capacity)).unwrap();
            let (outbox, queue) = outbox(crate::Limits::default());
            let join = Join {
                room: None,
                name: None,
                token: None,
                resume: None,
                keeps: Vec::new(),
                media: MediaState::LIVE,
            };
            (
                registry
                    .join(room, join, outbox, registry.next_connection_epoch())
                    .ok()
                    .unwrap(),
                queue,
            )
        };
        (0..PEOPLE).map(seat).collect()
    }

    fn tasks() -> usize {
        Handle::current().metrics().num_alive_tasks()
    }

    async fn no_task_is_left() {
        let left = async {
            while tasks() > 0 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(10), left).await.unwrap();
    }

    #[tokio::test]
    async fn nothing_is_left_of_seats_whose_grace_is_over() {
        let registry = registry(Duration::from_millis(50));
        let free = registry.holds.available_permits();
        drop(seats(&registry));
        assert_eq!(
            (registry.rooms.len(), tasks()),
            (PEOPLE / registry.capacity, PEOPLE)
        );
        assert_eq!(registry.holds.available_permits(), free - PEOPLE);
        no_task_is_left().await;
        assert_eq!(
            (registry.rooms.len(), registry.holds.available_permits()),
            (0, free)
        );
    }

    #[tokio::test]
    async fn no_timer_outlives_the_registry() {
        let registry = registry(Duration::from_secs(3600));
        drop(seats(&registry));
        assert_eq!(tasks(), PEOPLE);
        drop(registry);
        no_task_is_left().await;
    }

    #[tokio::test]
    async fn a_seat_that_is_given_back_with_a_word_is_not_held() {
        let registry = registry(Duration::from_secs(3600));
        for (number, (seat, _queue)) in seats(&registry).into_iter().enumerate() {
            match number % 3 {
                0 => seat.bye(),
                1 => seat.forfeit(),
                _ => seat.vanish(),
            }
        }
        assert_eq!((registry.rooms.len(), tasks()), (0, 0));
    }
}
