use tokio::time::Instant;
use tungstenite::Message;

use super::plan::Mode;
use super::stage::{Act, Scene, Stage, stage};

/// All that goes wrong on one connection: the stages of its modes, one behind the other.
#[derive(Default)]
pub(super) struct Meddler {
    stages: Vec<Box<dyn Stage>>,
}

impl Meddler {
    pub(super) fn new<'a>(modes: impl Iterator<Item = &'a Mode>, scene: &Scene) -> Self {
        Self {
            stages: modes.filter_map(|mode| stage(mode, scene)).collect(),
        }
    }

    pub(super) fn hear_client(&mut self, message: Message, now: Instant) -> Vec<Act> {
        self.pass(0, vec![Act::ToServer(message)], now)
    }

    pub(super) fn hear_server(&mut self, message: Message, now: Instant) -> Vec<Act> {
        self.pass(0, vec![Act::ToClient(message)], now)
    }

    /// When [`Self::tick`] has something to do.
    pub(super) fn due(&self) -> Option<Instant> {
        self.stages.iter().filter_map(|stage| stage.due()).min()
    }

    pub(super) fn tick(&mut self, now: Instant) -> Vec<Act> {
        let mut acts = Vec::new();
        for index in 0..self.stages.len() {
            let own = self.stages[index].tick(now);
            acts.extend(self.pass(index + 1, own, now));
        }
        acts
    }

    /// Hands messages on from stage to stage.
    fn pass(&mut self, from: usize, mut acts: Vec<Act>, now: Instant) -> Vec<Act> {
        for stage in &mut self.stages[from..] {
            let passed = acts.into_iter().flat_map(|act| match act {
                Act::ToClient(message) => stage.down(message, now),
                Act::ToServer(message) => stage.up(message, now),
                act => vec![act],
            });
            acts = passed.collect();
        }
        acts
    }
}
