use std::collections::VecDeque;

use axum::extract::ws::Utf8Bytes;
use tokio::time::Instant;

/// How many events are kept, and how many bytes of them.
const MAX_EVENTS: usize = 64;
const MAX_BYTES: usize = 64 * 1024;

/// The latest events to one participant, as they were sent, for a client that has missed some.
#[derive(Default)]
pub(crate) struct EventLog {
    events: VecDeque<(Instant, Utf8Bytes)>,
    bytes: usize,
}

impl EventLog {
    pub(crate) fn push(&mut self, now: Instant, text: Utf8Bytes) {
        self.bytes += text.len();
        self.events.push_back((now, text));
        while self.events.len() > MAX_EVENTS || self.bytes > MAX_BYTES {
            self.drop_oldest();
        }
    }

    /// Forgets older events.
    pub(crate) fn forget(&mut self, before: Instant) {
        while self.events.front().is_some_and(|(at, _)| *at < before) {
            self.drop_oldest();
        }
    }

    /// The latest `count` events, oldest first, or nothing if the log does not have as many.
    pub(crate) fn latest(&self, count: u64) -> Option<Vec<Utf8Bytes>> {
        let count = usize::try_from(count).ok()?;
        let from = self.events.len().checked_sub(count)?;
        let latest = self.events.range(from..);
        Some(latest.map(|(_, text)| text.clone()).collect())
    }

    fn drop_oldest(&mut self) {
        if let Some((_, text)) = self.events.pop_front() {
            self.bytes -= text.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn log(count: usize, text: &str) -> EventLog {
        let mut log = EventLog::default();
        let now = Instant::now();
        (0..count).for_each(|_| log.push(now, text.into()));
        log
    }

    fn kept(log: &EventLog) -> usize {
        (0..).take_while(|n| log.latest(*n).is_some()).count() - 1
    }

    #[test]
    fn keeps_the_latest_up_to_a_count_and_a_size() {
        assert_eq!(kept(&log(0, "")), 0);
        assert_eq!(kept(&log(64, "x")), 64);
        assert_eq!(kept(&log(1000, "x")), MAX_EVENTS);
        assert_eq!(kept(&log(1000, &"x".repeat(16 * 1024))), 4);
        assert_eq!(kept(&log(9, &"x".repeat(64 * 1024 + 1))), 0);
    }

    #[test]
    fn returns_the_latest_in_order() {
        let mut log = EventLog::default();
        let start = Instant::now();
        for number in 0..5_u32 {
            let at = start + number * Duration::from_secs(1);
            log.push(at, number.to_string().into());
        }
        let latest = |log: &EventLog, count| {
            let texts = log.latest(count)?;
            Some(texts.iter().map(|text| text.as_str()).collect::<String>())
        };
        assert_eq!(latest(&log, 3).as_deref(), Some("234"));
        assert_eq!(latest(&log, 6), None);
        log.forget(start + Duration::from_secs(3));
        assert_eq!(latest(&log, 2).as_deref(), Some("34"));
        assert_eq!(latest(&log, 3), None);
    }
}
