use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tracing::{debug, error};

use super::head::{Head, Upgrade};
use super::plan::{Mode, Plan, UnknownFault};
use super::pump::Pump;
use super::town::{Inner, Town, Visit};
use crate::Config;

/// How long to wait before accepting again when the system has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves a listener like [`run`](crate::run), but for the rooms whose names begin with `fault-`:
/// there it does what the name says, see `docs/faults.md`.
///
/// It must be called from within a tokio runtime.
///
/// # Errors
///
/// There is no port for the server behind it.
pub async fn run_with_faults(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let patience = config.timing.shutdown;
    let inner = Inner::start(config.clone()).await?;
    let town = Town::new(config, inner.address);
    tokio::select! {
        () = accept(listener, &town) => (),
        () = shutdown => (),
    }
    town.tasks.close();
    inner.stop().await;
    town.end.cancel();
    let _late = timeout(patience, town.tasks.wait()).await;
    Ok(())
}

async fn accept(listener: TcpListener, town: &Arc<Town>) {
    loop {
        match listener.accept().await {
            Ok((tcp, _)) => {
                let (town, end) = (Arc::clone(town), town.end.clone());
                town.tasks.clone().spawn(async move {
                    let served = end.run_until_cancelled(serve(tcp, town)).await;
                    if let Some(Err(error)) = served {
                        debug!(%error, "a connection broke");
                    }
                });
            }
            Err(error) => {
                error!(%error, "cannot accept a connection");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve(mut tcp: TcpStream, town: Arc<Town>) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let head = Head::read(&mut tcp).await?;
    let Some(upgrade) = head.upgrade() else {
        let mut server = ask(town.shared(), &head).await?;
        copy_bidirectional(&mut tcp, &mut server).await?;
        return Ok(());
    };
    let visit = match enter(&town, &upgrade) {
        Ok(visit) => visit,
        Err(UnknownFault(fault)) => {
            error!(fault, "no such fault");
            return answer(tcp, "400 Bad Request", "").await;
        }
    };
    if let Some((status, headers)) = visit.as_ref().and_then(refusal) {
        return answer(tcp, &status, &headers).await;
    }
    open(tcp, head, upgrade, visit, town).await
}

fn enter(town: &Arc<Town>, upgrade: &Upgrade) -> Result<Option<Visit>, UnknownFault> {
    let Some(name) = &upgrade.name else {
        return Ok(None);
    };
    Ok(Some(town.enter(name, Plan::read(name)?)))
}

/// With which status and headers an upgrade is refused.
fn refusal(visit: &Visit) -> Option<(String, String)> {
    visit.modes().find_map(|mode| match mode {
        Mode::Refuse(status) => Some((format!("{status} Refused"), String::new())),
        Mode::RetryAfter(seconds) => {
            let headers = format!("Retry-After: {seconds}\r\n");
            Some(("503 Service Unavailable".to_owned(), headers))
        }
        _ => None,
    })
}

async fn answer(mut tcp: TcpStream, status: &str, headers: &str) -> io::Result<()> {
    let answer =
        format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n{headers}\r\n");
    tcp.write_all(answer.as_bytes()).await?;
    tcp.shutdown().await
}

/// Has the server behind us upgrade the connection, and goes between.
async fn open(
    mut tcp: TcpStream,
    head: Head,
    upgrade: Upgrade,
    mut visit: Option<Visit>,
    town: Arc<Town>,
) -> io::Result<()> {
    let address = match &mut visit {
        Some(visit) => visit.address().await,
        None => Some(town.shared()),
    };
    let Some(address) = address else {
        return tcp.set_zero_linger();
    };
    let mut server = ask(address, &head).await?;
    let answer = Head::read(&mut server).await?;
    tcp.write_all(&answer.bytes[..answer.bytes.len() - answer.rest().len()])
        .await?;
    if !answer.is_upgraded() {
        tcp.write_all(answer.rest()).await?;
        copy_bidirectional(&mut tcp, &mut server).await?;
        return Ok(());
    }
    let pump = Pump::new(tcp, server, answer.rest(), upgrade.dialect).await;
    pump.run(head, visit, &town).await
}

/// Asks a server what the client has asked.
pub(super) async fn ask(address: SocketAddr, head: &Head) -> io::Result<TcpStream> {
    let mut server = TcpStream::connect(address).await?;
    server.set_nodelay(true)?;
    server.write_all(&head.bytes).await?;
    Ok(server)
}
