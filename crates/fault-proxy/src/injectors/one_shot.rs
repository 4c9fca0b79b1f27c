use std::time::Duration;

use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::{Action, Connection, Injector, is_welcome};
use crate::dialect::Dialect;

/// Does something once, when its trigger fires.
pub(super) struct OneShot {
    dialect: Dialect,
    trigger: Trigger,
    actions: Vec<Action>,
}

pub(super) enum Trigger {
    /// The first message of the client, which is not passed on.
    FirstMessage,
    /// This long after the client has joined.
    AfterJoin(Duration),
    At(Instant),
    Fired,
}

impl OneShot {
    pub(super) fn new(trigger: Trigger, actions: Vec<Action>, connection: &Connection) -> Self {
        let trigger = match trigger {
            Trigger::AfterJoin(after) if connection.joined => Trigger::At(connection.now + after),
            Trigger::FirstMessage if connection.dialect.is_joined_by_upgrade() => {
                Trigger::At(connection.now)
            }
            trigger => trigger,
        };
        Self {
            dialect: connection.dialect,
            trigger,
            actions,
        }
    }

    fn fire(&mut self) -> Vec<Action> {
        self.trigger = Trigger::Fired;
        std::mem::take(&mut self.actions)
    }
}

impl Injector for OneShot {
    fn handle_from_client(&mut self, message: Message, _now: Instant) -> Vec<Action> {
        match self.trigger {
            Trigger::FirstMessage => self.fire(),
            _ => vec![Action::ToServer(message)],
        }
    }

    fn handle_from_server(&mut self, message: Message, now: Instant) -> Vec<Action> {
        match self.trigger {
            Trigger::AfterJoin(after) if is_welcome(self.dialect, &message) => {
                self.trigger = Trigger::At(now + after);
            }
            _ => (),
        }
        vec![Action::ToClient(message)]
    }

    fn next_timeout(&self) -> Option<Instant> {
        match self.trigger {
            Trigger::At(at) => Some(at),
            _ => None,
        }
    }

    fn handle_timeout(&mut self, now: Instant) -> Vec<Action> {
        match self.trigger {
            Trigger::At(at) if at <= now => self.fire(),
            _ => Vec::new(),
        }
    }
}
