use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::warn;

/// Counts the server's tasks and ends them together.
#[derive(Clone)]
pub(crate) struct Lifecycle {
    stopping: CancellationToken,
    aborted: CancellationToken,
    tasks: TaskTracker,
}

impl Lifecycle {
    pub(crate) fn new() -> Self {
        Self {
            stopping: CancellationToken::new(),
            aborted: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// Cancelled when the server stops: every task should end soon after.
    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// Runs a task in the background until it ends or the server aborts it.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let lifecycle = self.clone();
        self.tasks
            .spawn(async move { lifecycle.until_aborted(task).await });
    }

    /// Counts a task that starts later, until the token is dropped.
    pub(crate) fn count(&self) -> TaskTrackerToken {
        self.tasks.token()
    }

    /// Runs a future until it ends or the server aborts it.
    pub(crate) async fn until_aborted(&self, task: impl Future<Output = ()>) {
        let _aborted = self.aborted.run_until_cancelled(task).await;
    }

    /// Asks all tasks to end, waits for them, then aborts those that are left.
    pub(crate) async fn end(&self, patience: Duration) {
        self.stopping.cancel();
        self.tasks.close();
        if timeout(patience, self.tasks.wait()).await.is_err() {
            warn!(tasks = self.tasks.len(), "aborted at shutdown");
        }
        self.aborted.cancel();
    }
}
