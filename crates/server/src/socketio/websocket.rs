//! A session over a WebSocket, from its beginning or after polling.

use std::ops::ControlFlow::Break;
use std::sync::Arc;

use axum::extract::ws::{Message, WebSocket};
use tokio::time::{Instant, timeout};

use super::conversation::Conversation;
use super::polling::open_packet;
use super::session::{Session, new_sid};
use crate::shared::Shared;
use crate::socket::{self, Connection, End, SocketEvent, Writer};

/// Serves a session that has only this socket.
pub(super) async fn serve(socket: WebSocket, shared: Arc<Shared>) {
    let (limits, timing) = (shared.limits, shared.timing);
    let (connection, writer) = socket::open(socket, limits, timing, &shared.life.shutdown);
    let outbox = connection.outbox().clone();
    outbox.push(open_packet(&new_sid(), &[], timing));
    run(connection, writer, Conversation::new(outbox, &shared)).await;
}

/// Takes a session over from polling, after both sides have seen that the socket carries.
pub(super) async fn upgrade(mut socket: WebSocket, session: Arc<Session>, shared: Arc<Shared>) {
    if !session.probe() {
        return;
    }
    let mut carrier = session.carrier();
    let carries = tokio::select! {
        _over = carrier.wait_for(|carrier| carrier.is_over()) => false,
        probed = timeout(shared.timing.upgrade, probe(&mut socket)) => probed == Ok(Some(())),
    };
    if !carries {
        return session.forgo();
    }
    if let Some((conversation, queue)) = session.hand_over().await {
        let (limits, timing) = (shared.limits, shared.timing);
        let ends = (session.outbox().clone(), queue);
        let shutdown = &shared.life.shutdown;
        let (connection, writer) = socket::resume(socket, ends, limits, timing, shutdown);
        run(connection, writer, conversation).await;
    }
}

async fn probe(socket: &mut WebSocket) -> Option<()> {
    expect(socket, "2probe").await?;
    socket.send(Message::Text("3probe".into())).await.ok()?;
    expect(socket, "5").await
}

async fn expect(socket: &mut WebSocket, packet: &str) -> Option<()> {
    loop {
        match socket.recv().await?.ok()? {
            Message::Ping(_) | Message::Pong(_) => (),
            message => return (message == Message::Text(packet.into())).then_some(()),
        }
    }
}

async fn run(mut connection: Connection, writer: Writer, mut conversation: Conversation) {
    let mut writer = std::pin::pin!(writer.run());
    let talk = talk(&mut connection, &mut conversation);
    let end = socket::hold(talk, writer.as_mut()).await;
    // The others need not wait until the socket is closed.
    conversation.end(end);
    connection.finish(end, writer).await;
}

async fn talk(connection: &mut Connection, conversation: &mut Conversation) -> End {
    loop {
        let next = match connection.next(conversation.deadline()).await {
            SocketEvent::Text(text) => conversation.hear(&text, Instant::now()),
            SocketEvent::Alive => continue,
            SocketEvent::Deadline => conversation.tick(Instant::now()),
            SocketEvent::End(end) => return end,
        };
        if let Break(end) = next {
            return end;
        }
    }
}
