use std::cell::Cell;

use js_sys::Date;
use videocalls_session::Timestamp;
use wasm_bindgen::JsCast;
use web_sys::Performance;

use crate::browser::global;

/// By how many milliseconds the wall clock must gain on the page's clock to count as a sleep.
const MIN_SLEEP: f64 = 2_000.0;

/// The page's clock, set forward by the time for which the computer slept: in some browsers
/// `performance.now()` stands still meanwhile, and a dead socket would look alive.
#[derive(Debug)]
pub(crate) struct Clock {
    page: Performance,
    /// By how much the wall clock was ahead of the page's clock at the last reading.
    ahead: Cell<f64>,
    slept: Cell<f64>,
}

impl Clock {
    /// The clock of this page, if the browser has one.
    pub(crate) fn new() -> Option<Self> {
        let page = global("performance");
        let page: Performance = page.is_object().then(|| page.unchecked_into())?;
        let ahead = Cell::new(Date::now() - page.now());
        Some(Self {
            page,
            ahead,
            slept: Cell::default(),
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        let now = self.page.now();
        let ahead = Date::now() - now;
        let jump = ahead - self.ahead.replace(ahead);
        if jump > MIN_SLEEP {
            self.slept.set(self.slept.get() + jump);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "milliseconds since the page began fit, and are not negative"
        )]
        Timestamp::from_millis((now + self.slept.get()) as u64)
    }
}
