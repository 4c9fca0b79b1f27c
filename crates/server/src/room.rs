//! What happens among the members of one room.

use tracing::info;
use videocalls_protocol::{Event, LeaveReason, ParticipantId, Peer, Resume};

use crate::membership::{ConnectionEpoch, Membership};
use crate::resume_token::ResumeToken;

/// Which seat someone gets who comes in.
pub(crate) enum Claim {
    /// Their own, which is there, by this token.
    Own(usize, ResumeToken),
    /// A new one for this token, and what was shown for it.
    New(ResumeToken, Option<ResumeToken>),
    /// None: its owner has given this socket up for a later one, and what they said by it was on
    /// its way for long.
    Late,
}

/// What becomes of a seat that a socket no longer holds.
#[derive(Clone, Copy)]
pub(crate) enum Departure {
    /// It is held for whom it belongs to.
    Away,
    Left(LeaveReason),
    /// It is free, and nobody is told: the server itself ends, and tells them that.
    Silent,
}

/// Finds out which seat belongs to someone who comes in. Whoever shows an identity that has a seat,
/// but not the last nonce, is somebody else; one that has none is taken at its word.
pub(crate) fn claim(
    members: &[Membership],
    resume: Option<&Resume>,
    connection: ConnectionEpoch,
) -> Claim {
    let Some(token) = resume.and_then(|resume| ResumeToken::read(&resume.token)) else {
        return Claim::New(ResumeToken::fresh(), None);
    };
    let id = token.id();
    match members.iter().position(|member| member.is(&id)) {
        Some(own) if members[own].is_later_than(connection) => Claim::Late,
        Some(own) if members[own].belongs_to(token) => Claim::Own(own, token),
        Some(_) => Claim::New(ResumeToken::fresh(), None),
        None => Claim::New(token.renewed(), Some(token)),
    }
}

pub(crate) fn held_by(members: &[Membership], connection: ConnectionEpoch) -> Option<usize> {
    members
        .iter()
        .position(|member| member.is_held_by(connection))
}

/// Ends a seat.
pub(crate) fn free(
    members: &mut Vec<Membership>,
    connection: ConnectionEpoch,
    departure: Departure,
) {
    let Some(own) = held_by(members, connection) else {
        return;
    };
    let id = members.remove(own).peer.id;
    let reason = match departure {
        Departure::Left(reason) => Some(reason),
        Departure::Away => Some(LeaveReason::Lost),
        Departure::Silent => None,
    };
    for member in members.iter_mut() {
        member
            .peer
            .not_receiving
            .retain(|not_receiving| *not_receiving != id);
    }
    let bye = reason == Some(LeaveReason::Bye);
    info!(seat = %id, present = members.len(), bye, "left");
    if let Some(reason) = reason {
        let left = Event::Left {
            id: id.clone(),
            reason,
        };
        broadcast(members, &id, &left);
    }
}

/// Tells the others what is different about someone who is back.
pub(crate) fn tell_changes(members: &mut [Membership], own: usize, before: &Peer) {
    let Peer {
        id,
        media,
        not_receiving,
        ..
    } = members[own].peer.clone();
    let from = id.clone();
    // Also of one who was not seen away: what was said to them meanwhile may be lost.
    broadcast(members, &id, &Event::Back(from.clone()));
    if before.media != media {
        let from = from.clone();
        broadcast(members, &id, &Event::Media { from, media });
    }
    if before.not_receiving != not_receiving {
        broadcast(
            members,
            &id,
            &Event::ReceiveReport {
                from,
                not_receiving,
            },
        );
    }
}

/// Tells everyone but one.
pub(crate) fn broadcast(members: &mut [Membership], except: &ParticipantId, event: &Event) {
    let others = members.iter_mut().filter(|member| !member.is(except));
    others.for_each(|member| member.tell(event));
}
