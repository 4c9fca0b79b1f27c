//! A session over a WebSocket, from its start or after long-polling.

use std::ops::ControlFlow::Break;
use std::sync::Arc;

use axum::extract::ws::{Message, WebSocket};
use tokio::time::{Instant, timeout};
use videocalls_server::extend::{Connection, End, SocketEvent, Writer, run_both};

use super::SocketIo;
use super::engine::EngineSession;
use super::polling::open_packet;
use super::polling_session::{PollingSession, new_sid};
use super::version::Version;

/// Serves a session that starts with this socket.
pub(super) async fn serve(socket: WebSocket, state: Arc<SocketIo>, version: Version) {
    let (connection, writer) = state.context.open(socket);
    let outbox = connection.outbox().clone();
    outbox.push(open_packet(&new_sid(), &[], state.timing));
    let engine = state.engine_session(version, outbox);
    run(connection, writer, engine).await;
}

/// Takes a session over from long-polling, after both sides have probed the socket.
pub(super) async fn upgrade(
    mut socket: WebSocket,
    session: Arc<PollingSession>,
    state: Arc<SocketIo>,
) {
    if !session.start_probe() {
        return;
    }
    let mut transport = session.transport();
    let probed = tokio::select! {
        _ended = transport.wait_for(|transport| transport.is_over()) => false,
        probed = timeout(state.timing.upgrade, probe(&mut socket)) => probed == Ok(Some(())),
    };
    if !probed {
        return session.cancel_probe();
    }
    if let Some((engine, queue)) = session.hand_over().await {
        let outbox = session.outbox().clone();
        let (connection, writer) = state.context.resume(socket, (outbox, queue));
        run(connection, writer, engine).await;
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

async fn run(mut connection: Connection, writer: Writer, mut engine: EngineSession) {
    let mut writing = std::pin::pin!(writer.run());
    let end = {
        let reading = std::pin::pin!(read(&mut connection, &mut engine));
        run_both(reading, writing.as_mut()).await
    };
    // The others need not wait until the socket is closed.
    engine.end(end);
    connection.finish(end, writing).await;
}

async fn read(connection: &mut Connection, engine: &mut EngineSession) -> End {
    loop {
        let next = match connection.next(engine.deadline()).await {
            SocketEvent::Text(text) => engine.handle(&text, Instant::now()),
            SocketEvent::Alive => continue,
            SocketEvent::Deadline => engine.tick(Instant::now()),
            SocketEvent::End(end) => return end,
        };
        if let Break(end) = next {
            return end;
        }
    }
}
