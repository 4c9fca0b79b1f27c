use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use wasm_bindgen_futures::spawn_local;

type Boxed = Pin<Box<dyn Future<Output = ()>>>;

/// A future that runs for as long as its owner holds this, for what a page does besides its calls.
#[must_use = "the task is aborted when this is dropped"]
pub struct Task {
    /// The future, except while it is polled: it may drop its own task.
    _waiting: Rc<Cell<Option<Boxed>>>,
}

impl Task {
    /// Starts a future.
    pub fn spawn(future: impl Future<Output = ()> + 'static) -> Self {
        Self::spawn_boxed(Box::pin(future))
    }

    /// One for all futures: the machinery around each of them would be larger than most.
    fn spawn_boxed(future: Boxed) -> Self {
        let waiting = Rc::new(Cell::new(Some(future)));
        let task = Rc::downgrade(&waiting);
        spawn_local(poll_fn(move |context| {
            let Some(waiting) = task.upgrade() else {
                return Poll::Ready(());
            };
            waiting.take().map_or(Poll::Ready(()), |mut future| {
                let polled = future.as_mut().poll(context);
                if polled.is_pending() {
                    waiting.set(Some(future));
                }
                polled
            })
        }));
        Self { _waiting: waiting }
    }
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Task")
    }
}
