use std::collections::HashMap;
use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;
use videocalls_protocol::rooms::close;

use super::conversation::Conversation;
use crate::outbox::{Outbox, Queue, outbox};
use crate::rate::Bucket;
use crate::shared::Shared;
use crate::socket::{self, End};

/// The sessions that poll. They have no connection of their own, so they are counted here.
pub(crate) struct Sessions {
    all: Mutex<HashMap<String, Arc<Session>>>,
    capacity: usize,
}

/// A session that began by polling, until it ends or a WebSocket takes it over.
pub(super) struct Session {
    sid: String,
    outbox: Outbox,
    /// The far end of the outbox, in the hands of the request that polls.
    pub(super) queue: tokio::sync::Mutex<Option<Queue>>,
    polled: Mutex<Option<Polled>>,
    carrier: watch::Sender<Carrier>,
}

struct Polled {
    conversation: Conversation,
    rate: Bucket,
}

/// Where the packets of a session go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Carrier {
    Polling,
    /// A WebSocket is being tried out: no request is left waiting.
    Probing,
    WebSocket,
    Nothing,
}

impl Sessions {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            all: Mutex::default(),
            capacity,
        }
    }

    pub(super) fn find(&self, sid: &str) -> Option<Arc<Session>> {
        self.all().get(sid).cloned()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, session: &Arc<Session>) -> bool {
        let mut all = self.all();
        let free = all.len() < self.capacity;
        if free {
            all.insert(session.sid.clone(), Arc::clone(session));
        }
        free
    }
}

/// The id of a new session: whoever knows it can speak for the client.
pub(super) fn new_sid() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// Begins a session and gives its id, unless there are too many.
pub(super) fn open(shared: &Arc<Shared>) -> Option<String> {
    let session = Arc::new(Session::new(shared));
    if !shared.sessions.add(&session) {
        warn!("too many polling sessions");
        return None;
    }
    let sid = session.sid.clone();
    let (shared, life) = (Arc::clone(shared), shared.life.clone());
    shared.life.tasks.clone().spawn(async move {
        life.bound(session.keep(&shared.life.shutdown)).await;
        shared.sessions.all().remove(&session.sid);
    });
    Some(sid)
}

impl Session {
    fn new(shared: &Arc<Shared>) -> Self {
        let limits = shared.limits;
        let (outbox, queue) = outbox(limits);
        let polled = Polled {
            conversation: Conversation::new(outbox.clone(), shared),
            rate: Bucket::of(limits),
        };
        Self {
            sid: new_sid(),
            outbox,
            queue: tokio::sync::Mutex::new(Some(queue)),
            polled: Mutex::new(Some(polled)),
            carrier: watch::Sender::new(Carrier::Polling),
        }
    }

    pub(super) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    pub(super) fn carrier(&self) -> watch::Receiver<Carrier> {
        self.carrier.subscribe()
    }

    /// Takes in a packet; whether there is still a session to take it in.
    pub(super) fn hear(&self, packet: &str) -> bool {
        let now = Instant::now();
        let heard = self.with(|polled| {
            if !polled.rate.take(now) {
                warn!("too many messages");
                return Break(End::Close(close::RATE_LIMITED));
            }
            polled.conversation.hear(packet, now)
        });
        if let Some(Break(end)) = heard {
            self.end(end);
        }
        heard.is_some()
    }

    pub(super) fn end(&self, end: End) {
        if let Some(conversation) = self.take() {
            conversation.end(end);
            self.carrier.send_replace(Carrier::Nothing);
        }
    }

    /// Begins to try a WebSocket out; one at a time.
    pub(super) fn probe(&self) -> bool {
        self.change(Carrier::Polling, Carrier::Probing)
    }

    /// Goes back to polling.
    pub(super) fn forgo(&self) {
        self.change(Carrier::Probing, Carrier::Polling);
    }

    /// Leaves the session to a WebSocket, if it has not ended in the meantime.
    pub(super) async fn hand_over(&self) -> Option<(Conversation, Queue)> {
        self.change(Carrier::Probing, Carrier::WebSocket)
            .then_some(())?;
        let queue = self.queue.lock().await.take()?;
        Some((self.take()?, queue))
    }

    /// Keeps the time of a session that polls, to its end.
    async fn keep(&self, shutdown: &CancellationToken) {
        let mut carrier = self.carrier();
        while let Some(deadline) = self.with(|polled| polled.conversation.deadline()) {
            let end = tokio::select! {
                biased;
                () = shutdown.cancelled() => Break(End::Close(close::SHUTDOWN)),
                () = self.outbox.overflown() => Break(socket::too_slow()),
                _over = carrier.wait_for(|carrier| carrier.is_over()) => return,
                () = tokio::time::sleep_until(deadline) => self.tick(),
            };
            if let Break(end) = end {
                self.end(end);
            }
        }
    }

    fn tick(&self) -> ControlFlow<End> {
        let ticked = self.with(|polled| polled.conversation.tick(Instant::now()));
        ticked.unwrap_or(Continue(()))
    }

    fn change(&self, from: Carrier, to: Carrier) -> bool {
        self.carrier.send_if_modified(|carrier| {
            let matches = *carrier == from;
            if matches {
                *carrier = to;
            }
            matches
        })
    }

    fn with<R>(&self, work: impl FnOnce(&mut Polled) -> R) -> Option<R> {
        self.polled().as_mut().map(work)
    }

    fn take(&self) -> Option<Conversation> {
        let polled = self.polled().take();
        polled.map(|polled| polled.conversation)
    }

    fn polled(&self) -> MutexGuard<'_, Option<Polled>> {
        self.polled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Carrier {
    /// Whether polling has come to its end.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::WebSocket | Self::Nothing)
    }
}
