//! The `/rooms` endpoint: the `rooms` dialect (`docs/rooms.md`) on one WebSocket.

use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{WebSocket, close_code};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use tokio::time::Instant;
use tracing::warn;
use unicode_normalization::UnicodeNormalization;
use videocalls_protocol::rooms::{Incoming, close, read_request};
use videocalls_protocol::{Join, Refusal, Request, RoomName};

use crate::config::Config;
use crate::context::Context;
use crate::decision::Decision;
use crate::error_budget::{ErrorBudget, refuse};
use crate::heartbeat::Heartbeat;
use crate::lobby::{Place, Visitor};
use crate::membership::ConnectionEpoch;
use crate::outbox::Outbox;
use crate::room_registry::{Entrant, Joined, RoomRegistry};
use crate::seat::Seat;
use crate::seated::Seated;
use crate::socket::{Connection, End, SocketEvent, run_both};
use crate::upgrade::Upgrade;

#[derive(Clone)]
struct Rooms {
    context: Context,
    registry: Arc<RoomRegistry>,
}

pub(crate) fn routes(context: &Context, config: &Config) -> Router {
    let rooms = Rooms {
        context: context.clone(),
        registry: Arc::new(RoomRegistry::new(config)),
    };
    Router::new()
        .route("/rooms", get(upgrade))
        .with_state(rooms)
}

async fn upgrade(State(rooms): State<Rooms>, headers: HeaderMap, upgrade: Upgrade) -> Response {
    let connection_epoch = rooms.registry.next_connection_epoch();
    let context = rooms.context.clone();
    context.accept(&headers, upgrade, move |socket| {
        rooms.serve(socket, connection_epoch)
    })
}

impl Rooms {
    async fn serve(self, socket: WebSocket, connection_epoch: ConnectionEpoch) {
        let (mut connection, writer) = self.context.open(socket);
        let mut writing = std::pin::pin!(writer.run());
        let end = {
            let reading = std::pin::pin!(self.read(&mut connection, connection_epoch));
            run_both(reading, writing.as_mut()).await
        };
        connection.finish(end, writing).await;
    }

    async fn read(&self, connection: &mut Connection, connection_epoch: ConnectionEpoch) -> End {
        let (timing, outbox) = (self.context.timing(), connection.outbox().clone());
        let mut unjoined = Unjoined {
            errors: ErrorBudget::new(self.context.limits().malformed, outbox.clone()),
            outbox,
        };
        let deadline = Instant::now() + timing.join;
        let (room, mut join) = loop {
            match unjoined.handle(connection.next(deadline).await) {
                Continue(()) => (),
                Break(Ok(asked)) => break asked,
                Break(Err(end)) => return end,
            }
        };
        let heartbeat = || Heartbeat::new(timing.ping, timing.pong, Instant::now());
        let Unjoined { outbox, mut errors } = unjoined;
        let mut is_admitted = false;
        let seat = loop {
            let entrant = Entrant {
                join,
                outbox: outbox.clone(),
                connection: connection_epoch,
                eviction: Decision::new(),
                is_admitted,
            };
            let place = match self.enter(&room, entrant) {
                Ok(Entered::Seat(seat)) => break seat,
                Ok(Entered::Lobby(place)) => place,
                Err(refusal) => return refuse(&outbox, refusal),
            };
            let visitor = Visitor::new(place, heartbeat(), &outbox, &mut errors);
            join = match visitor.wait(connection).await {
                Ok(admitted) => admitted,
                Err(end) => return end,
            };
            is_admitted = true;
        };
        Seated::new(seat, heartbeat(), outbox, errors)
            .read(connection)
            .await
    }

    fn enter(&self, room: &RoomName, entrant: Entrant) -> Result<Entered, Refusal> {
        let (connection, eviction) = (entrant.connection, entrant.eviction.clone());
        let (registry, room_name) = (&self.registry, room.clone());
        Ok(match registry.join(room, entrant)? {
            Joined::Seated(id, lease) => {
                let terms = (id, lease);
                Entered::Seat(Seat::new(registry, room_name, terms, connection, eviction))
            }
            Joined::Waiting(ticket) => Entered::Lobby(Place::new(registry, room_name, ticket)),
        })
    }
}

/// What a client that joins gets.
enum Entered {
    Seat(Seat),
    Lobby(Place),
}

/// A connection whose client has not joined a room yet.
struct Unjoined {
    outbox: Outbox,
    errors: ErrorBudget,
}

impl Unjoined {
    fn handle(&mut self, event: SocketEvent) -> ControlFlow<Result<(RoomName, Join), End>> {
        match event {
            SocketEvent::Text(text) => self.read(&text),
            SocketEvent::Alive => Continue(()),
            SocketEvent::Deadline => {
                warn!("no join in time");
                Break(Err(End::Close(close::JOIN_TIMEOUT)))
            }
            SocketEvent::End(end) => Break(Err(end)),
        }
    }

    fn read(&mut self, text: &str) -> ControlFlow<Result<(RoomName, Join), End>> {
        match read_request(text) {
            Ok(Incoming::Request(Request::Join(join))) => Break(self.join(join)),
            // A client may leave before it has joined.
            Ok(Incoming::Request(Request::Bye | Request::Unload)) => {
                Break(Err(End::Close(close_code::NORMAL)))
            }
            Ok(Incoming::Refuse(refusal)) => Break(Err(refuse(&self.outbox, refusal))),
            Ok(Incoming::Unknown { bytes }) => {
                self.errors.unknown(bytes);
                Continue(())
            }
            Err(error) => self.errors.malformed(text.len(), &error).map_break(Err),
            Ok(_) => Break(Err(refuse(&self.outbox, Refusal::BadRequest))),
        }
    }

    /// The room that a client asks for, and what it joins with.
    fn join(&mut self, mut join: Join) -> Result<(RoomName, Join), End> {
        let room = join.room.take().ok_or(Refusal::InvalidRoom);
        let room = room.and_then(|room| normalized(&room));
        match room {
            Ok(room) => Ok((room, join)),
            Err(refusal) => Err(refuse(&self.outbox, refusal)),
        }
    }
}

/// The same room for every spelling of its name: `é` as one character, or as `e` and an accent
/// (Unicode NFC). Keyboards and file names differ in it.
fn normalized(room: &RoomName) -> Result<RoomName, Refusal> {
    let name = room.as_str().nfc().collect::<String>();
    RoomName::new(&name).map_err(|_| Refusal::InvalidRoom)
}
