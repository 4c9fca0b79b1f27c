use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;

use crate::CallEvent;

/// A function that takes the events of a call.
pub(crate) type Listener = Rc<dyn Fn(&CallEvent)>;

/// The listeners of a call, and the futures that wait for it to change.
#[derive(Default)]
pub(crate) struct Listeners {
    listeners: RefCell<Vec<(u32, Listener)>>,
    last_key: Cell<u32>,
    wakers: Cell<Vec<Waker>>,
}

impl Listeners {
    /// Adds a listener and returns the key to remove it by.
    pub(crate) fn add(&self, listener: Listener) -> u32 {
        let key = self.last_key.get() + 1;
        self.last_key.set(key);
        self.listeners.borrow_mut().push((key, listener));
        key
    }

    pub(crate) fn remove(&self, key: u32) {
        let mut listeners = self.listeners.take();
        let position = listeners.iter().position(|(known, _)| *known == key);
        let removed = position.map(|at| listeners.remove(at));
        self.listeners.replace(listeners);
        // Dropped last: what the listener owns may call back when it is dropped.
        drop(removed);
    }

    pub(crate) fn wake_on_change(&self, waker: Waker) {
        let mut wakers = self.wakers.take();
        wakers.push(waker);
        self.wakers.set(wakers);
    }

    /// Passes an event to each listener that is still there when its turn comes: a listener may add
    /// and remove listeners.
    pub(crate) fn emit(&self, event: &CallEvent) {
        if matches!(event, CallEvent::StateChanged(_)) {
            self.wakers.take().into_iter().for_each(Waker::wake);
        }
        let (mut done, newest) = (0, self.last_key.get());
        while let Some((key, listener)) = self.first_after(done)
            && key <= newest
        {
            listener(event);
            done = key;
        }
    }

    /// The listeners are in the order of their keys.
    fn first_after(&self, key: u32) -> Option<(u32, Listener)> {
        let listeners = self.listeners.borrow();
        listeners.iter().find(|(it, _)| *it > key).cloned()
    }
}
