use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::info;
use videocalls_protocol::{
    Event, Grant, IceServers, LeaveReason, MediaState, Moderation, ParticipantId, Refusal,
    RoomName, Signal,
};

use crate::decision::Decision;
use crate::lease::{Due, Lease, expires_in};
use crate::membership::ConnectionEpoch;
use crate::moderation::Rejection;
use crate::publishing::limit_signal;
use crate::room::{Departure, Room, broadcast, free, held_by};
use crate::room_registry::RoomRegistry;

/// How long after `unload` the loss of a connection means that its page was closed or reloaded.
const UNLOAD_WINDOW: Duration = Duration::from_secs(10);

/// A connection's hold on a seat. Dropping it keeps the seat for its participant for a while.
#[must_use]
pub(crate) struct Seat {
    registry: Arc<RoomRegistry>,
    room: RoomName,
    id: ParticipantId,
    connection: ConnectionEpoch,
    eviction: Decision<Refusal>,
    lease: Lease,
    departure: Departure,
    /// When the page last sent `unload`.
    unloading_since: Option<Instant>,
    /// When the participant got ICE servers.
    ice_servers_since: Instant,
}

/// The addressee of a signal is not in the room.
#[derive(Debug)]
pub(crate) struct NoSuchParticipant;

impl Seat {
    /// The hold of a connection on a seat that it got.
    pub(crate) fn new(
        registry: &Arc<RoomRegistry>,
        room: RoomName,
        (id, lease): (ParticipantId, Lease),
        connection: ConnectionEpoch,
        eviction: Decision<Refusal>,
    ) -> Self {
        Self {
            registry: Arc::clone(registry),
            room,
            id,
            connection,
            eviction,
            lease,
            departure: Departure::Away,
            unloading_since: None,
            ice_servers_since: Instant::now(),
        }
    }

    /// Resolves when the connection has lost the seat: to a later one, or by a moderator.
    pub(crate) async fn evicted(&self) -> Refusal {
        self.eviction.made().await
    }

    /// When [`Seat::check_lease`] is due.
    pub(crate) fn lease_ends(&self) -> Option<Instant> {
        self.lease.next()
    }

    /// Tells whether the access token has expired.
    pub(crate) fn check_lease(&mut self) -> Due {
        self.lease.check(Instant::now())
    }

    /// Takes another access token of the same participant. Returns what to answer.
    pub(crate) fn renew(&mut self, token: &str) -> Result<Event, Refusal> {
        let bearer = self.registry.verify(token, &self.room)?;
        let renewed = self.with(|room, own| {
            if !room.members[own].bearer().may_be(&bearer) {
                return None;
            }
            let was_moderator = room.members[own].is_moderator();
            room.members[own].renew_bearer(bearer.clone());
            if bearer.grants.has(Grant::Moderate) && !was_moderator {
                room.show_knocks(own);
            }
            Some(())
        });
        renewed.flatten().ok_or(Refusal::Forbidden)?;
        self.lease.renew(bearer.expires);
        Ok(Event::TokenAccepted {
            expires_in: expires_in(bearer.expires),
            grants: Some(bearer.grants),
        })
    }

    /// Moderates the room.
    pub(crate) fn moderate(&self, moderation: Moderation) -> Result<(), Rejection> {
        let lobby = self.registry.lobby();
        let moderated = self.count(|room, own| room.moderate(own, moderation, lobby));
        moderated.unwrap_or(Ok(()))
    }

    /// Forwards a signal to one other participant.
    pub(crate) fn signal(
        &self,
        to: &ParticipantId,
        signal: Signal,
    ) -> Result<(), NoSuchParticipant> {
        let forwarded = self.count(|room, own| {
            let event = Event::Signal {
                from: self.id.clone(),
                signal: limit_signal(signal, room.members[own].grants()),
            };
            let others = room.members.iter_mut();
            let mut others = others.filter(|member| !member.is(&self.id));
            let addressee = others.find(|member| member.is(to));
            addressee.ok_or(NoSuchParticipant)?.send(&event);
            Ok(())
        });
        forwarded.unwrap_or(Ok(()))
    }

    /// Notifies the others of what this participant sends.
    pub(crate) fn media(&self, media: MediaState) {
        let from = self.id.clone();
        self.count(|room, own| {
            room.members[own].set_media(media);
            let media = room.members[own].peer.media;
            broadcast(&mut room.members, &self.id, &Event::Media { from, media });
        });
    }

    /// Notifies the others of whose media this participant does not receive.
    pub(crate) fn receive_report(&self, mut not_receiving: Vec<ParticipantId>) {
        let from = self.id.clone();
        self.count(|room, own| {
            let members = &mut room.members;
            not_receiving.retain(|id| *id != self.id && members.iter().any(|member| member.is(id)));
            not_receiving.sort_unstable();
            not_receiving.dedup();
            members[own].peer.not_receiving.clone_from(&not_receiving);
            let report = Event::ReceiveReport {
                from,
                not_receiving,
            };
            broadcast(members, &self.id, &report);
        });
    }

    /// The participant has received the welcome.
    pub(crate) fn confirm(&self) {
        self.with(|room, own| room.members[own].confirm());
    }

    /// Counts a message that can't be forwarded.
    pub(crate) fn count_rejected(&self) {
        self.count(|_, _| ());
    }

    /// Forgets events that are too old to be asked for, and returns the number of messages received
    /// and the number of the last event.
    pub(crate) fn beat(&self) -> (u64, u64) {
        let before = Instant::now().checked_sub(self.registry.event_retention());
        let counts = self.with(|room, own| {
            let members = &mut room.members;
            if let Some(before) = before {
                members[own].forget_events(before);
            }
            (members[own].received, members[own].seq())
        });
        counts.unwrap_or_default()
    }

    /// New ICE servers for the participant, if those of the last time expire before `next`.
    pub(crate) fn renewed_ice_servers(&mut self, next: Instant) -> Option<IceServers> {
        let renewal = self.registry.ice_renewal()?;
        if next < self.ice_servers_since + renewal {
            return None;
        }
        self.ice_servers_since = Instant::now();
        Some(self.registry.ice_servers(&self.id))
    }

    /// The page may be about to close: if the connection ends soon, it was closed or reloaded.
    pub(crate) fn unloading(&mut self) {
        self.unloading_since = Some(Instant::now());
    }

    /// Frees the seat because the participant said goodbye.
    pub(crate) fn leave(mut self) {
        self.departure = Departure::Left(LeaveReason::Bye);
    }

    /// Frees the seat because the participant will not come back.
    pub(crate) fn forfeit(mut self) {
        self.departure = Departure::Left(LeaveReason::Lost);
    }

    /// Frees the seat without notifying the others.
    pub(crate) fn leave_silently(mut self) {
        self.departure = Departure::Silent;
    }

    /// Why the connection was lost.
    fn loss_reason(&self) -> LeaveReason {
        match self.unloading_since {
            Some(since) if since.elapsed() < UNLOAD_WINDOW => LeaveReason::Bye,
            _ => LeaveReason::Lost,
        }
    }

    /// Carries out a numbered message and counts it, under one lock.
    fn count<R>(&self, work: impl FnOnce(&mut Room, usize) -> R) -> Option<R> {
        self.with(|room, own| {
            room.members[own].received += 1;
            work(room, own)
        })
    }

    /// Runs `work` on the room, unless a later connection has the seat.
    fn with<R>(&self, work: impl FnOnce(&mut Room, usize) -> R) -> Option<R> {
        self.registry.with_room(&self.room, |room| {
            let own = held_by(&room.members, self.connection)?;
            Some(work(room, own))
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.registry.with_room(&self.room, |room| {
            let members = &mut room.members;
            let Some(own) = held_by(members, self.connection) else {
                return;
            };
            let grace = match self.departure {
                Departure::Away => {
                    let reason = self.loss_reason();
                    self.registry.grace(&self.room, self.connection, reason)
                }
                Departure::Left(_) | Departure::Silent => None,
            };
            let Some(grace) = grace else {
                return free(members, self.connection, self.departure);
            };
            members[own].hold(grace);
            broadcast(members, &self.id, &Event::Away(self.id.clone()));
            info!(seat = %self.id, "away");
        });
    }
}

#[cfg(test)]
mod tests {
    use tokio::runtime::Handle;
    use tokio::time::{sleep, timeout};

    use videocalls_protocol::Join;

    use super::*;
    use crate::config::{Config, Limits};
    use crate::metrics::Metrics;
    use crate::outbox::{Queue, outbox};
    use crate::room_registry::{Entrant, Joined};

    const ROOMS: usize = 5;
    const PER_ROOM: usize = 8;
    const HELD_SEATS: usize = 100;

    fn registry(grace: Duration) -> Arc<RoomRegistry> {
        let mut config = Config::default();
        config.timing.seat = grace;
        config.limits.held_seats = HELD_SEATS;
        Arc::new(RoomRegistry::new(&config))
    }

    /// Participants who fill several rooms.
    fn seats(registry: &Arc<RoomRegistry>) -> Vec<(Seat, Queue)> {
        let seat = |number: usize| {
            let room = RoomName::new(&format!("room-{}", number / PER_ROOM)).unwrap();
            let (outbox, queue) = outbox(Limits::default(), &Metrics::default());
            let join = Join {
                room: None,
                name: None,
                token: None,
                resume: None,
                keeps: Vec::new(),
                media: MediaState::LIVE,
            };
            let connection = registry.next_connection_epoch();
            let eviction = Decision::new();
            let entrant = Entrant {
                join,
                outbox,
                connection,
                eviction: eviction.clone(),
                is_admitted: false,
            };
            let Ok(Joined::Seated(id, lease)) = registry.join(&room, entrant) else {
                panic!("no seat");
            };
            let seat = Seat::new(registry, room, (id, lease), connection, eviction);
            (seat, queue)
        };
        (0..ROOMS * PER_ROOM).map(seat).collect()
    }

    fn tasks() -> usize {
        Handle::current().metrics().num_alive_tasks()
    }

    async fn until_no_task_is_left() {
        let left = async {
            while tasks() > 0 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(10), left).await.unwrap();
    }

    #[tokio::test]
    async fn frees_seats_and_timers_when_the_grace_is_over() {
        let registry = registry(Duration::from_millis(50));
        drop(seats(&registry));
        assert_eq!(registry.usage(HELD_SEATS), (ROOMS, ROOMS * PER_ROOM));
        assert_eq!(tasks(), ROOMS * PER_ROOM);
        until_no_task_is_left().await;
        assert_eq!(registry.usage(HELD_SEATS), (0, 0));
    }

    #[tokio::test]
    async fn timers_end_with_the_registry() {
        let registry = registry(Duration::from_secs(3600));
        drop(seats(&registry));
        assert_eq!(tasks(), ROOMS * PER_ROOM);
        drop(registry);
        until_no_task_is_left().await;
    }

    #[tokio::test]
    async fn frees_a_seat_at_once_that_is_left_on_purpose() {
        let registry = registry(Duration::from_secs(3600));
        for (number, (seat, _queue)) in seats(&registry).into_iter().enumerate() {
            match number % 3 {
                0 => seat.leave(),
                1 => seat.forfeit(),
                _ => seat.leave_silently(),
            }
        }
        assert_eq!((registry.usage(HELD_SEATS), tasks()), ((0, 0), 0));
    }
}
