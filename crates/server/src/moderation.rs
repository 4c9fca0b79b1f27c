//! What moderators do.

use tracing::info;
use videocalls_protocol::{
    Ask, Event, Knock, LeaveReason, Moderation, ParticipantId, Refusal, Terms,
};

use crate::access::Bearer;
use crate::decision::Decision;
use crate::lease::expires_in;
use crate::room::{Departure, Room, remove};
use crate::room_rules::Admission;

/// Why a moderation is not carried out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Rejection {
    NotPermitted,
    NoSuchParticipant,
}

impl Rejection {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::NotPermitted => "not-permitted",
            Self::NoSuchParticipant => "no-such-participant",
        }
    }
}

impl Room {
    /// Lets someone wait in the lobby, and notifies the moderators.
    pub(crate) fn knock(
        &mut self,
        knock: Knock,
        bearer: &Bearer,
        decision: Decision<Admission>,
    ) -> Result<(), Refusal> {
        self.rules.add_knock(knock.clone(), bearer.key, decision)?;
        self.notify_moderators(&Event::Knock(knock));
        Ok(())
    }

    /// Someone no longer waits in the lobby.
    pub(crate) fn stop_knocking(&mut self, id: &ParticipantId) {
        if self.rules.end_knock(id) {
            self.notify_moderators(&Event::KnockEnded(id.clone()));
        }
    }

    /// What applies to a member; `lobby` is whether rooms have a lobby at first.
    pub(crate) fn terms(&self, own: usize, lobby: bool) -> Terms {
        let member = &self.members[own];
        let knocks = member.is_moderator().then(|| self.rules.knocks());
        Terms {
            grants: Some(member.grants()),
            token_expires_in: expires_in(member.bearer().expires),
            room: self.rules.state(lobby),
            knocks: knocks.unwrap_or_default(),
        }
    }

    /// Carries out what a member wants, if they are a moderator.
    pub(crate) fn moderate(
        &mut self,
        own: usize,
        moderation: Moderation,
        lobby: bool,
    ) -> Result<(), Rejection> {
        if !self.members[own].is_moderator() {
            return Err(Rejection::NotPermitted);
        }
        let by = self.members[own].peer.id.clone();
        match moderation {
            Moderation::Admit(id) => self.decide(&id, Ok(())),
            Moderation::Deny(id) => self.decide(&id, Err(Refusal::Denied)),
            Moderation::Lock(on) => {
                self.rules.set_locked(on);
                self.notify_of_rules(lobby)
            }
            Moderation::Lobby(on) => {
                self.rules.set_lobby(on);
                self.notify_of_rules(lobby)
            }
            Moderation::Ask(id, ask) => self.ask(&id, ask, by),
            Moderation::Remove(id) => self.remove(&id),
            Moderation::End => self.end(),
            _ => Err(Rejection::NotPermitted),
        }
    }

    fn decide(&mut self, id: &ParticipantId, admission: Admission) -> Result<(), Rejection> {
        if !self.rules.decide(id, admission) {
            return Err(Rejection::NoSuchParticipant);
        }
        self.notify_moderators(&Event::KnockEnded(id.clone()));
        Ok(())
    }

    fn notify_of_rules(&mut self, lobby: bool) -> Result<(), Rejection> {
        let event = Event::Room(self.rules.state(lobby));
        self.members
            .iter_mut()
            .for_each(|member| member.send(&event));
        info!(present = self.members.len(), "moderated");
        Ok(())
    }

    fn ask(&mut self, id: &ParticipantId, ask: Ask, by: ParticipantId) -> Result<(), Rejection> {
        let asked = self.members.iter_mut().find(|member| member.is(id));
        asked.ok_or(Rejection::NoSuchParticipant)?.ask(ask, by);
        Ok(())
    }

    fn remove(&mut self, id: &ParticipantId) -> Result<(), Rejection> {
        let index = self.members.iter().position(|member| member.is(id));
        let index = index.ok_or(Rejection::NoSuchParticipant)?;
        let removed = &self.members[index];
        removed.evict(Refusal::Removed);
        if let Some(key) = removed.bearer().key {
            self.rules.ban(key);
        }
        remove(
            &mut self.members,
            index,
            Departure::Left(LeaveReason::Removed),
        );
        Ok(())
    }

    /// Ends the call for everyone, those included who wait.
    fn end(&mut self) -> Result<(), Rejection> {
        info!(present = self.members.len(), "ended by a moderator");
        for member in self.members.drain(..) {
            member.evict(Refusal::CallEnded);
        }
        self.rules.refuse_all(Refusal::CallEnded);
        Ok(())
    }

    fn notify_moderators(&mut self, event: &Event) {
        let members = self.members.iter_mut();
        let moderators = members.filter(|member| member.is_moderator());
        moderators.for_each(|member| member.send(event));
    }

    /// Notifies a member who has become a moderator of who waits.
    pub(crate) fn show_knocks(&mut self, own: usize) {
        for knock in self.rules.knocks() {
            self.members[own].send(&Event::Knock(knock));
        }
    }
}
