use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tracing::error;

use super::plan::{Mode, Plan, Restart};
use crate::{Config, run};

/// The rooms that misbehave, and the servers behind them.
pub(super) struct Town {
    config: Config,
    /// The server of all rooms that need none of their own.
    shared: SocketAddr,
    rooms: Mutex<HashMap<String, Arc<Room>>>,
    pub(super) tasks: TaskTracker,
    pub(super) end: CancellationToken,
}

struct Room {
    plan: Plan,
    /// How many connections it has had.
    turns: AtomicUsize,
    connections: watch::Sender<usize>,
    offers: watch::Sender<usize>,
    house: watch::Sender<House>,
}

/// What stands behind a room.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum House {
    /// Its own server is not up yet.
    Opening,
    Open(SocketAddr),
    /// Its server is gone.
    Closed,
}

/// One connection's stay in a room.
pub(super) struct Visit {
    room: Arc<Room>,
    turn: usize,
    house: watch::Receiver<House>,
    /// Where its own server is.
    home: Option<SocketAddr>,
    offers: watch::Receiver<usize>,
}

/// What happens to a room.
pub(super) enum News {
    /// Its own server is gone without a word.
    Gone,
    /// Someone has an offer to make.
    Offer,
}

/// A server like any other, on a port of its own.
pub(super) struct Inner {
    pub(super) address: SocketAddr,
    stop: DropGuard,
    ended: JoinHandle<()>,
}

impl Inner {
    pub(super) async fn start(config: Config) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let ended = tokio::spawn(run(listener, config, stopped));
        Ok(Self {
            address,
            stop: stop.drop_guard(),
            ended,
        })
    }

    pub(super) async fn stop(self) {
        drop(self.stop);
        let _ended = self.ended.await;
    }
}

impl Town {
    pub(super) fn new(config: Config, shared: SocketAddr) -> Arc<Self> {
        Arc::new(Self {
            config,
            shared,
            rooms: Mutex::default(),
            tasks: TaskTracker::new(),
            end: CancellationToken::new(),
        })
    }

    pub(super) fn shared(&self) -> SocketAddr {
        self.shared
    }

    /// Comes into the room of a name. All with that name are in one room, whatever their dialect.
    pub(super) fn enter(self: &Arc<Self>, name: &str, plan: Plan) -> Visit {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let room = rooms.entry(name.to_owned());
        let room = Arc::clone(room.or_insert_with(|| self.open(plan)));
        let turn = room.turns.fetch_add(1, Ordering::Relaxed);
        room.connections.send_replace(turn + 1);
        Visit {
            turn,
            home: None,
            house: room.house.subscribe(),
            offers: room.offers.subscribe(),
            room,
        }
    }

    fn open(self: &Arc<Self>, plan: Plan) -> Arc<Room> {
        let restart = plan.restart();
        let house = match restart {
            Some(_) => House::Opening,
            None => House::Open(self.shared),
        };
        let room = Arc::new(Room {
            plan,
            turns: AtomicUsize::new(0),
            connections: watch::Sender::new(0),
            offers: watch::Sender::new(0),
            house: watch::Sender::new(house),
        });
        if let Some(restart) = restart {
            let (town, room) = (Arc::clone(self), Arc::clone(&room));
            self.tasks.spawn(async move {
                let work = keep_house(&town.config, &room, restart);
                if let Some(Err(error)) = town.end.run_until_cancelled(work).await {
                    error!(%error, "no server for a room");
                }
            });
        }
        room
    }
}

/// Gives a room a server, takes it away, and gives it another.
async fn keep_house(config: &Config, room: &Room, restart: Restart) -> io::Result<()> {
    let first = Inner::start(config.clone()).await?;
    room.house.send_replace(House::Open(first.address));
    let mut connections = room.connections.subscribe();
    let enough = |connections: &usize| *connections >= restart.connections;
    drop(connections.wait_for(enough).await);
    sleep(restart.after).await;
    room.house.send_replace(House::Closed);
    first.stop().await;
    sleep(restart.down).await;
    let second = Inner::start(config.clone()).await?;
    room.house.send_replace(House::Open(second.address));
    std::future::pending().await
}

impl Visit {
    pub(super) fn modes(&self) -> impl Iterator<Item = &Mode> {
        self.room.plan.modes(self.turn)
    }

    pub(super) fn has_own_house(&self) -> bool {
        self.room.plan.restart().is_some()
    }

    /// Where the room's server is at the moment, if it has one.
    pub(super) async fn address(&mut self) -> Option<SocketAddr> {
        let house = self.house.wait_for(|house| *house != House::Opening).await;
        self.home = match house.map(|house| *house) {
            Ok(House::Open(address)) => Some(address),
            _ => None,
        };
        self.home
    }

    pub(super) fn offers(&self) -> watch::Sender<usize> {
        self.room.offers.clone()
    }

    /// Waits for the next thing that happens to the room.
    pub(super) async fn news(&mut self) -> News {
        let restart = self.room.plan.restart();
        let sudden = restart.is_some_and(|restart| !restart.graceful);
        let (house, home) = (&mut self.house, self.home.map(House::Open));
        let gone = async {
            match home {
                Some(home) if sudden => house.wait_for(|house| *house != home).await.is_ok(),
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            _gone = gone => News::Gone,
            _changed = self.offers.changed() => News::Offer,
        }
    }
}
