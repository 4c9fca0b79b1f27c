use axum::extract::ws::Utf8Bytes;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use videocalls_protocol::rooms::write_event;
use videocalls_protocol::{Event, ParticipantId, Peer};

use crate::outbox::Outbox;
use crate::ring::Ring;
use crate::ticket::Ticket;

/// What a room knows of one of its participants: their seat, which may outlive their socket.
pub(crate) struct Place {
    pub(crate) peer: Peer,
    ticket: Ticket,
    /// The ticket before, until its owner has shown that they know the new one: a welcome can be
    /// lost with its socket.
    before: Option<Ticket>,
    /// Whether its owner may not know that it is theirs: what they have heard, another seat was told.
    fresh: bool,
    /// How many of the seat's own messages have been taken.
    pub(crate) heard: u64,
    tenure: Tenure,
    holder: Holder,
    /// The number of the last event.
    seq: u64,
    ring: Ring,
}

/// One time of one socket on a seat: who had it before can do nothing to it any more. Sockets are
/// counted as they are opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq, PartialOrd)]
pub(crate) struct Tenure(pub(crate) u64);

/// Who sits on a seat.
pub(crate) enum Holder {
    Socket {
        outbox: Outbox,
        /// Tells the socket that another has taken the seat.
        replaced: CancellationToken,
    },
    Nobody {
        _grace: Grace,
    },
}

/// For how long nobody may sit on a seat, and the leave to hold it.
pub(crate) struct Grace {
    pub(crate) _timer: AbortOnDropHandle<()>,
    pub(crate) _permit: OwnedSemaphorePermit,
}

impl Place {
    pub(crate) fn new(peer: Peer, ticket: Ticket, tenure: Tenure, holder: Holder) -> Self {
        Self {
            peer,
            ticket,
            before: None,
            fresh: true,
            heard: 0,
            tenure,
            holder,
            seq: 0,
            ring: Ring::default(),
        }
    }

    /// The ticket that its owner had before, from another life of the server or another room.
    pub(crate) fn shown(self, before: Option<Ticket>) -> Self {
        Self { before, ..self }
    }

    pub(crate) fn is(&self, id: &ParticipantId) -> bool {
        self.peer.id == *id
    }

    pub(crate) fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// Whether someone with this ticket is its owner.
    pub(crate) fn belongs_to(&self, ticket: Ticket) -> bool {
        self.ticket == ticket || self.before == Some(ticket)
    }

    /// Makes a new ticket for the owner, who has shown this one.
    pub(crate) fn renew(&mut self, shown: Ticket) {
        self.fresh &= self.ticket != shown;
        self.before = Some(shown);
        self.ticket = self.ticket.renewed();
    }

    /// The owner has heard the welcome, and with it the new ticket.
    pub(crate) fn confirm(&mut self) {
        self.fresh = false;
        self.before = None;
    }

    /// Whether a socket was opened before the last one that had the seat.
    pub(crate) fn is_later_than(&self, tenure: Tenure) -> bool {
        tenure < self.tenure
    }

    pub(crate) fn is_held_by(&self, tenure: Tenure) -> bool {
        self.tenure == tenure
    }

    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    /// Numbers an event and keeps it, and tells it if someone is there to hear it.
    pub(crate) fn tell(&mut self, event: &Event) {
        self.seq += 1;
        let text = Utf8Bytes::from(write_event(event, Some(self.seq)));
        if let Holder::Socket { outbox, .. } = &self.holder {
            outbox.push(text.clone());
        }
        self.ring.push(Instant::now(), text);
    }

    /// What was told after an event; nothing if that is not all known.
    pub(crate) fn told_since(&self, seq: u64) -> Option<Vec<Utf8Bytes>> {
        if self.fresh {
            return None;
        }
        self.ring.latest(self.seq.checked_sub(seq)?)
    }

    pub(crate) fn forget(&mut self, before: Instant) {
        self.ring.forget(before);
    }

    /// Gives the seat to a socket; one that still has it is told.
    pub(crate) fn seat(&mut self, tenure: Tenure, holder: Holder) {
        self.tenure = tenure;
        if let Holder::Socket { replaced, .. } = &self.holder {
            replaced.cancel();
        }
        self.holder = holder;
        self.peer.away = false;
    }

    /// Holds the seat for someone who will come back.
    pub(crate) fn hold(&mut self, grace: Grace) {
        self.holder = Holder::Nobody { _grace: grace };
        self.peer.away = true;
    }
}
