use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio::time::sleep;
use videocalls_compat::Config;

use crate::plan::{Mode, Plan, Restart};
use crate::upstream::{Upstream, UpstreamServer};

/// The rooms with faults, by name. The dialect makes no difference.
#[derive(Default)]
pub(crate) struct Rooms {
    by_name: Mutex<HashMap<String, Arc<Room>>>,
}

/// A room with faults, from its first connection until the proxy ends.
pub(crate) struct Room {
    plan: Plan,
    next_connection: AtomicUsize,
    connections: watch::Sender<usize>,
    /// How many of the connections hold back an offer or have done so.
    offers: watch::Sender<usize>,
    upstream: watch::Sender<Upstream>,
}

/// One connection to a room.
pub(crate) struct RoomConnection {
    room: Arc<Room>,
    /// Counted from 0.
    number: usize,
    upstream: watch::Receiver<Upstream>,
    /// The server that this connection uses, once it has asked for it.
    connected_to: Option<SocketAddr>,
    offers: watch::Receiver<usize>,
}

/// Something in the room that concerns each of its connections.
pub(crate) enum RoomEvent {
    /// The room's own server has stopped without closing its sockets.
    UpstreamLost,
    /// A connection holds back an offer.
    Offer,
}

impl Rooms {
    /// The room of a name. `open` makes it if it is new.
    pub(crate) fn get_or_open(&self, name: &str, open: impl FnOnce() -> Arc<Room>) -> Arc<Room> {
        let mut by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(by_name.entry(name.to_owned()).or_insert_with(open))
    }
}

impl Room {
    pub(crate) fn new(plan: Plan, shared: SocketAddr) -> Self {
        let upstream = match plan.restart() {
            Some(_) => Upstream::Starting,
            None => Upstream::At(shared),
        };
        Self {
            plan,
            next_connection: AtomicUsize::new(0),
            connections: watch::Sender::new(0),
            offers: watch::Sender::new(0),
            upstream: watch::Sender::new(upstream),
        }
    }

    pub(crate) fn restart(&self) -> Option<Restart> {
        self.plan.restart()
    }

    pub(crate) fn connect(self: Arc<Self>) -> RoomConnection {
        let number = self.next_connection.fetch_add(1, Ordering::Relaxed);
        self.connections.send_replace(number + 1);
        RoomConnection {
            number,
            upstream: self.upstream.subscribe(),
            connected_to: None,
            offers: self.offers.subscribe(),
            room: self,
        }
    }

    /// Starts the room's own server, stops it as the plan says, and starts another one.
    pub(crate) async fn run_upstream(&self, config: &Config, restart: Restart) -> io::Result<()> {
        let first = UpstreamServer::start(config.clone()).await?;
        self.upstream.send_replace(Upstream::At(first.address()));
        let mut connections = self.connections.subscribe();
        let is_enough = |connections: &usize| *connections >= restart.connections;
        drop(connections.wait_for(is_enough).await);
        sleep(restart.after).await;
        self.upstream.send_replace(Upstream::Stopped);
        first.stop().await;
        sleep(restart.down).await;
        let second = UpstreamServer::start(config.clone()).await?;
        self.upstream.send_replace(Upstream::At(second.address()));
        std::future::pending().await
    }
}

impl RoomConnection {
    pub(crate) fn modes(&self) -> impl Iterator<Item = &Mode> {
        self.room.plan.modes(self.number)
    }

    pub(crate) fn has_own_upstream(&self) -> bool {
        self.room.restart().is_some()
    }

    /// Waits for the room's server to start. Gives nothing if it has stopped.
    pub(crate) async fn upstream(&mut self) -> Option<SocketAddr> {
        let is_started = |upstream: &Upstream| *upstream != Upstream::Starting;
        let upstream = self.upstream.wait_for(is_started).await;
        self.connected_to = match upstream.map(|upstream| *upstream) {
            Ok(Upstream::At(address)) => Some(address),
            _ => None,
        };
        self.connected_to
    }

    pub(crate) fn offers(&self) -> watch::Sender<usize> {
        self.room.offers.clone()
    }

    pub(crate) async fn next_event(&mut self) -> RoomEvent {
        let is_sudden = self.room.restart().is_some_and(|restart| !restart.graceful);
        let current = self.connected_to.map(Upstream::At).filter(|_| is_sudden);
        let upstream = &mut self.upstream;
        let lost = async {
            match current {
                Some(current) => upstream.wait_for(|now| *now != current).await.is_ok(),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _lost = lost => RoomEvent::UpstreamLost,
            _changed = self.offers.changed() => RoomEvent::Offer,
        }
    }
}
