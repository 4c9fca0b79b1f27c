use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;

use axum::extract::ws::close_code;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::Instant;
use tracing::warn;
use videocalls_protocol::rooms::close;
use videocalls_server::extend::{BroadcastRooms, Context, End, Outbox};

use super::version::Version;
use crate::appointments::{AppointmentSession, Appointments};
use crate::packet::{self, Event, Kind, Malformed, Packet};
use crate::pairs::PairsClient;

/// The only namespace.
const ROOT: &str = "/";

/// What clients can connect to.
#[derive(Clone)]
pub(super) struct Backend {
    pub(super) pairs: Arc<BroadcastRooms>,
    pub(super) appointments: Appointments,
}

/// A client of Socket.IO.
pub(super) struct Client {
    version: Version,
    outbox: Outbox,
    backend: Backend,
    context: Context,
    state: State,
    /// How many malformed events are still tolerated.
    errors_left: u32,
}

enum State {
    /// Not connected to the namespace, and closed if that lasts.
    Disconnected { until: Instant },
    /// Connected without a token.
    Pairs(PairsClient),
    /// Connected with the token of a link to an appointment.
    Appointment(AppointmentSession),
}

impl Client {
    pub(super) fn new(
        version: Version,
        outbox: Outbox,
        context: &Context,
        backend: &Backend,
        now: Instant,
    ) -> Self {
        let until = now + context.timing().join;
        let mut client = Self {
            version,
            outbox,
            backend: backend.clone(),
            errors_left: context.limits().malformed,
            context: context.clone(),
            state: State::Disconnected { until },
        };
        if version == Version::V3 {
            client.outbox.push(packet::connected_legacy());
            client.connect_to_pairs();
        }
        client
    }

    /// When the client must have connected.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Disconnected { until } => Some(until),
            State::Pairs(_) | State::Appointment(_) => None,
        }
    }

    /// Handles one Socket.IO packet. As with the original, a packet that the protocol does not allow
    /// ends the session. An unknown event is ignored, and one with wrong arguments is counted.
    pub(super) fn handle(&mut self, text: &str, now: Instant) -> ControlFlow<End> {
        let Ok(Packet { namespace, kind }) = packet::read(text) else {
            warn!(bytes = text.len(), "malformed packet");
            return Break(End::Close(close::BAD_REQUEST));
        };
        let disconnected = matches!(self.state, State::Disconnected { .. });
        match kind {
            Kind::Connect(_) if namespace != ROOT => self.refuse_namespace(namespace),
            Kind::Connect(auth) if disconnected => self.connect(auth, now),
            // A client of Socket.IO 2 may confirm that it is connected.
            Kind::Connect(_) if self.version == Version::V3 => (),
            Kind::Connect(_) => return Break(End::Close(close::BAD_REQUEST)),
            _ if disconnected || namespace != ROOT => {
                return Break(End::Close(close::BAD_REQUEST));
            }
            Kind::Disconnect => self.disconnect(now),
            Kind::Event(event) => return self.handle_event(&event, text.len()),
            Kind::Ack => (),
            Kind::Binary => return Break(End::Close(close_code::UNSUPPORTED)),
        }
        Continue(())
    }

    /// Ends without notifying the others.
    pub(super) fn leave_silently(self) {
        if let State::Pairs(pairs) = self.state {
            pairs.leave_silently();
        }
    }

    fn refuse_namespace(&self, namespace: &str) {
        self.outbox.push(match self.version {
            Version::V3 => packet::no_such_namespace_legacy(namespace),
            Version::V4 => packet::no_such_namespace(namespace),
        });
    }

    /// Connects a client to an appointment if it has a token, else to the rooms of two. A client
    /// with a bad token is disconnected again, as by the original.
    fn connect(&mut self, auth: Option<&RawValue>, now: Instant) {
        let id = format!("{:032x}", rand::random::<u128>());
        self.outbox.push(packet::connected(&id));
        match read_auth(auth) {
            Auth::None => self.connect_to_pairs(),
            Auth::Token(token) => {
                let outbox = self.outbox.clone();
                match self.backend.appointments.start_session(&token, outbox) {
                    Some(session) => self.state = State::Appointment(session),
                    None => {
                        warn!("token for an appointment refused");
                        self.outbox.push(packet::disconnected());
                        self.disconnect(now);
                    }
                }
            }
        }
    }

    fn connect_to_pairs(&mut self) {
        let rooms = Arc::clone(&self.backend.pairs);
        self.state = State::Pairs(PairsClient::new(rooms, self.outbox.clone()));
    }

    fn disconnect(&mut self, now: Instant) {
        let until = now + self.context.timing().join;
        self.state = State::Disconnected { until };
    }

    fn handle_event(&mut self, event: &Event<'_>, bytes: usize) -> ControlFlow<End> {
        let handled = match &mut self.state {
            State::Disconnected { .. } => Ok(()),
            State::Pairs(pairs) => pairs.handle(event),
            State::Appointment(session) => session.handle(event),
        };
        let Err(Malformed) = handled else {
            return Continue(());
        };
        warn!(bytes, "malformed event");
        self.errors_left = self.errors_left.saturating_sub(1);
        if self.errors_left == 0 {
            return Break(End::Close(close::TOO_MANY_ERRORS));
        }
        Continue(())
    }
}

/// What a client authenticates with.
enum Auth {
    None,
    /// May be empty, which is not valid.
    Token(String),
}

/// Reads the auth object of a connect. A page whose link has no token sends an empty object; a page
/// of the rooms of two sends none, or one without `jwt`.
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
