use std::cell::RefCell;
use std::rc::Rc;

use videocalls_session::Timestamp;
use wasm_bindgen::prelude::*;

use crate::browser::{clear_timeout, set_timeout};

/// The longest delay that `setTimeout` takes, in milliseconds. It takes a longer one for zero
/// (<https://html.spec.whatwg.org/multipage/timers-and-user-prompts.html#timer-initialisation-steps>).
const MAX_DELAY: i32 = i32::MAX;

/// A timer of the browser, which is stopped when this is dropped.
#[derive(Debug)]
struct Timer {
    id: i32,
    _ring: Closure<dyn FnMut(JsValue)>,
}

/// The one timer of a call, set to the session's next deadline.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    armed: Rc<RefCell<Option<(Timestamp, Timer)>>>,
}

impl Alarm {
    /// Sets the alarm to a deadline, or stops it. The alarm may ring early: browsers round delays,
    /// and a delay is cut to the longest that they take.
    pub(crate) fn set(&self, deadline: Option<Timestamp>, now: Timestamp, ring: &Rc<dyn Fn(())>) {
        let armed = self.armed.borrow().as_ref().map(|(at, _)| *at);
        if armed == deadline {
            return;
        }
        let timer = deadline.map(|at| (at, self.timer(at, now, ring.clone())));
        *self.armed.borrow_mut() = timer;
    }

    fn timer(&self, at: Timestamp, now: Timestamp, ring: Rc<dyn Fn(())>) -> Timer {
        let armed = Rc::downgrade(&self.armed);
        Timer::new(delay(at, now), move |_| {
            // Disarmed first, so that it is set again even for the same deadline.
            if let Some(armed) = armed.upgrade() {
                armed.take();
            }
            ring(());
        })
    }
}

impl Timer {
    fn new(milliseconds: i32, ring: impl FnMut(JsValue) + 'static) -> Self {
        let ring = Closure::new(ring);
        let call = ring.as_ref().unchecked_ref();
        Self {
            id: set_timeout(call, milliseconds, &JsValue::UNDEFINED),
            _ring: ring,
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(self.id);
    }
}

fn delay(at: Timestamp, now: Timestamp) -> i32 {
    let millis = at.as_millis().saturating_sub(now.as_millis());
    i32::try_from(millis).unwrap_or(MAX_DELAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_far_deadline_is_cut_to_the_longest_delay() {
        let now = Timestamp::from_millis(5);
        assert_eq!(delay(Timestamp::from_millis(15), now), 10);
        assert_eq!(delay(Timestamp::from_millis(u64::MAX), now), MAX_DELAY);
        let day_25 = Timestamp::from_millis(u64::from(u32::MAX) - 1);
        assert_eq!(delay(day_25, now), MAX_DELAY);
    }
}
