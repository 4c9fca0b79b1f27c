use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, error};
use videocalls_compat::Config;

use crate::head::Head;
use crate::plan::{Plan, UnknownMode};
use crate::rooms::{Room, RoomConnection, Rooms};

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
    pub(crate) fn new(config: Config, shared: SocketAddr) -> Arc<Self> {
        Arc::new(Self {
            config,
            shared,
            rooms: Rooms::default(),
            tasks: TaskTracker::new(),
            end: CancellationToken::new(),
        })
    }

    /// The address of the server of all rooms that need none of their own.
    pub(crate) fn shared(&self) -> SocketAddr {
        self.shared
    }

    /// Runs a task until it is done or the proxy stops.
    pub(crate) fn spawn(&self, task: impl Future<Output = io::Result<()>> + Send + 'static) {
        let end = self.end.clone();
        self.tasks.spawn(async move {
            if let Some(Err(error)) = end.run_until_cancelled(task).await {
                debug!(%error, "connection failed");
            }
        });
    }

    /// Ends all tasks, and waits for them as long as `patience`.
    pub(crate) async fn stop(&self, patience: Duration) {
        self.tasks.close();
        self.end.cancel();
        let _late = timeout(patience, self.tasks.wait()).await;
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
}

/// Connects to a server and sends it the client's request.
pub(crate) async fn forward(address: SocketAddr, request: &Head) -> io::Result<TcpStream> {
    let mut server = TcpStream::connect(address).await?;
    server.set_nodelay(true)?;
    server.write_all(request.bytes()).await?;
    Ok(server)
}
