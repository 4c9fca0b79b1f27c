//! One room, and operations on its members.

use tracing::info;
use videocalls_protocol::{Event, LeaveReason, ParticipantId, Peer, Resume};

use crate::membership::{ConnectionEpoch, Membership};
use crate::resume_token::ResumeToken;
use crate::room_map;
use crate::room_rules::Rules;

/// One room of the `rooms` dialect.
#[derive(Default)]
pub(crate) struct Room {
    /// In order of arrival.
    pub(crate) members: Vec<Membership>,
    pub(crate) rules: Rules,
}

impl room_map::Room for Room {
    fn is_empty(&self) -> bool {
        self.members.is_empty() && !self.rules.has_knocks()
    }
}

/// The seat that a joining client gets.
pub(crate) enum Claim {
    /// Their own, which is still there, by this token.
    Own(usize, ResumeToken),
    /// A new one with this token; the second is the token that the client has shown.
    New(ResumeToken, Option<ResumeToken>),
    /// None: the participant has a later connection, and this join was delayed on its way.
    Late,
}

/// What happens to a seat whose connection has ended.
#[derive(Clone, Copy)]
pub(crate) enum Departure {
    /// It is kept for a while.
    Away,
    /// It is freed, and the others are notified with this reason.
    Left(LeaveReason),
    /// It is freed without a notification, because the whole server stops.
    Silent,
}

/// Finds the seat of a joining client. A client whose token names a participant of the room but is
/// not that participant's latest becomes somebody else. A token that names nobody is taken as is,
/// so that participants keep their ids when the server restarts.
pub(crate) fn claim(
    members: &[Membership],
    resume: Option<&Resume>,
    connection: ConnectionEpoch,
) -> Claim {
    let Some(token) = resume.and_then(|resume| ResumeToken::read(&resume.token)) else {
        return Claim::New(ResumeToken::new(), None);
    };
    let id = token.id();
    match members.iter().position(|member| member.is(&id)) {
        Some(own) if members[own].is_later_than(connection) => Claim::Late,
        Some(own) if members[own].belongs_to(token) => Claim::Own(own, token),
        Some(_) => Claim::New(ResumeToken::new(), None),
        None => Claim::New(token.renewed(), Some(token)),
    }
}

pub(crate) fn held_by(members: &[Membership], connection: ConnectionEpoch) -> Option<usize> {
    members
        .iter()
        .position(|member| member.is_held_by(connection))
}

/// Frees the seat of a connection.
pub(crate) fn free(
    members: &mut Vec<Membership>,
    connection: ConnectionEpoch,
    departure: Departure,
) {
    if let Some(own) = held_by(members, connection) {
        remove(members, own, departure);
    }
}

/// Frees a seat.
pub(crate) fn remove(members: &mut Vec<Membership>, index: usize, departure: Departure) {
    let id = members.remove(index).peer.id;
    for member in members.iter_mut() {
        member.peer.not_receiving.retain(|other| *other != id);
    }
    let reason = match departure {
        Departure::Left(reason) => Some(reason),
        Departure::Away => Some(LeaveReason::Lost),
        Departure::Silent => None,
    };
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

/// Notifies the others that a participant is back, and of what has changed about them.
pub(crate) fn broadcast_return(members: &mut [Membership], own: usize, before: &Peer) {
    let Peer {
        id,
        media,
        not_receiving,
        ..
    } = members[own].peer.clone();
    let from = id.clone();
    // Even if the participant was not seen to be away: messages to them may have been lost.
    broadcast(members, &id, &Event::Back(from.clone()));
    if before.media != media {
        let from = from.clone();
        broadcast(members, &id, &Event::Media { from, media });
    }
    if before.not_receiving != not_receiving {
        let report = Event::ReceiveReport {
            from,
            not_receiving,
        };
        broadcast(members, &id, &report);
    }
}

/// Sends an event to everyone but one.
pub(crate) fn broadcast(members: &mut [Membership], except: &ParticipantId, event: &Event) {
    let others = members.iter_mut().filter(|member| !member.is(except));
    others.for_each(|member| member.send(event));
}
