use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use wasm_bindgen_futures::spawn_local;

type Boxed = Pin<Box<dyn Future<Output = ()>>>;

/// A future that runs for as long as its owner holds this.
#[must_use = "the task is aborted when this is dropped"]
pub struct Task {
    progress: Rc<Cell<Progress>>,
}

enum Progress {
    Waiting(Boxed),
    /// The future is being polled: it is not here, because it may drop its own task.
    Running,
    Finished,
}

impl Task {
    /// Starts a future in the next microtask.
    pub fn spawn(future: impl Future<Output = ()> + 'static) -> Self {
        let task = Self::new(Box::pin(future));
        task.schedule();
        task
    }

    /// Starts a future at once, up to its first wait.
    pub(crate) fn start(future: impl Future<Output = ()> + 'static) -> Self {
        let task = Self::new(Box::pin(future));
        let started = poll(&task.progress, &mut Context::from_waker(Waker::noop()));
        if started.is_pending() {
            task.schedule();
        }
        task
    }

    pub(crate) fn is_finished(&self) -> bool {
        let progress = self.progress.replace(Progress::Running);
        let is_finished = matches!(progress, Progress::Finished);
        self.progress.set(progress);
        is_finished
    }

    fn new(future: Boxed) -> Self {
        Self {
            progress: Rc::new(Cell::new(Progress::Waiting(future))),
        }
    }

    fn schedule(&self) {
        let progress = Rc::downgrade(&self.progress);
        spawn_local(poll_fn(move |context| {
            progress
                .upgrade()
                .map_or(Poll::Ready(()), |progress| poll(&progress, context))
        }));
    }
}

fn poll(progress: &Cell<Progress>, context: &mut Context<'_>) -> Poll<()> {
    let Progress::Waiting(mut future) = progress.replace(Progress::Running) else {
        return Poll::Ready(());
    };
    let polled = future.as_mut().poll(context);
    progress.set(match polled {
        Poll::Pending => Progress::Waiting(future),
        Poll::Ready(()) => Progress::Finished,
    });
    polled
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Task")
    }
}
