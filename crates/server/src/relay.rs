//! The conversation on a `/relay/{room}` socket: a text from one goes to both, unread.

use std::ops::ControlFlow::Continue;
use std::sync::Arc;

use axum::extract::ws::WebSocket;
use tracing::warn;
use videocalls_protocol::RoomName;
use videocalls_protocol::relay::ROOM_FULL;

use crate::shared::Shared;
use crate::socket::{self, Connection, End};

/// A third would disturb the one connection that both others have.
const CAPACITY: usize = 2;

/// Serves one socket from its upgrade to its end.
pub(crate) async fn serve(socket: WebSocket, room: RoomName, shared: Arc<Shared>) {
    let (limits, timing) = (shared.limits, shared.timing);
    let (mut connection, writer) = socket::open(socket, limits, timing, &shared.life.shutdown);
    let mut writer = std::pin::pin!(writer.run());
    let end = socket::hold(talk(&mut connection, &room, &shared), writer.as_mut()).await;
    connection.finish(end, writer).await;
}

async fn talk(connection: &mut Connection, room: &RoomName, shared: &Shared) -> End {
    let (room, outbox) = (room.as_str().to_owned(), connection.outbox());
    let Some(guard) = shared.relays.enter(room, outbox, CAPACITY, |_| None) else {
        warn!("relay full");
        return End::Close(ROOM_FULL);
    };
    let pass_on = |text: &_| {
        guard.tell_all(text);
        Continue(())
    };
    connection.listen(pass_on).await
}
