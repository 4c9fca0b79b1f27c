//! The `/relay/{room}` endpoint: each text goes to both members of a room, its sender included,
//! unread.

use std::ops::ControlFlow::Continue;
use std::sync::Arc;

use axum::Router;
use axum::extract::ws::WebSocket;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tracing::warn;
use videocalls_protocol::RoomName;
use videocalls_protocol::relay::ROOM_FULL;

use crate::broadcast_rooms::BroadcastRooms;
use crate::context::Context;
use crate::socket::{Connection, End, run_both};
use crate::upgrade::Upgrade;

/// The protocol has no addresses, so a third member would break the connection of the other two.
const CAPACITY: usize = 2;

#[derive(Clone)]
struct Relay {
    context: Context,
    rooms: Arc<BroadcastRooms>,
}

pub(crate) fn routes(context: &Context) -> Router {
    let relay = Relay {
        context: context.clone(),
        rooms: BroadcastRooms::new("relay", context),
    };
    Router::new()
        .route("/relay/{room}", get(upgrade))
        .with_state(relay)
}

async fn upgrade(
    State(relay): State<Relay>,
    Path(room): Path<String>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Response {
    match RoomName::new(&room) {
        Ok(room) => relay
            .context
            .clone()
            .accept(&headers, upgrade, |socket| relay.serve(socket, room)),
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    }
}

impl Relay {
    async fn serve(self, socket: WebSocket, room: RoomName) {
        let (mut connection, writer) = self.context.open(socket);
        let mut writing = std::pin::pin!(writer.run());
        let end = {
            let reading = std::pin::pin!(self.read(&mut connection, &room));
            run_both(reading, writing.as_mut()).await
        };
        connection.finish(end, writing).await;
    }

    async fn read(&self, connection: &mut Connection, room: &RoomName) -> End {
        let (room, outbox) = (room.as_str().to_owned(), connection.outbox());
        let Some(guard) = self.rooms.enter(room, outbox, CAPACITY, |_| None) else {
            warn!("relay full");
            return End::Close(ROOM_FULL);
        };
        let forward = |text: &_| {
            guard.send_to_all(text);
            Continue(())
        };
        connection.listen(forward).await
    }
}
