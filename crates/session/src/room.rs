//! What applies to our seat and to the room: grants, and what moderators have set.

use videocalls_protocol::{Grant, Grants, Knock, ParticipantId, RoomState, Terms};

use crate::track::TrackKind;

/// What the server has said of the seat and the room.
#[derive(Debug, Default)]
pub(crate) struct Room {
    grants: Option<Grants>,
    state: RoomState,
    knocks: Vec<Knock>,
}

impl Room {
    pub(crate) fn welcomed(&mut self, terms: &Terms) {
        self.grants = terms.grants;
        self.state = terms.room;
        self.knocks.clone_from(&terms.knocks);
    }

    pub(crate) fn grants(&self) -> Option<Grants> {
        self.grants
    }

    pub(crate) fn set_grants(&mut self, grants: Option<Grants>) {
        self.grants = grants.or(self.grants);
    }

    pub(crate) fn state(&self) -> RoomState {
        self.state
    }

    pub(crate) fn set_state(&mut self, state: RoomState) {
        self.state = state;
    }

    pub(crate) fn knocks(&self) -> &[Knock] {
        &self.knocks
    }

    /// Adds someone who waits in the lobby; returns whether they are new.
    pub(crate) fn knocked(&mut self, knock: Knock) -> bool {
        let is_new = self.knocks.iter().all(|known| known.id != knock.id);
        if is_new {
            self.knocks.push(knock);
        }
        is_new
    }

    /// Removes someone who no longer waits; returns whether they were known.
    pub(crate) fn knock_ended(&mut self, id: &ParticipantId) -> bool {
        let before = self.knocks.len();
        self.knocks.retain(|known| known.id != *id);
        self.knocks.len() < before
    }

    /// Whether we may send a track. A server that does not say lets everyone.
    pub(crate) fn may_send(&self, kind: TrackKind) -> bool {
        let grant = match kind {
            TrackKind::Audio => Grant::PublishMicrophone,
            TrackKind::Video => Grant::PublishCamera,
        };
        self.grants.is_none_or(|grants| grants.has(grant))
    }
}
