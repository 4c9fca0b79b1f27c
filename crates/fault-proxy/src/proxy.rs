use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, error};
use videocalls_compat::Config;

use crate::bridge::Bridge;
use crate::head::{Head, Upgrade};
use crate::plan::{Mode, Plan, UnknownMode};
use crate::rooms::{Room, RoomConnection, Rooms};
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
        () = proxy.accept(listener) => (),
        () = shutdown => (),
    }
    proxy.tasks.close();
    // First, so that its closes still reach the clients.
    server.stop().await;
    proxy.end.cancel();
    let _late = timeout(patience, proxy.tasks.wait()).await;
    Ok(())
}

/// The proxy: what its connections share.
pub(crate) struct FaultProxy {
    config: Config,
    /// The server of all rooms that need none of their own.
    shared: SocketAddr,
    rooms: Rooms,
    tasks: TaskTracker,
    end: CancellationToken,
}

impl FaultProxy {
    fn new(config: Config, shared: SocketAddr) -> Arc<Self> {
        Arc::new(Self {
            config,
            shared,
            rooms: Rooms::default(),
            tasks: TaskTracker::new(),
            end: CancellationToken::new(),
        })
    }

    async fn accept(self: &Arc<Self>, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((tcp, _)) => self.spawn(tcp),
                Err(error) => {
                    error!(%error, "cannot accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn spawn(self: &Arc<Self>, tcp: TcpStream) {
        let proxy = Arc::clone(self);
        self.tasks.spawn(async move {
            let served = proxy.end.run_until_cancelled(proxy.serve(tcp)).await;
            if let Some(Err(error)) = served {
                debug!(%error, "connection failed");
            }
        });
    }

    async fn serve(self: &Arc<Self>, mut tcp: TcpStream) -> io::Result<()> {
        tcp.set_nodelay(true)?;
        let head = Head::read(&mut tcp).await?;
        let Some(upgrade) = head.upgrade() else {
            let mut server = forward(self.shared, &head).await?;
            copy_bidirectional(&mut tcp, &mut server).await?;
            return Ok(());
        };
        let room = match upgrade.room.as_deref().map(|name| self.enter(name)) {
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
        self.bridge(tcp, head, &upgrade, room).await
    }

    /// Connects to the room of a name with its faults. Opens the room if it is new.
    pub(crate) fn enter(self: &Arc<Self>, name: &str) -> Result<RoomConnection, UnknownMode> {
        let plan = Plan::parse(name)?;
        let room = self.rooms.get_or_open(name, || self.open_room(plan));
        Ok(room.connect())
    }

    fn open_room(self: &Arc<Self>, plan: Plan) -> Arc<Room> {
        let room = Arc::new(Room::new(plan, self.shared));
        if let Some(restart) = room.restart() {
            let (proxy, room) = (Arc::clone(self), Arc::clone(&room));
            self.tasks.spawn(async move {
                let upstream = room.run_upstream(&proxy.config, restart);
                if let Some(Err(error)) = proxy.end.run_until_cancelled(upstream).await {
                    error!(%error, "cannot start the server of a room");
                }
            });
        }
        room
    }

    /// Forwards the upgrade to the server, then messages between both sides.
    async fn bridge(
        self: &Arc<Self>,
        mut tcp: TcpStream,
        head: Head,
        upgrade: &Upgrade,
        mut room: Option<RoomConnection>,
    ) -> io::Result<()> {
        let address = match &mut room {
            Some(room) => room.upstream().await,
            None => Some(self.shared),
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
        bridge.run(&head, room, self).await
    }
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

/// Connects to a server and sends it the client's request.
pub(crate) async fn forward(address: SocketAddr, request: &Head) -> io::Result<TcpStream> {
    let mut server = TcpStream::connect(address).await?;
    server.set_nodelay(true)?;
    server.write_all(request.bytes()).await?;
    Ok(server)
}
