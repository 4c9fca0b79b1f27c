use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::warn;

/// In how many groups sockets are closed while the server drains.
const GROUPS: u32 = 64;

/// Counts the server's tasks and ends them together.
#[derive(Clone)]
pub(crate) struct Lifecycle(Arc<Inner>);

struct Inner {
    draining: AtomicBool,
    /// Cancelled one after the other while the server drains. Each socket has one of them.
    groups: Vec<CancellationToken>,
    next_group: AtomicUsize,
    stopping: CancellationToken,
    aborted: CancellationToken,
    tasks: TaskTracker,
}

impl Lifecycle {
    pub(crate) fn new() -> Self {
        let stopping = CancellationToken::new();
        Self(Arc::new(Inner {
            draining: AtomicBool::new(false),
            groups: (0..GROUPS).map(|_| stopping.child_token()).collect(),
            next_group: AtomicUsize::new(0),
            stopping,
            aborted: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }))
    }

    /// Whether new clients should go to another server.
    pub(crate) fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Relaxed)
    }

    /// Cancelled when a new socket has to end: while the server drains, or when it stops.
    pub(crate) fn socket_end(&self) -> CancellationToken {
        let next = self.0.next_group.fetch_add(1, Ordering::Relaxed);
        self.0.groups[next % self.0.groups.len()].clone()
    }

    /// Ends the sockets one after the other, so that their clients do not come to other servers all at
    /// once.
    pub(crate) async fn drain(&self, duration: Duration) {
        self.0.draining.store(true, Ordering::Relaxed);
        for group in &self.0.groups {
            sleep(duration / GROUPS).await;
            group.cancel();
        }
    }

    /// Cancelled when the server stops: every task should end soon after.
    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    /// Runs a task in the background until it ends or the server aborts it.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let lifecycle = self.clone();
        self.0
            .tasks
            .spawn(async move { lifecycle.until_aborted(task).await });
    }

    /// Counts a task that starts later, until the token is dropped.
    pub(crate) fn count(&self) -> TaskTrackerToken {
        self.0.tasks.token()
    }

    /// Runs a future until it ends or the server aborts it.
    pub(crate) async fn until_aborted(&self, task: impl Future<Output = ()>) {
        let _aborted = self.0.aborted.run_until_cancelled(task).await;
    }

    /// Asks all tasks to end, waits for them, then aborts those that are left.
    pub(crate) async fn end(&self, patience: Duration) {
        self.0.draining.store(true, Ordering::Relaxed);
        self.0.stopping.cancel();
        self.0.tasks.close();
        if timeout(patience, self.0.tasks.wait()).await.is_err() {
            warn!(tasks = self.0.tasks.len(), "aborted at shutdown");
        }
        self.0.aborted.cancel();
    }
}
