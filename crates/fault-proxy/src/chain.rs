use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use crate::injectors::{Action, Connection, Injector, injector};
use crate::plan::Mode;

/// The injectors of one connection. Each message passes through all of them in order.
#[derive(Default)]
pub(crate) struct InjectorChain {
    injectors: Vec<Box<dyn Injector>>,
}

impl InjectorChain {
    pub(crate) fn new<'a>(modes: impl Iterator<Item = &'a Mode>, connection: &Connection) -> Self {
        Self {
            injectors: modes
                .filter_map(|mode| injector(mode, connection))
                .collect(),
        }
    }

    pub(crate) fn handle_from_client(&mut self, message: Message, now: Instant) -> Vec<Action> {
        self.pass(0, vec![Action::ToServer(message)], now)
    }

    pub(crate) fn handle_from_server(&mut self, message: Message, now: Instant) -> Vec<Action> {
        self.pass(0, vec![Action::ToClient(message)], now)
    }

    /// When to call [`Self::handle_timeout`].
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let timeouts = self.injectors.iter();
        timeouts
            .filter_map(|injector| injector.next_timeout())
            .min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        for index in 0..self.injectors.len() {
            let own = self.injectors[index].handle_timeout(now);
            actions.extend(self.pass(index + 1, own, now));
        }
        actions
    }

    /// Passes messages through the injectors from an index on. Other actions are left as they are.
    fn pass(&mut self, from: usize, mut actions: Vec<Action>, now: Instant) -> Vec<Action> {
        for injector in &mut self.injectors[from..] {
            let passed = actions.into_iter().flat_map(|action| match action {
                Action::ToClient(message) => injector.handle_from_server(message, now),
                Action::ToServer(message) => injector.handle_from_client(message, now),
                action => vec![action],
            });
            actions = passed.collect();
        }
        actions
    }
}
