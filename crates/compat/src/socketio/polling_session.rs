use std::collections::HashMap;
use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{MutexGuard as AsyncGuard, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;
use videocalls_protocol::rooms::close;
use videocalls_server::extend::{AddressPermit, End, Outbox, Queue, RateLimit, slow_consumer};

use super::SocketIo;
use super::engine::EngineSession;
use super::version::Version;

/// The sessions that use long-polling. They have no connection, so they are counted here.
pub(super) struct PollingSessions {
    sessions: Mutex<HashMap<String, Arc<PollingSession>>>,
    capacity: usize,
}

/// A session that uses long-polling, until it ends or a WebSocket takes it over.
pub(super) struct PollingSession {
    sid: String,
    version: Version,
    outbox: Outbox,
    /// Locked by the request that polls.
    queue: tokio::sync::Mutex<Option<Queue>>,
    active: Mutex<Option<Active>>,
    transport: watch::Sender<Transport>,
}

struct Active {
    engine: EngineSession,
    rate: RateLimit,
}

/// How the packets of a session travel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Transport {
    Polling,
    /// A WebSocket is being probed, so no request is kept waiting.
    Probing,
    WebSocket,
    /// The session has ended.
    None,
}

impl PollingSessions {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            sessions: Mutex::default(),
            capacity,
        }
    }

    pub(super) fn find(&self, sid: &str) -> Option<Arc<PollingSession>> {
        self.lock().get(sid).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<PollingSession>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, session: &Arc<PollingSession>) -> bool {
        let mut sessions = self.lock();
        let free = sessions.len() < self.capacity;
        if free {
            sessions.insert(session.sid.clone(), Arc::clone(session));
        }
        free
    }
}

/// A new session id. It is secret, because whoever knows it can act as the client.
pub(super) fn new_sid() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// Starts a session and calls `greet` with its id and outbox before anything else is sent. Nothing
/// if there are too many sessions.
pub(super) fn start(
    state: &Arc<SocketIo>,
    version: Version,
    permit: AddressPermit,
    greet: impl FnOnce(&str, &Outbox),
) -> Option<Arc<PollingSession>> {
    let session = Arc::new(PollingSession::new(state, version, greet));
    if !state.sessions.add(&session) {
        warn!("too many polling sessions");
        return None;
    }
    let (state, running) = (Arc::clone(state), Arc::clone(&session));
    state.context.clone().spawn(async move {
        running.run(&state.context.socket_end()).await;
        drop(permit);
        state.sessions.lock().remove(&running.sid);
    });
    Some(session)
}

impl PollingSession {
    fn new(state: &Arc<SocketIo>, version: Version, greet: impl FnOnce(&str, &Outbox)) -> Self {
        let sid = new_sid();
        let (outbox, queue) = state.context.outbox();
        greet(&sid, &outbox);
        let active = Active {
            engine: state.engine_session(version, outbox.clone()),
            rate: RateLimit::messages(state.context.limits()),
        };
        Self {
            sid,
            version,
            outbox,
            queue: tokio::sync::Mutex::new(Some(queue)),
            active: Mutex::new(Some(active)),
            transport: watch::Sender::new(Transport::Polling),
        }
    }

    pub(super) fn version(&self) -> Version {
        self.version
    }

    pub(super) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    pub(super) fn transport(&self) -> watch::Receiver<Transport> {
        self.transport.subscribe()
    }

    /// Locks the queue, unless another request has locked it. The lock holds nothing if the session
    /// has moved to a WebSocket.
    pub(super) fn try_lock_queue(&self) -> Option<AsyncGuard<'_, Option<Queue>>> {
        self.queue.try_lock().ok()
    }

    /// Handles a packet; whether the session still existed.
    pub(super) fn handle(&self, packet: &str) -> bool {
        let now = Instant::now();
        let handled = self.with(|active| {
            if !active.rate.take(now) {
                warn!("too many messages");
                return Break(End::Close(close::RATE_LIMITED));
            }
            active.engine.handle(packet, now)
        });
        if let Some(Break(end)) = handled {
            self.end(end);
        }
        handled.is_some()
    }

    pub(super) fn end(&self, end: End) {
        if let Some(engine) = self.take() {
            engine.end(end);
            self.transport.send_replace(Transport::None);
        }
    }

    /// Starts to probe a WebSocket, if none is being probed.
    pub(super) fn start_probe(&self) -> bool {
        self.switch(Transport::Polling, Transport::Probing)
    }

    /// Returns to long-polling after a failed probe.
    pub(super) fn cancel_probe(&self) {
        self.switch(Transport::Probing, Transport::Polling);
    }

    /// Hands the session over to a WebSocket, unless it has ended meanwhile.
    pub(super) async fn hand_over(&self) -> Option<(EngineSession, Queue)> {
        self.switch(Transport::Probing, Transport::WebSocket)
            .then_some(())?;
        let queue = self.queue.lock().await.take()?;
        Some((self.take()?, queue))
    }

    /// Runs the timers of the session while it uses long-polling.
    async fn run(&self, stopping: &CancellationToken) {
        let mut transport = self.transport();
        while let Some(deadline) = self.with(|active| active.engine.deadline()) {
            let end = tokio::select! {
                biased;
                () = stopping.cancelled() => Break(End::Close(close::SHUTDOWN)),
                () = self.outbox.overflowed() => Break(slow_consumer()),
                _left = transport.wait_for(|transport| transport.is_over()) => return,
                () = tokio::time::sleep_until(deadline) => self.tick(),
            };
            if let Break(end) = end {
                self.end(end);
            }
        }
    }

    fn tick(&self) -> ControlFlow<End> {
        let ticked = self.with(|active| active.engine.tick(Instant::now()));
        ticked.unwrap_or(Continue(()))
    }

    fn switch(&self, from: Transport, to: Transport) -> bool {
        self.transport.send_if_modified(|transport| {
            let matches = *transport == from;
            if matches {
                *transport = to;
            }
            matches
        })
    }

    fn with<R>(&self, work: impl FnOnce(&mut Active) -> R) -> Option<R> {
        self.active().as_mut().map(work)
    }

    fn take(&self) -> Option<EngineSession> {
        let active = self.active().take();
        active.map(|active| active.engine)
    }

    fn active(&self) -> MutexGuard<'_, Option<Active>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport {
    /// Whether long-polling is over.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::WebSocket | Self::None)
    }
}
