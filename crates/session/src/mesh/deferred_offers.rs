use videocalls_protocol::ParticipantId;

use crate::link::RemoteDescription;
use crate::time::Timestamp;

/// How many participants may have an offer waiting. The oldest is dropped for another.
const MAX_OFFERS: usize = 8;

/// Offers that wait, at most one per participant, the latest last.
#[derive(Debug, Default)]
pub(super) struct DeferredOffers(Vec<DeferredOffer>);

#[derive(Debug)]
pub(super) struct DeferredOffer {
    pub(super) from: ParticipantId,
    pub(super) offer: RemoteDescription,
    pub(super) until: Timestamp,
    pub(super) reason: DeferReason,
}

/// What an offer waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum DeferReason {
    /// An answer to our own offer, which theirs has crossed.
    Crossing,
    /// Another participant to be gone: the room is full.
    NoRoom,
}

impl DeferredOffers {
    pub(super) fn insert(&mut self, deferred: DeferredOffer) {
        self.take(&deferred.from);
        if self.0.len() >= MAX_OFFERS {
            self.0.remove(0);
        }
        self.0.push(deferred);
    }

    /// Takes a participant's offer.
    pub(super) fn take(&mut self, from: &ParticipantId) -> Option<DeferredOffer> {
        let index = self.0.iter().position(|it| it.from == *from)?;
        Some(self.0.remove(index))
    }

    /// Takes an offer that has waited long enough.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<DeferredOffer> {
        let index = self.0.iter().position(|it| it.until <= now)?;
        Some(self.0.remove(index))
    }

    /// Takes the latest offer that waits for room.
    pub(super) fn take_successor(&mut self) -> Option<DeferredOffer> {
        let index = self.0.iter().rposition(DeferredOffer::waits_for_room)?;
        Some(self.0.remove(index))
    }

    /// Whether anyone waits for room.
    pub(super) fn has_successor(&self) -> bool {
        self.0.iter().any(DeferredOffer::waits_for_room)
    }

    /// When the next offer has waited long enough.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.0.iter().map(|it| it.until).min()
    }
}

impl DeferredOffer {
    fn waits_for_room(&self) -> bool {
        self.reason == DeferReason::NoRoom
    }
}
