use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tracing::error;
use videocalls_compat::Config;

use crate::bridge::Bridge;
use crate::head::{Head, Upgrade};
use crate::plan::{Mode, UnknownMode};
use crate::proxy::{FaultProxy, forward};
use crate::rooms::RoomConnection;
use crate::upstream::UpstreamServer;

/// How long to wait before accepting again when the system has no file descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves a listener like [`videocalls_compat::run`], and injects faults into the rooms whose names
/// begin with `fault-`, see `docs/faults.md`.
///
/// It must be called from within a tokio runtime.
///
/// # Errors
///
/// There is no free port for the server behind the proxy.
pub async fn run(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let patience = config.server.timing.shutdown;
    let server = UpstreamServer::start(config.clone()).await?;
    let proxy = FaultProxy::new(config, server.address());
    tokio::select! {
        () = accept(listener, &proxy) => (),
        () = shutdown => (),
    }
    // First, so that its closes still reach the clients.
    server.stop().await;
    proxy.stop(patience).await;
    Ok(())
}

async fn accept(listener: TcpListener, proxy: &Arc<FaultProxy>) {
    loop {
        match listener.accept().await {
            Ok((tcp, _)) => proxy.spawn(serve(Arc::clone(proxy), tcp)),
            Err(error) => {
                error!(%error, "cannot accept a connection");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve(proxy: Arc<FaultProxy>, mut tcp: TcpStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let head = Head::read(&mut tcp).await?;
    let Some(upgrade) = head.upgrade() else {
        let mut server = forward(proxy.shared(), &head).await?;
        copy_bidirectional(&mut tcp, &mut server).await?;
        return Ok(());
    };
    let room = match upgrade.room.as_deref().map(|name| proxy.enter(name)) {
        Some(Err(UnknownMode(mode))) => {
            error!(mode, "unknown fault mode");
            return respond(tcp, "400 Bad Request", "").await;
        }
        Some(Ok(room)) => Some(room),
        None => None,
    };
    if let Some((status, headers)) = room.as_ref().and_then(refusal) {
        return respond(tcp, &status, &headers).await;
    }
    bridge(&proxy, tcp, head, &upgrade, room).await
}

/// Forwards the upgrade to the server, then messages between both sides.
async fn bridge(
    proxy: &Arc<FaultProxy>,
    mut tcp: TcpStream,
    head: Head,
    upgrade: &Upgrade,
    mut room: Option<RoomConnection>,
) -> io::Result<()> {
    let address = match &mut room {
        Some(room) => room.upstream().await,
        None => Some(proxy.shared()),
    };
    let Some(address) = address else {
        return tcp.set_zero_linger();
    };
    let mut server = forward(address, &head).await?;
    let response = Head::read(&mut server).await?;
    tcp.write_all(response.head()).await?;
    if !response.is_upgraded() {
        tcp.write_all(response.rest()).await?;
        copy_bidirectional(&mut tcp, &mut server).await?;
        return Ok(());
    }
    let bridge = Bridge::new(tcp, server, response.rest(), upgrade.dialect).await;
    bridge.run(&head, room, proxy).await
}

/// The status and headers with which the modes of a connection refuse its upgrade.
fn refusal(room: &RoomConnection) -> Option<(String, String)> {
    room.modes().find_map(|mode| match mode {
        Mode::Refuse(status) => Some((format!("{status} Refused"), String::new())),
        Mode::RetryAfter(seconds) => {
            let headers = format!("Retry-After: {seconds}\r\n");
            Some(("503 Service Unavailable".to_owned(), headers))
        }
        _ => None,
    })
}

async fn respond(mut tcp: TcpStream, status: &str, headers: &str) -> io::Result<()> {
    let response =
        format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n{headers}\r\n");
    tcp.write_all(response.as_bytes()).await?;
    tcp.shutdown().await
}
