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
use crate::outbox::Outbox;
use crate::place::{Grace, Holder, Place, Tenure};
use crate::registry::Registry;
use crate::room::{Claim, Farewell, broadcast, claim, free, tell_changes};
use crate::seat::Seat;
use crate::ticket::Ticket;

/// All rooms of the `rooms` dialect, and who sits in them.
pub(crate) struct Hall {
    rooms: Registry<RoomName, Place>,
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
    tenures: AtomicU64,
}

impl Hall {
    pub(crate) fn new(config: &Config) -> Self {
        let timing = config.timing;
        Self {
            rooms: Registry::new(),
            capacity: config.room_capacity.get(),
            epoch: format!("{:016x}", rand::random::<u64>()),
            ping_interval: u32::try_from(timing.ping.as_millis()).unwrap_or(u32::MAX),
            grace: timing.seat,
            reload: timing.reload,
            // A dead socket is found dead so late.
            memory: timing.pong + timing.seat,
            holds: Arc::new(Semaphore::new(config.limits.held_seats)),
            tenures: AtomicU64::new(0),
        }
    }

    /// Counts a socket that has been opened.
    pub(crate) fn tenure(&self) -> Tenure {
        Tenure(self.tenures.fetch_add(1, Ordering::Relaxed))
    }

    /// Takes a seat: a new one, or again the one that was lost.
    pub(crate) fn join(
        self: &Arc<Self>,
        room: RoomName,
        join: Join,
        outbox: Outbox,
        tenure: Tenure,
    ) -> Result<Seat, Refusal> {
        let replaced = CancellationToken::new();
        let holder = Holder::Socket {
            outbox: outbox.clone(),
            replaced: replaced.clone(),
        };
        let id = self.rooms.with(&room, |places| {
            match claim(places, join.resume.as_ref(), tenure) {
                Claim::Late => Err(Refusal::Replaced),
                Claim::Own(own, shown) => {
                    places[own].renew(shown);
                    let before = places[own].peer.clone();
                    places[own].seat(tenure, holder);
                    self.welcome_back(places, own, join, &outbox);
                    tell_changes(places, own, &before);
                    Ok(before.id)
                }
                Claim::New(..) if places.len() >= self.capacity => Err(Refusal::RoomFull),
                Claim::New(ticket, shown) => {
                    let place = Place::new(newcomer(ticket, join), ticket, tenure, holder);
                    Ok(self.welcome(places, place.shown(shown), &outbox))
                }
            }
        })?;
        Ok(Seat::new(Arc::clone(self), room, id, tenure, replaced))
    }

    /// Works on the places of one room.
    pub(crate) fn within<R>(&self, room: &RoomName, work: impl FnOnce(&mut Vec<Place>) -> R) -> R {
        self.rooms.with(room, work)
    }

    /// How long an event may be missed and not be known to be.
    pub(crate) fn memory(&self) -> Duration {
        self.memory
    }

    /// Seats a newcomer, who is told of exactly those who are told of the newcomer.
    fn welcome(&self, places: &mut Vec<Place>, place: Place, outbox: &Outbox) -> ParticipantId {
        let id = place.peer.id.clone();
        let joined = Event::Joined(place.peer.clone());
        broadcast(places, &id, &joined);
        places.push(place);
        outbox.push(self.roster(places, places.len() - 1));
        info!(seat = %id, present = places.len(), "joined");
        id
    }

    /// Gives someone their seat back: what they have missed, or all anew.
    fn welcome_back(&self, places: &mut [Place], own: usize, join: Join, outbox: &Outbox) {
        let place = &mut places[own];
        place.peer.media = join.media;
        let missed = join.resume.and_then(|resume| self.missed(place, &resume));
        let resumed = missed.is_some();
        if let Some((seq, missed)) = missed {
            outbox.push(self.resumed(place, seq));
            missed.into_iter().for_each(|text| outbox.push(text));
        } else {
            place.heard = 0;
            place.peer.not_receiving.clear();
            outbox.push(self.roster(places, own));
        }
        info!(seat = %places[own].peer.id, present = places.len(), resumed, "back");
    }

    /// The events after the last that the client has heard, and its number.
    fn missed(&self, place: &Place, resume: &Resume) -> Option<(u64, Vec<Utf8Bytes>)> {
        let seq = resume
            .seq
            .filter(|_| resume.epoch.as_deref() == Some(&self.epoch))?;
        Some((seq, place.told_since(seq)?))
    }

    fn roster(&self, places: &[Place], own: usize) -> Utf8Bytes {
        let place = &places[own];
        let others = places.iter().filter(|other| !other.is(&place.peer.id));
        self.write(Welcome {
            peers: others.map(|other| other.peer.clone()).collect(),
            ..self.welcome_to(place, place.seq())
        })
    }

    fn resumed(&self, place: &Place, seq: u64) -> Utf8Bytes {
        self.write(Welcome {
            resumed: true,
            heard: Some(place.heard),
            ..self.welcome_to(place, seq)
        })
    }

    fn welcome_to(&self, place: &Place, seq: u64) -> Welcome {
        Welcome {
            id: place.peer.id.clone(),
            peers: Vec::new(),
            resumed: false,
            heard: None,
            resume: Some(place.ticket().token()),
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
        tenure: Tenure,
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
        let hall = Arc::downgrade(self);
        let room = room.clone();
        // There is none when the program ends.
        let timer = Handle::try_current().ok()?.spawn(async move {
            sleep(grace).await;
            if let Some(hall) = hall.upgrade() {
                let left = Farewell::Left(reason);
                hall.within(&room, |places| free(places, tenure, left));
            }
        });
        Some(Grace {
            _timer: AbortOnDropHandle::new(timer),
            _permit: permit,
        })
    }
}

fn newcomer(ticket: Ticket, join: Join) -> Peer {
    Peer {
        media: join.media,
        ..Peer::new(ticket.id(), join.name)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;
    use videocalls_protocol::MediaState;

    use super::*;
    use crate::outbox::{Queue, outbox};

    const PEOPLE: usize = 40;

    fn hall(grace: Duration) -> Arc<Hall> {
        let mut config = Config::default();
        config.timing.seat = grace;
        Arc::new(Hall::new(&config))
    }

    /// Rooms full of people.
    fn seats(hall: &Arc<Hall>) -> Vec<(Seat, Queue)> {
        let seat = |number: usize| {
            let room = RoomName::new(&format!("room-{}", number / hall.capacity)).unwrap();
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
                hall.join(room, join, outbox, hall.tenure()).ok().unwrap(),
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
        let hall = hall(Duration::from_millis(50));
        let free = hall.holds.available_permits();
        drop(seats(&hall));
        assert_eq!(
            (hall.rooms.len(), tasks()),
            (PEOPLE / hall.capacity, PEOPLE)
        );
        assert_eq!(hall.holds.available_permits(), free - PEOPLE);
        no_task_is_left().await;
        assert_eq!(
            (hall.rooms.len(), hall.holds.available_permits()),
            (0, free)
        );
    }

    #[tokio::test]
    async fn no_timer_is_left_of_a_hall_that_is_gone() {
        let hall = hall(Duration::from_secs(3600));
        drop(seats(&hall));
        assert_eq!(tasks(), PEOPLE);
        drop(hall);
        no_task_is_left().await;
    }

    #[tokio::test]
    async fn a_seat_that_is_given_back_with_a_word_is_not_held() {
        let hall = hall(Duration::from_secs(3600));
        for (number, (seat, _queue)) in seats(&hall).into_iter().enumerate() {
            match number % 3 {
                0 => seat.bye(),
                1 => seat.forfeit(),
                _ => seat.vanish(),
            }
        }
        assert_eq!((hall.rooms.len(), tasks()), (0, 0));
    }
}
