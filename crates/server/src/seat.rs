use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::info;
use videocalls_protocol::{Event, LeaveReason, MediaState, ParticipantId, RoomName, Signal};

use crate::hall::Hall;
use crate::place::{Place, Tenure};
use crate::room::{Farewell, broadcast, free, held_by};

/// A socket's hold on a seat. Dropped, it leaves the seat to whom it belongs, for a while.
#[must_use]
pub(crate) struct Seat {
    hall: Arc<Hall>,
    room: RoomName,
    id: ParticipantId,
    tenure: Tenure,
    replaced: CancellationToken,
    farewell: Farewell,
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
        hall: Arc<Hall>,
        room: RoomName,
        id: ParticipantId,
        tenure: Tenure,
        replaced: CancellationToken,
    ) -> Self {
        Self {
            hall,
            room,
            id,
            tenure,
            replaced,
            farewell: Farewell::Away,
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
        let passed = self.take(|places, _| {
            let mut others = places.iter_mut().filter(|place| !place.is(&self.id));
            let addressee = others.find(|place| place.is(to));
            addressee.ok_or(NoSuchParticipant)?.tell(&event);
            Ok(())
        });
        passed.unwrap_or(Ok(()))
    }

    /// Tells the others what this participant sends.
    pub(crate) fn media(&self, media: MediaState) {
        let from = self.id.clone();
        self.take(|places, own| {
            places[own].peer.media = media;
            broadcast(places, &self.id, &Event::Media { from, media });
        });
    }

    /// Tells the others whom this participant can't hear or see.
    pub(crate) fn receive_reports(&self, not_receiving: Vec<ParticipantId>) {
        let from = self.id.clone();
        self.take(|places, own| {
            let known = |id: &ParticipantId| places.iter().any(|place| place.is(id));
            let not_receiving = not_receiving
                .into_iter()
                .filter(|id| *id != self.id && known(id));
            let mut not_receiving = not_receiving.collect::<Vec<_>>();
            not_receiving.sort_unstable();
            not_receiving.dedup();
            places[own].peer.not_receiving.clone_from(&not_receiving);
            broadcast(
                places,
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
        self.with(|places, own| places[own].confirm());
    }

    /// Counts a message that can't be passed on.
    pub(crate) fn take_in_vain(&self) {
        self.take(|_, _| ());
    }

    /// Forgets what need not be told again, and gives how many messages have been taken, and the
    /// number of the last event.
    pub(crate) fn beat(&self) -> (u64, u64) {
        let before = Instant::now().checked_sub(self.hall.memory());
        let heard = self.with(|places, own| {
            if let Some(before) = before {
                places[own].forget(before);
            }
            (places[own].heard, places[own].seq())
        });
        heard.unwrap_or_default()
    }

    /// Gives the seat back with a goodbye.
    pub(crate) fn bye(mut self) {
        self.farewell = Farewell::Left(LeaveReason::Bye);
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
        self.farewell = Farewell::Left(LeaveReason::Lost);
    }

    /// Gives the seat back without a word.
    pub(crate) fn vanish(mut self) {
        self.farewell = Farewell::Silent;
    }

    /// Carries a numbered message out, and counts it in the same moment.
    fn take<R>(&self, work: impl FnOnce(&mut Vec<Place>, usize) -> R) -> Option<R> {
        self.with(|places, own| {
            places[own].heard += 1;
            work(places, own)
        })
    }

    /// Works on the room, unless the seat is another socket's by now.
    fn with<R>(&self, work: impl FnOnce(&mut Vec<Place>, usize) -> R) -> Option<R> {
        self.hall.within(&self.room, |places| {
            let own = held_by(places, self.tenure)?;
            Some(work(places, own))
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hall.within(&self.room, |places| {
            let Some(own) = held_by(places, self.tenure) else {
                return;
            };
            let grace = match self.farewell {
                Farewell::Away => self.hall.grace(&self.room, self.tenure, self.reason()),
                Farewell::Left(_) | Farewell::Silent => None,
            };
            let Some(grace) = grace else {
                return free(places, self.tenure, self.farewell);
            };
            places[own].hold(grace);
            broadcast(places, &self.id, &Event::Away(self.id.clone()));
            info!(seat = %self.id, "away");
        });
    }
}
