use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::info;
use videocalls_protocol::{Event, LeaveReason, MediaState, ParticipantId, RoomName, Signal};

use crate::membership::{ConnectionEpoch, Membership};
use crate::room::{Departure, broadcast, free, held_by};
use crate::room_registry::RoomRegistry;

/// A socket's hold on a seat. Dropped, it leaves the seat to whom it belongs, for a while.
#[must_use]
pub(crate) struct Seat {
    registry: Arc<RoomRegistry>,
    room: RoomName,
    id: ParticipantId,
    connection: ConnectionEpoch,
    replaced: CancellationToken,
    departure: Departure,
    /// When the page said that it may go away.
    leaving: Option<Instant>,
}

/// For how long a page that may go away has not gone.
const LEAVING: Duration = Duration::from_secs(10);

/// A signal's addressee is not in the room.
#[derive(Debug)]
pub(crate) struct NoSuchParticipant;

impl Seat {
    pub(crate) fn new(
        registry: Arc<RoomRegistry>,
        room: RoomName,
        id: ParticipantId,
        connection: ConnectionEpoch,
        replaced: CancellationToken,
    ) -> Self {
        Self {
            registry,
            room,
            id,
            connection,
            replaced,
            departure: Departure::Away,
            leaving: None,
        }
    }

    /// Resolves when another socket has taken the seat.
    pub(crate) async fn replaced(&self) {
        self.replaced.cancelled().await;
    }

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
        let passed = self.take(|members, _| {
            let mut others = members.iter_mut().filter(|member| !member.is(&self.id));
            let addressee = others.find(|member| member.is(to));
            addressee.ok_or(NoSuchParticipant)?.tell(&event);
            Ok(())
        });
        passed.unwrap_or(Ok(()))
    }

    /// Tells the others what this participant sends.
    pub(crate) fn media(&self, media: MediaState) {
        let from = self.id.clone();
        self.take(|members, own| {
            members[own].peer.media = media;
            broadcast(members, &self.id, &Event::Media { from, media });
        });
    }

    /// Tells the others whom this participant can't hear or see.
    pub(crate) fn receive_reports(&self, not_receiving: Vec<ParticipantId>) {
        let from = self.id.clone();
        self.take(|members, own| {
            let known = |id: &ParticipantId| members.iter().any(|member| member.is(id));
            let not_receiving = not_receiving
                .into_iter()
                .filter(|id| *id != self.id && known(id));
            let mut not_receiving = not_receiving.collect::<Vec<_>>();
            not_receiving.sort_unstable();
            not_receiving.dedup();
            members[own].peer.not_receiving.clone_from(&not_receiving);
            broadcast(
                members,
                &self.id,
                &Event::ReceiveReport {
                    from,
                    not_receiving,
                },
            );
        });
    }

    /// The owner has heard the server by now.
    pub(crate) fn confirm(&self) {
        self.with(|members, own| members[own].confirm());
    }

    /// Counts a message that can't be passed on.
    pub(crate) fn count_rejected(&self) {
        self.take(|_, _| ());
    }

    /// Forgets what need not be told again, and gives how many messages have been taken, and the
    /// number of the last event.
    pub(crate) fn beat(&self) -> (u64, u64) {
        let before = Instant::now().checked_sub(self.registry.memory());
        let heard = self.with(|members, own| {
            if let Some(before) = before {
                members[own].forget(before);
            }
            (members[own].heard, members[own].seq())
        });
        heard.unwrap_or_default()
    }

    /// Gives the seat back with a goodbye.
    pub(crate) fn bye(mut self) {
        self.departure = Departure::Left(LeaveReason::Bye);
    }

    /// The page may be about to go away; a socket that goes now means a goodbye, or a reload.
    pub(crate) fn leaving(&mut self) {
        self.leaving = Some(Instant::now());
    }

    /// Why the seat is left without a word.
    fn reason(&self) -> LeaveReason {
        match self.leaving {
            Some(since) if since.elapsed() < LEAVING => LeaveReason::Bye,
            _ => LeaveReason::Lost,
        }
    }

    /// Gives the seat back for good: its owner will not come back.
    pub(crate) fn forfeit(mut self) {
        self.departure = Departure::Left(LeaveReason::Lost);
    }

    /// Gives the seat back without a word.
    pub(crate) fn vanish(mut self) {
        self.departure = Departure::Silent;
    }

    /// Carries a numbered message out, and counts it in the same moment.
    fn take<R>(&self, work: impl FnOnce(&mut Vec<Membership>, usize) -> R) -> Option<R> {
        self.with(|members, own| {
            members[own].heard += 1;
            work(members, own)
        })
    }

    /// Works on the room, unless the seat is another socket's by now.
    fn with<R>(&self, work: impl FnOnce(&mut Vec<Membership>, usize) -> R) -> Option<R> {
        self.registry.within(&self.room, |members| {
            let own = held_by(members, self.connection)?;
            Some(work(members, own))
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.registry.within(&self.room, |members| {
            let Some(own) = held_by(members, self.connection) else {
                return;
            };
            let grace = match self.departure {
                Departure::Away => self
                    .registry
                    .grace(&self.room, self.connection, self.reason()),
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
