use videocalls_protocol::data::LineId;
use videocalls_protocol::{DisplayName, ParticipantId};

use crate::time::Timestamp;

/// How many lines to keep for participants who come later, and how many bytes of text.
const MAX_LINES: usize = 100;
const MAX_BYTES: usize = 64 * 1024;

/// The chat lines to everyone, the oldest first, for those who come later.
#[derive(Debug, Default)]
pub(crate) struct ChatLog {
    lines: Vec<Line>,
}

/// A chat line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) id: LineId,
    /// When it was written, in milliseconds of the session's time. That may be before its beginning.
    pub(crate) at: i64,
    pub(crate) from: ParticipantId,
    pub(crate) name: Option<DisplayName>,
    pub(crate) text: String,
}

impl Line {
    /// How old the line is, in milliseconds.
    pub(crate) fn age(&self, now: Timestamp) -> u64 {
        moment(now).saturating_sub(self.at).max(0).unsigned_abs()
    }
}

/// A time, as lines state it.
pub(crate) fn moment(time: Timestamp) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

impl ChatLog {
    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// A digest of the lines, the same for the same lines, as
    /// [`Hello`](videocalls_protocol::data::Hello) states it.
    pub(crate) fn digest(&self) -> u32 {
        self.lines.iter().fold(0, |digest, line| {
            let LineId { instance, number } = line.id;
            digest ^ instance ^ number.wrapping_mul(0x9e37_79b9)
        })
    }

    /// Adds a line in the order of time, and drops the oldest if there are too many. Returns whether
    /// the line is new.
    pub(crate) fn insert(&mut self, line: Line) -> bool {
        if self.lines.iter().any(|known| known.id == line.id) {
            return false;
        }
        let later = self.lines.iter().rev();
        let later = later.take_while(|known| known.at > line.at).count();
        self.lines.insert(self.lines.len() - later, line);
        while self.lines.len() > MAX_LINES || self.bytes() > MAX_BYTES {
            self.lines.remove(0);
        }
        true
    }

    fn bytes(&self) -> usize {
        self.lines.iter().map(|line| line.text.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: u32, at: i64, text: &str) -> Line {
        Line {
            id: LineId {
                instance: 1,
                number,
            },
            at,
            from: ParticipantId::new("ann"),
            name: None,
            text: text.to_owned(),
        }
    }

    fn numbers(log: &ChatLog) -> Vec<u32> {
        log.lines().iter().map(|line| line.id.number).collect()
    }

    #[test]
    fn lines_are_in_the_order_of_time_and_none_is_twice() {
        let mut log = ChatLog::default();
        for (number, at) in [(1, 10), (3, 30), (2, 20), (4, 30)] {
            assert!(log.insert(line(number, at, "x")));
        }
        assert!(!log.insert(line(2, 40, "again")));
        assert_eq!(numbers(&log), [1, 2, 3, 4]);
        assert_eq!(ChatLog::default().digest(), 0);
        let mut other = ChatLog::default();
        for number in [3, 1, 4, 2] {
            assert_ne!(other.digest(), log.digest());
            other.insert(line(number, 0, "x"));
        }
        assert_eq!(other.digest(), log.digest());
    }

    #[test]
    fn oldest_lines_are_dropped_over_the_limits() {
        let mut log = ChatLog::default();
        for number in 0..150 {
            log.insert(line(number, number.into(), "x"));
        }
        assert_eq!(log.lines().len(), MAX_LINES);
        assert_eq!(log.lines()[0].id.number, 50);
        for number in 150..200 {
            log.insert(line(number, number.into(), &"x".repeat(4_096)));
        }
        assert_eq!(log.lines().len(), MAX_BYTES / 4_096);
    }
}
