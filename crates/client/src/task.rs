use std::future::Future;
use std::pin::Pin;

use futures_util::future::{AbortHandle, abortable};
use wasm_bindgen_futures::spawn_local;

/// A future that runs for as long as its owner holds this.
#[derive(Debug)]
#[must_use = "the task is aborted when this is dropped"]
pub(crate) struct Task(AbortHandle);

impl Task {
    /// Starts a future. This is the only place that spawns.
    pub(crate) fn spawn(future: impl Future<Output = ()> + 'static) -> Self {
        Self::spawn_boxed(Box::pin(future))
    }

    /// One for all futures: the machinery around each of them would be larger than most.
    fn spawn_boxed(future: Pin<Box<dyn Future<Output = ()>>>) -> Self {
        let (future, handle) = abortable(future);
        spawn_local(async {
            // An aborted task has nothing left to say.
            let _ = future.await;
        });
        Self(handle)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
