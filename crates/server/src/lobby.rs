//! A client that waits in the lobby of a room.

use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;

use axum::extract::ws::close_code;
use tokio::time::Instant;
use tracing::warn;
use videocalls_protocol::rooms::{Incoming, close, read_request, refusal_name, write_event};
use videocalls_protocol::{Event, Join, Refusal, Request, RoomName};

use crate::error_budget::{ErrorBudget, refuse, reject};
use crate::heartbeat::{Beat, Heartbeat};
use crate::lease::expires_in;
use crate::outbox::Outbox;
use crate::room_registry::{RoomRegistry, Ticket};
use crate::room_rules::Admission;
use crate::socket::{Connection, End, SocketEvent};

/// A place in the lobby. Dropping it leaves the lobby.
#[must_use]
pub(crate) struct Place {
    registry: Arc<RoomRegistry>,
    room: RoomName,
    ticket: Box<Ticket>,
}

/// A place in the lobby with the connection that has it.
pub(crate) struct Visitor<'a> {
    place: Place,
    heartbeat: Heartbeat,
    outbox: &'a Outbox,
    errors: &'a mut ErrorBudget,
}

impl Place {
    pub(crate) fn new(registry: &Arc<RoomRegistry>, room: RoomName, ticket: Box<Ticket>) -> Self {
        Self {
            registry: Arc::clone(registry),
            room,
            ticket,
        }
    }

    /// Takes another access token of the same person.
    fn renew(&mut self, token: String) -> Result<Event, Refusal> {
        let bearer = self.registry.verify(&token, &self.room)?;
        if !self.ticket.bearer.may_be(&bearer) {
            return Err(Refusal::Forbidden);
        }
        let accepted = Event::TokenAccepted {
            expires_in: expires_in(bearer.expires),
            grants: Some(bearer.grants),
        };
        self.ticket.join.token = Some(token);
        self.ticket.bearer = bearer;
        Ok(accepted)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.registry
            .with_room(&self.room, |room| room.stop_knocking(&self.ticket.id));
    }
}

impl<'a> Visitor<'a> {
    pub(crate) fn new(
        place: Place,
        heartbeat: Heartbeat,
        outbox: &'a Outbox,
        errors: &'a mut ErrorBudget,
    ) -> Self {
        Self {
            place,
            heartbeat,
            outbox,
            errors,
        }
    }

    /// Keeps the connection alive until a moderator has decided. Returns what the client joins with.
    pub(crate) async fn wait(mut self, connection: &mut Connection) -> Result<Join, End> {
        let waiting = Event::Waiting {
            ping_interval: Some(self.place.registry.ping_interval()),
            token_expires_in: expires_in(self.place.ticket.bearer.expires),
        };
        self.outbox.push(write_event(&waiting, None));
        loop {
            let event = tokio::select! {
                biased;
                admission = self.place.ticket.decision.made() => return self.end(admission),
                event = connection.next(self.heartbeat.next()) => event,
            };
            if let Break(end) = self.handle(event) {
                return Err(end);
            }
        }
    }

    fn end(self, admission: Admission) -> Result<Join, End> {
        match admission {
            Ok(()) => Ok(self.place.ticket.join.clone()),
            Err(refusal) => Err(refuse(self.outbox, refusal)),
        }
    }

    fn handle(&mut self, event: SocketEvent) -> ControlFlow<End> {
        match event {
            SocketEvent::Text(text) => self.read(&text),
            SocketEvent::Alive => Continue(()),
            SocketEvent::Deadline => self.beat(),
            SocketEvent::End(end) => Break(end),
        }
    }

    fn read(&mut self, text: &str) -> ControlFlow<End> {
        match read_request(text) {
            Ok(Incoming::Request(Request::Pong)) => self.heartbeat.alive(Instant::now()),
            Ok(Incoming::Request(Request::Ping)) => {
                self.heartbeat.alive(Instant::now());
                self.outbox.push(write_event(&Event::Pong, None));
            }
            Ok(Incoming::Request(Request::Token(token))) => match self.place.renew(token) {
                Ok(accepted) => self.outbox.push(write_event(&accepted, None)),
                Err(refusal) => reject(self.outbox, refusal_name(refusal)),
            },
            Ok(Incoming::Request(Request::Unload)) => (),
            Ok(Incoming::Request(Request::Bye)) => return Break(End::Close(close_code::NORMAL)),
            Ok(Incoming::Unknown { bytes }) => self.errors.unknown(bytes),
            Err(error) => return self.errors.malformed(text.len(), &error),
            Ok(_) => return Break(refuse(self.outbox, Refusal::BadRequest)),
        }
        Continue(())
    }

    fn beat(&mut self) -> ControlFlow<End> {
        match self.heartbeat.beat(Instant::now()) {
            Beat::Nothing => (),
            Beat::Ping => self.outbox.push(write_event(&Event::Ping, None)),
            Beat::Dead => {
                warn!("no pong in the lobby");
                return Break(End::Close(close::PING_TIMEOUT));
            }
        }
        Continue(())
    }
}
