use std::time::Duration;

use tokio::time::Instant;
use tungstenite::Message;

use super::{Act, Scene, Stage, lets_in};
use crate::faults::words::Dialect;

/// Does something at a moment, once.
pub(super) struct Ending {
    dialect: Dialect,
    moment: Moment,
    acts: Vec<Act>,
}

pub(super) enum Moment {
    /// When the client says something; that is not passed on.
    FirstWord,
    /// So long after the client is in.
    Connected(Duration),
    At(Instant),
    Over,
}

impl Ending {
    pub(super) fn new(moment: Moment, acts: Vec<Act>, scene: &Scene) -> Self {
        let moment = match moment {
            Moment::Connected(after) if scene.connected => Moment::At(scene.now + after),
            Moment::FirstWord if scene.dialect.is_connected_by_upgrade() => Moment::At(scene.now),
            moment => moment,
        };
        Self {
            dialect: scene.dialect,
            moment,
            acts,
        }
    }

    fn act(&mut self) -> Vec<Act> {
        self.moment = Moment::Over;
        std::mem::take(&mut self.acts)
    }
}

impl Stage for Ending {
    fn up(&mut self, message: Message, _now: Instant) -> Vec<Act> {
        match self.moment {
            Moment::FirstWord => self.act(),
            _ => vec![Act::ToServer(message)],
        }
    }

    fn down(&mut self, message: Message, now: Instant) -> Vec<Act> {
        match self.moment {
            Moment::Connected(after) if lets_in(self.dialect, &message) => {
                self.moment = Moment::At(now + after);
            }
            _ => (),
        }
        vec![Act::ToClient(message)]
    }

    fn due(&self) -> Option<Instant> {
        match self.moment {
            Moment::At(at) => Some(at),
            _ => None,
        }
    }

    fn tick(&mut self, now: Instant) -> Vec<Act> {
        match self.moment {
            Moment::At(at) if at <= now => self.act(),
            _ => Vec::new(),
        }
    }
}
