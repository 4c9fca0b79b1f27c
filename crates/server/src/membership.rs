use axum::extract::ws::Utf8Bytes;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;
use videocalls_protocol::rooms::write_event;
use videocalls_protocol::{
    Ask, Event, Grant, Grants, MediaState, ParticipantId, Peer, Refusal, TrackState,
};

use crate::access::Bearer;
use crate::decision::Decision;
use crate::event_log::EventLog;
use crate::outbox::Outbox;
use crate::publishing::limit_media;
use crate::resume_token::ResumeToken;

/// One participant of a room. It may outlive the participant's connection.
pub(crate) struct Membership {
    pub(crate) peer: Peer,
    bearer: Bearer,
    /// What moderators have asked the participant to stop, and who did, until they have done so.
    asked: Vec<(Ask, ParticipantId)>,
    token: ResumeToken,
    /// The token before, until the participant has shown that they received the new one: a welcome
    /// can be lost together with its connection.
    previous_token: Option<ResumeToken>,
    /// Whether the participant may not know yet that this membership is theirs. Then the events
    /// that they received were those of another membership.
    unconfirmed: bool,
    /// The number of messages that were taken from the participant.
    pub(crate) received: u64,
    connection: ConnectionEpoch,
    holder: Holder,
    /// The number of the last event.
    seq: u64,
    log: EventLog,
}

/// The number of a connection, in the order in which connections were opened. A connection that has
/// been replaced by a later one can't change the membership any more.
#[derive(Clone, Copy, Debug, Eq, PartialEq, PartialOrd)]
pub(crate) struct ConnectionEpoch(pub(crate) u64);

/// Who has the seat.
pub(crate) enum Holder {
    Socket {
        outbox: Outbox,
        /// Made when the connection loses the seat.
        eviction: Decision<Refusal>,
    },
    /// The participant has lost their connection and may come back.
    Nobody { _grace: Grace },
}

/// The timer that ends a seat without a connection, and the permit to keep it until then.
pub(crate) struct Grace {
    pub(crate) _timer: AbortOnDropHandle<()>,
    pub(crate) _permit: OwnedSemaphorePermit,
}

impl Membership {
    pub(crate) fn new(
        peer: Peer,
        bearer: Bearer,
        token: ResumeToken,
        connection: ConnectionEpoch,
        holder: Holder,
    ) -> Self {
        Self {
            peer,
            bearer,
            asked: Vec::new(),
            token,
            previous_token: None,
            unconfirmed: true,
            received: 0,
            connection,
            holder,
            seq: 0,
            log: EventLog::default(),
        }
    }

    /// Also accepts a token of an earlier run of the server, or of another room.
    pub(crate) fn accepting(self, previous_token: Option<ResumeToken>) -> Self {
        Self {
            previous_token,
            ..self
        }
    }

    pub(crate) fn is(&self, id: &ParticipantId) -> bool {
        self.peer.id == *id
    }

    pub(crate) fn token(&self) -> ResumeToken {
        self.token
    }

    /// Whether a client with this token is the participant.
    pub(crate) fn belongs_to(&self, token: ResumeToken) -> bool {
        self.token == token || self.previous_token == Some(token)
    }

    /// Issues a new token to the participant, who has shown this one.
    pub(crate) fn renew_token(&mut self, shown: ResumeToken) {
        self.unconfirmed &= self.token != shown;
        self.previous_token = Some(shown);
        self.token = self.token.renewed();
    }

    /// The participant has received the welcome, and the new token with it.
    pub(crate) fn confirm(&mut self) {
        self.unconfirmed = false;
        self.previous_token = None;
    }

    /// Whether a connection was opened before the last one that had this seat.
    pub(crate) fn is_later_than(&self, connection: ConnectionEpoch) -> bool {
        connection < self.connection
    }

    pub(crate) fn is_held_by(&self, connection: ConnectionEpoch) -> bool {
        self.connection == connection
    }

    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    /// Numbers and logs an event, and sends it if the participant is connected.
    pub(crate) fn send(&mut self, event: &Event) {
        self.seq += 1;
        let text = Utf8Bytes::from(write_event(event, Some(self.seq)));
        if let Holder::Socket { outbox, .. } = &self.holder {
            outbox.push(text.clone());
        }
        self.log.push(Instant::now(), text);
    }

    /// The events after the one with this number, unless the log does not have all of them.
    pub(crate) fn events_since(&self, seq: u64) -> Option<Vec<Utf8Bytes>> {
        if self.unconfirmed {
            return None;
        }
        self.log.latest(self.seq.checked_sub(seq)?)
    }

    pub(crate) fn forget_events(&mut self, before: Instant) {
        self.log.forget(before);
    }

    /// Gives the seat to a connection, and notifies the one that still has it.
    pub(crate) fn seat(&mut self, connection: ConnectionEpoch, holder: Holder) {
        self.connection = connection;
        self.evict(Refusal::Replaced);
        self.holder = holder;
        self.peer.away = false;
    }

    /// Ends the connection that has the seat, if there is one.
    pub(crate) fn evict(&self, refusal: Refusal) {
        if let Holder::Socket { eviction, .. } = &self.holder {
            eviction.make(refusal);
        }
    }

    /// Who has shown the access token.
    pub(crate) fn bearer(&self) -> &Bearer {
        &self.bearer
    }

    pub(crate) fn grants(&self) -> Grants {
        self.bearer.grants
    }

    pub(crate) fn is_moderator(&self) -> bool {
        self.grants().has(Grant::Moderate)
    }

    /// Another token was shown.
    pub(crate) fn renew_bearer(&mut self, bearer: Bearer) {
        self.bearer = bearer;
    }

    /// Asks the participant to stop sending something.
    pub(crate) fn ask(&mut self, ask: Ask, from: ParticipantId) {
        self.asked.retain(|(asked, _)| *asked != ask);
        self.asked.push((ask, from));
        self.send_last_ask();
    }

    /// Repeats what the participant was asked, for a client that may have missed it.
    pub(crate) fn ask_again(&mut self) {
        for (ask, from) in std::mem::take(&mut self.asked) {
            self.ask(ask, from);
        }
    }

    fn send_last_ask(&mut self) {
        if let Some((ask, from)) = self.asked.last().cloned() {
            self.send(&Event::Asked { from, ask });
        }
    }

    /// Sets what the participant sends, as far as they may.
    pub(crate) fn set_media(&mut self, media: MediaState) {
        let media = limit_media(media, self.grants());
        self.peer.media = media;
        self.asked.retain(|(ask, _)| match ask {
            Ask::Mute => media.audio == TrackState::Live,
            Ask::StopVideo => media.video == TrackState::Live,
            _ => true,
        });
    }

    /// Keeps the seat for a participant without a connection.
    pub(crate) fn hold(&mut self, grace: Grace) {
        self.holder = Holder::Nobody { _grace: grace };
        self.peer.away = true;
    }
}
