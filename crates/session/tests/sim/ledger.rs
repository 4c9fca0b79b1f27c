//! What clients have sent each other by data channels, and what has arrived.

use std::collections::BTreeMap;

use videocalls_protocol::ParticipantId;
use videocalls_protocol::data::Payload;
use videocalls_session::{Input, LineOrigin, Notice};

use super::check::End;
use super::network::SimulatedNetwork;

/// Each message has a text of its own.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    sent: Vec<Sent>,
    /// How often each client has received each text.
    received: BTreeMap<(usize, String), u32>,
}

#[derive(Debug)]
struct Sent {
    text: String,
    from: usize,
    kind: Kind,
    /// The clients that the sender knew, and that were in the call, with their ids.
    to: Vec<(usize, ParticipantId)>,
}

impl Ledger {
    /// A participant has left, as far as a client knows. If they return, they get the chat lines to
    /// everyone.
    fn left(&mut self, client: usize, id: &ParticipantId) {
        let lost = |sent: &&mut Sent| sent.from == client && !matches!(sent.kind, Kind::Line);
        for sent in self.sent.iter_mut().filter(lost) {
            sent.to.retain(|(_, to)| to != id);
        }
    }
}

/// What a client sends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A chat line to everyone.
    Line,
    /// A chat line to a participant.
    DirectLine,
    /// A message of the page's own to everyone.
    Payload,
    /// One that may be lost.
    UnreliablePayload,
}

impl SimulatedNetwork {
    /// A client sends something to everyone it knows, or to one of them.
    pub(crate) fn client_writes(&mut self, client: usize, kind: Kind) {
        if !self.is_in_call(client) {
            return;
        }
        let known = self.clients[client].session.snapshot().participants;
        let mut others = self.others(client);
        others.retain(|(id, _)| known.iter().any(|view| view.id == *id));
        let mut direct = None;
        if let Kind::DirectLine = kind {
            let Some((id, _)) = others.first() else {
                return;
            };
            direct = Some(id.clone());
            others.truncate(1);
        }
        let to = others.into_iter().filter_map(|(id, end)| match end {
            End::Client(other) => Some((other, id)),
            End::Page(_) => None,
        });
        // Elsewhere it is not certain whom an id means.
        let is_checked = self.server.shares_ids() && !matches!(kind, Kind::UnreliablePayload);
        let text = format!("message {} of {client}", self.ledger.sent.len());
        self.ledger.sent.push(Sent {
            text: text.clone(),
            from: client,
            kind,
            to: to.filter(|_| is_checked).collect(),
        });
        let input = match kind {
            Kind::Line | Kind::DirectLine => Input::SendText { text, to: direct },
            Kind::Payload | Kind::UnreliablePayload => Input::SendData {
                payload: Payload::Text(text),
                to: None,
                is_reliable: matches!(kind, Kind::Payload),
            },
        };
        self.feed(client, input);
    }

    /// Counts what a client receives.
    pub(crate) fn record(&mut self, client: usize, notice: &Notice) {
        let text = match notice {
            Notice::Text(line) => {
                assert!(
                    line.origin == LineOrigin::History || line.age_ms == 0,
                    "{line:?} is old"
                );
                line.text.clone()
            }
            Notice::Data {
                payload: Payload::Text(text),
                ..
            } => text.clone(),
            Notice::ParticipantLeft { participant, .. } => {
                return self.ledger.left(client, &participant.id);
            }
            _ => return,
        };
        self.tally.messages += 1;
        *self.ledger.received.entry((client, text)).or_default() += 1;
    }

    /// Checks that everything has arrived once at those who have stayed, if its sender has.
    pub(crate) fn check_messages(&self) {
        for ((client, text), times) in &self.ledger.received {
            assert_eq!(*times, 1, "client {client} has received '{text}' twice");
        }
        for sent in self
            .ledger
            .sent
            .iter()
            .filter(|it| self.is_in_call(it.from))
        {
            // A chat line to everyone is handed on to those who come later.
            let is_expected = |client: usize| match sent.kind {
                Kind::Line => client != sent.from && self.server.shares_ids(),
                _ => sent.to.iter().any(|(to, _)| *to == client),
            };
            for to in (0..self.clients.len()).filter(|&it| self.is_in_call(it) && is_expected(it)) {
                let key = (to, sent.text.clone());
                assert!(
                    self.ledger.received.contains_key(&key),
                    "client {to} has not received '{}'",
                    sent.text
                );
            }
        }
    }
}
