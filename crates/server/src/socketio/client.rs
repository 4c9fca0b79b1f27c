use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;

use axum::extract::ws::close_code;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::Instant;
use tracing::warn;
use videocalls_protocol::rooms::close;

use super::packet::{self, Event, Kind, Malformed, Packet};
use super::pairs::Guest;
use crate::appointments::{Person, Visit, now};
use crate::outbox::Outbox;
use crate::shared::Shared;
use crate::socket::End;

/// The one namespace.
const ROOT: &str = "/";

/// A client of Socket.IO, connected to the namespace or not.
pub(super) struct Client {
    outbox: Outbox,
    shared: Arc<Shared>,
    presence: Presence,
    /// How many malformed events are still let pass.
    patience: u32,
}

enum Presence {
    /// Not connected, which must not last.
    Nowhere { until: Instant },
    /// One who meets another in a room.
    Guest(Guest),
    /// One who came by a link to an appointment.
    Visitor(Visit),
}

impl Client {
    pub(super) fn new(outbox: Outbox, shared: Arc<Shared>, now: Instant) -> Self {
        let until = now + shared.timing.join;
        Self {
            outbox,
            patience: shared.limits.malformed,
            shared,
            presence: Presence::Nowhere { until },
        }
    }

    /// Until when the client has to connect.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.presence {
            Presence::Nowhere { until } => Some(until),
            Presence::Guest(_) | Presence::Visitor(_) => None,
        }
    }

    /// Takes in one Socket.IO packet. What the protocol does not allow ends the session, as it does
    /// with the original; an event that its dialect does not know, or with strange arguments, is
    /// only let pass.
    pub(super) fn hear(&mut self, text: &str, now: Instant) -> ControlFlow<End> {
        let Ok(Packet { namespace, kind }) = packet::read(text) else {
            warn!(bytes = text.len(), "malformed packet");
            return Break(End::Close(close::BAD_REQUEST));
        };
        let nowhere = matches!(self.presence, Presence::Nowhere { .. });
        match kind {
            Kind::Connect(_) if namespace != ROOT => {
                self.outbox.push(packet::no_such_namespace(namespace));
            }
            Kind::Connect(auth) if nowhere => self.connect(auth, now),
            Kind::Connect(_) => return Break(End::Close(close::BAD_REQUEST)),
            _ if nowhere || namespace != ROOT => return Break(End::Close(close::BAD_REQUEST)),
            Kind::Disconnect => self.disconnect(now),
            Kind::Event(event) => return self.hear_event(&event, text.len()),
            Kind::Ack => (),
            Kind::Binary => return Break(End::Close(close_code::UNSUPPORTED)),
        }
        Continue(())
    }

    /// Leaves without a word to the others.
    pub(super) fn vanish(self) {
        if let Presence::Guest(guest) = self.presence {
            guest.vanish();
        }
    }

    /// Who brings a token comes for an appointment, and is sent away again if it is a bad one, as by
    /// the original.
    fn connect(&mut self, auth: Option<&RawValue>, now: Instant) {
        let id = format!("{:032x}", rand::random::<u128>());
        self.outbox.push(packet::connected(&id));
        match read_auth(auth) {
            Auth::None => {
                let pairs = Arc::clone(&self.shared.pairs);
                self.presence = Presence::Guest(Guest::new(pairs, self.outbox.clone()));
            }
            Auth::Token(token) => match self.visit(&token) {
                Some(visit) => self.presence = Presence::Visitor(visit),
                None => {
                    warn!("not let in to an appointment");
                    self.outbox.push(packet::disconnected());
                    self.disconnect(now);
                }
            },
        }
    }

    fn visit(&self, token: &str) -> Option<Visit> {
        let secret = self.shared.secret.as_ref()?;
        let person = Person::read(secret.verify(token, now())?)?;
        Visit::begin(&self.shared.store, person, self.outbox.clone())
    }

    fn disconnect(&mut self, now: Instant) {
        let until = now + self.shared.timing.join;
        self.presence = Presence::Nowhere { until };
    }

    fn hear_event(&mut self, event: &Event<'_>, bytes: usize) -> ControlFlow<End> {
        let heard = match &mut self.presence {
            Presence::Nowhere { .. } => Ok(()),
            Presence::Guest(guest) => guest.hear(event),
            Presence::Visitor(visit) => visit.hear(event),
        };
        let Err(Malformed) = heard else {
            return Continue(());
        };
        warn!(bytes, "malformed event");
        self.patience = self.patience.saturating_sub(1);
        if self.patience == 0 {
            return Break(End::Close(close::TOO_MANY_ERRORS));
        }
        Continue(())
    }
}

/// With what a client connects.
enum Auth {
    None,
    /// An empty one is a bad one.
    Token(String),
}

/// A page whose link has no token sends an object without it, or with `null`.
fn read_auth(auth: Option<&RawValue>) -> Auth {
    let auth = auth.and_then(|auth| serde_json::from_str::<Value>(auth.get()).ok());
    let Some(Value::Object(auth)) = auth else {
        return Auth::None;
    };
    match auth.get("jwt") {
        Some(token) => Auth::Token(token.as_str().unwrap_or_default().to_owned()),
        None if auth.is_empty() => Auth::Token(String::new()),
        None => Auth::None,
    }
}
