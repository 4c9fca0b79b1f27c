//! How the call handles moderation, our own and that of others.

use videocalls_protocol::{Ask, Grants, Knock, Moderation, ParticipantId, Request, Terms};

use super::Session;
use crate::track::TrackKind;
use crate::{Notice, Output, Problem};

impl Session {
    /// Moderates the room. What is not permitted, the server rejects.
    pub(super) fn moderate(&mut self, moderation: Moderation) {
        if self.signaling.is_joined() {
            let request = Request::Moderate(moderation);
            self.ctx.output(Output::Send(request));
        }
    }

    /// Takes over what the server says of our seat and the room.
    pub(super) fn take_terms(&mut self, terms: &Terms) {
        self.room.welcomed(terms);
        self.ctx.notify(Notice::RoomChanged);
        for knock in self.room.knocks().to_vec() {
            self.ctx.notify(Notice::Knock(knock));
        }
        self.stop_what_is_not_permitted();
    }

    /// We wait in the lobby.
    pub(super) fn waiting(&mut self, ping_interval: Option<u32>, token_expires_in: Option<u32>) {
        let signaling = &mut self.signaling;
        if signaling.waiting(&mut self.ctx, ping_interval, token_expires_in) {
            self.ctx.notify(Notice::StateChanged);
        }
    }

    /// The server has accepted another access token.
    pub(super) fn token_accepted(&mut self, expires_in: Option<u32>, grants: Option<Grants>) {
        self.signaling.token_accepted(&mut self.ctx, expires_in);
        self.room.set_grants(grants);
        self.stop_what_is_not_permitted();
        self.ctx.notify(Notice::RoomChanged);
    }

    /// Someone waits in the lobby.
    pub(super) fn knocked(&mut self, knock: Knock) {
        if self.room.knocked(knock.clone()) {
            self.ctx.notify(Notice::Knock(knock));
        }
    }

    /// Someone no longer waits in the lobby.
    pub(super) fn knock_ended(&mut self, id: ParticipantId) {
        if self.room.knock_ended(&id) {
            self.ctx.notify(Notice::KnockEnded(id));
        }
    }

    /// Turns off what we may not send.
    fn stop_what_is_not_permitted(&mut self) {
        for kind in TrackKind::ALL {
            if !self.room.may_send(kind) && self.wants(kind) == Some(true) {
                self.toggle(kind, Some(false));
            }
        }
    }

    /// A moderator asks us to stop sending something, which we may start again.
    pub(super) fn asked(&mut self, from: ParticipantId, ask: Ask) {
        let kind = match ask {
            Ask::Mute => Some(TrackKind::Audio),
            Ask::StopVideo => Some(TrackKind::Video),
            _ => None,
        };
        if let Some(kind) = kind {
            self.toggle(kind, Some(false));
        }
        self.ctx.notify(Notice::Asked { from, ask });
    }

    pub(super) fn not_permitted(&mut self) {
        self.ctx.notify(Notice::Problem {
            problem: Problem::NotPermitted,
            participant: None,
        });
    }
}
