//! What moderators have decided about a room, and what it means for those who join.

use videocalls_protocol::{Grant, Knock, ParticipantId, Refusal, RoomState};

use crate::access::{Bearer, BearerKey};
use crate::decision::Decision;

/// How many people can wait in the lobby of one room.
const MAX_KNOCKS: usize = 64;
/// How many removed and admitted people a room remembers of each kind.
const MAX_REMEMBERED: usize = 1024;

/// What moderators have decided about a room. It lasts as long as the room.
#[derive(Default)]
pub(crate) struct Rules {
    locked: bool,
    /// As the server has it, until a moderator changes it.
    lobby: Option<bool>,
    knocks: Vec<Waiting>,
    removed: Vec<BearerKey>,
    admitted: Vec<BearerKey>,
}

/// Someone who waits in the lobby.
struct Waiting {
    knock: Knock,
    key: Option<BearerKey>,
    decision: Decision<Admission>,
}

/// What a moderator has decided about someone who waits.
pub(crate) type Admission = Result<(), Refusal>;

/// How somebody can enter a room.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Entrance {
    Open,
    /// After a moderator has admitted them.
    Lobby,
}

impl Rules {
    pub(crate) fn has_knocks(&self) -> bool {
        !self.knocks.is_empty()
    }

    /// How a bearer can enter, who may have been admitted just now; `lobby` is whether rooms have a
    /// lobby at first.
    pub(crate) fn entrance(
        &self,
        bearer: &Bearer,
        is_admitted: bool,
        lobby: bool,
    ) -> Result<Entrance, Refusal> {
        let is_in = |list: &[BearerKey]| bearer.key.is_some_and(|key| list.contains(&key));
        if is_in(&self.removed) {
            return Err(Refusal::Removed);
        }
        if is_admitted || bearer.grants.has(Grant::Moderate) {
            return Ok(Entrance::Open);
        }
        if self.locked {
            return Err(Refusal::RoomLocked);
        }
        let waits = self.lobby.unwrap_or(lobby) && !bearer.grants.has(Grant::BypassLobby);
        Ok(match waits && !is_in(&self.admitted) {
            true => Entrance::Lobby,
            false => Entrance::Open,
        })
    }

    pub(crate) fn state(&self, lobby: bool) -> RoomState {
        RoomState {
            locked: self.locked,
            lobby: self.lobby.unwrap_or(lobby),
        }
    }

    pub(crate) fn set_locked(&mut self, on: bool) {
        self.locked = on;
    }

    pub(crate) fn set_lobby(&mut self, on: bool) {
        self.lobby = Some(on);
    }

    /// Who waits in the lobby.
    pub(crate) fn knocks(&self) -> Vec<Knock> {
        self.knocks.iter().map(|it| it.knock.clone()).collect()
    }

    /// Adds someone who waits, unless too many do.
    pub(crate) fn add_knock(
        &mut self,
        knock: Knock,
        key: Option<BearerKey>,
        decision: Decision<Admission>,
    ) -> Result<(), Refusal> {
        if self.knocks.len() >= MAX_KNOCKS {
            return Err(Refusal::RoomFull);
        }
        self.knocks.push(Waiting {
            knock,
            key,
            decision,
        });
        Ok(())
    }

    /// Forgets someone who waits; returns whether they did.
    pub(crate) fn end_knock(&mut self, id: &ParticipantId) -> bool {
        self.take_knock(id).is_some()
    }

    /// Admits or denies someone who waits; returns whether they did.
    pub(crate) fn decide(&mut self, id: &ParticipantId, admission: Admission) -> bool {
        let Some(waiting) = self.take_knock(id) else {
            return false;
        };
        if let (Ok(()), Some(key)) = (admission, waiting.key) {
            remember(&mut self.admitted, key);
        }
        waiting.decision.make(admission);
        true
    }

    /// Turns away everyone who waits.
    pub(crate) fn refuse_all(&mut self, refusal: Refusal) {
        for waiting in self.knocks.drain(..) {
            waiting.decision.make(Err(refusal));
        }
    }

    /// Keeps someone from coming back.
    pub(crate) fn ban(&mut self, key: BearerKey) {
        self.admitted.retain(|admitted| *admitted != key);
        remember(&mut self.removed, key);
    }

    fn take_knock(&mut self, id: &ParticipantId) -> Option<Waiting> {
        let index = self.knocks.iter().position(|it| it.knock.id == *id)?;
        Some(self.knocks.remove(index))
    }
}

fn remember(list: &mut Vec<BearerKey>, key: BearerKey) {
    if !list.contains(&key) {
        list.truncate(MAX_REMEMBERED - 1);
        list.insert(0, key);
    }
}
