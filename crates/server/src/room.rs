//! What happens among the places of one room.

use tracing::info;
use videocalls_protocol::{Event, LeaveReason, ParticipantId, Peer, Resume};

use crate::place::{Place, Tenure};
use crate::ticket::Ticket;

/// Which seat someone gets who comes in.
pub(crate) enum Claim {
    /// Their own, which is there, by this ticket.
    Own(usize, Ticket),
    /// A new one for this ticket, and what was shown for it.
    New(Ticket, Option<Ticket>),
    /// None: its owner has given this socket up for a later one, and what they said by it was on
    /// its way for long.
    Late,
}

/// What becomes of a seat that a socket no longer holds.
#[derive(Clone, Copy)]
pub(crate) enum Farewell {
    /// It is held for whom it belongs to.
    Away,
    Left(LeaveReason),
    /// It is free, and nobody is told: the server itself ends, and tells them that.
    Silent,
}

/// Finds out which seat belongs to someone who comes in. Whoever shows an identity that has a seat,
/// but not the last nonce, is somebody else; one that has none is taken at its word.
pub(crate) fn claim(places: &[Place], resume: Option<&Resume>, tenure: Tenure) -> Claim {
    let Some(ticket) = resume.and_then(|resume| Ticket::read(&resume.token)) else {
        return Claim::New(Ticket::fresh(), None);
    };
    let id = ticket.id();
    match places.iter().position(|place| place.is(&id)) {
        Some(own) if places[own].is_later_than(tenure) => Claim::Late,
        Some(own) if places[own].belongs_to(ticket) => Claim::Own(own, ticket),
        Some(_) => Claim::New(Ticket::fresh(), None),
        None => Claim::New(ticket.renewed(), Some(ticket)),
    }
}

pub(crate) fn held_by(places: &[Place], tenure: Tenure) -> Option<usize> {
    places.iter().position(|place| place.is_held_by(tenure))
}

/// Ends a seat.
pub(crate) fn free(places: &mut Vec<Place>, tenure: Tenure, farewell: Farewell) {
    let Some(own) = held_by(places, tenure) else {
        return;
    };
    let id = places.remove(own).peer.id;
    let reason = match farewell {
        Farewell::Left(reason) => Some(reason),
        Farewell::Away => Some(LeaveReason::Lost),
        Farewell::Silent => None,
    };
    for place in places.iter_mut() {
        place
            .peer
            .not_receiving
            .retain(|not_receiving| *not_receiving != id);
    }
    let bye = reason == Some(LeaveReason::Bye);
    info!(seat = %id, present = places.len(), bye, "left");
    if let Some(reason) = reason {
        let left = Event::Left {
            id: id.clone(),
            reason,
        };
        broadcast(places, &id, &left);
    }
}

/// Tells the others what is different about someone who is back.
pub(crate) fn tell_changes(places: &mut [Place], own: usize, before: &Peer) {
    let Peer {
        id,
        media,
        not_receiving,
        ..
    } = places[own].peer.clone();
    let from = id.clone();
    // Also of one who was not seen away: what was said to them meanwhile may be lost.
    broadcast(places, &id, &Event::Back(from.clone()));
    if before.media != media {
        let from = from.clone();
        broadcast(places, &id, &Event::Media { from, media });
    }
    if before.not_receiving != not_receiving {
        broadcast(
            places,
            &id,
            &Event::ReceiveReport {
                from,
                not_receiving,
            },
        );
    }
}

/// Tells everyone but one.
pub(crate) fn broadcast(places: &mut [Place], except: &ParticipantId, event: &Event) {
    let others = places.iter_mut().filter(|place| !place.is(except));
    others.for_each(|place| place.tell(event));
}
