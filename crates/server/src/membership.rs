use axum::extract::ws::Utf8Bytes;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use videocalls_protocol::rooms::write_event;
use videocalls_protocol::{Event, ParticipantId, Peer};

use crate::event_log::EventLog;
use crate::outbox::Outbox;
use crate::resume_token::ResumeToken;

/// What a room knows of one of its participants: their seat, which may outlive their socket.
pub(crate) struct Membership {
    pub(crate) peer: Peer,
    token: ResumeToken,
    /// The token before, until its owner has shown that they know the new one: a welcome can be
    /// lost with its socket.
    before: Option<ResumeToken>,
    /// Whether its owner may not know that it is theirs: what they have heard, another seat was told.
    fresh: bool,
    /// How many of the seat's own messages have been taken.
    pub(crate) heard: u64,
    connection: ConnectionEpoch,
    holder: Holder,
    /// The number of the last event.
    seq: u64,
    log: EventLog,
}

/// One time of one socket on a seat: who had it before can do nothing to it any more. Sockets are
/// counted as they are opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq, PartialOrd)]
pub(crate) struct ConnectionEpoch(pub(crate) u64);

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

impl Membership {
    pub(crate) fn new(
        peer: Peer,
        token: ResumeToken,
        connection: ConnectionEpoch,
        holder: Holder,
    ) -> Self {
        Self {
            peer,
            token,
            before: None,
            fresh: true,
            heard: 0,
            connection,
            holder,
            seq: 0,
            log: EventLog::default(),
        }
    }

    /// The token that its owner had before, from another life of the server or another room.
    pub(crate) fn shown(self, before: Option<ResumeToken>) -> Self {
        Self { before, ..self }
    }

    pub(crate) fn is(&self, id: &ParticipantId) -> bool {
        self.peer.id == *id
    }

    pub(crate) fn token(&self) -> ResumeToken {
        self.token
    }

    /// Whether someone with this token is its owner.
    pub(crate) fn belongs_to(&self, token: ResumeToken) -> bool {
        self.token == token || self.before == Some(token)
    }

    /// Makes a new token for the owner, who has shown this one.
    pub(crate) fn renew(&mut self, shown: ResumeToken) {
        self.fresh &= self.token != shown;
        self.before = Some(shown);
        self.token = self.token.renewed();
    }

    /// The owner has heard the welcome, and with it the new token.
    pub(crate) fn confirm(&mut self) {
        self.fresh = false;
        self.before = None;
    }

    /// Whether a socket was opened before the last one that had the seat.
    pub(crate) fn is_later_than(&self, connection: ConnectionEpoch) -> bool {
        connection < self.connection
    }

    pub(crate) fn is_held_by(&self, connection: ConnectionEpoch) -> bool {
        self.connection == connection
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
        self.log.push(Instant::now(), text);
    }

    /// What was told after an event; nothing if that is not all known.
    pub(crate) fn told_since(&self, seq: u64) -> Option<Vec<Utf8Bytes>> {
        if self.fresh {
            return None;
        }
        self.log.latest(self.seq.checked_sub(seq)?)
    }

    pub(crate) fn forget(&mut self, before: Instant) {
        self.log.forget(before);
    }

    /// Gives the seat to a socket; one that still has it is told.
    pub(crate) fn seat(&mut self, connection: ConnectionEpoch, holder: Holder) {
        self.connection = connection;
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
