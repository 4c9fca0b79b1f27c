use std::time::Duration;

use videocalls_protocol::Event;

use crate::Problem;
use crate::time::Timestamp;

/// How many problems of one kind are reported and tolerated in a row.
const TOLERATED: u32 = 50;
/// After this long, one problem of a kind is forgotten.
const FORGET: Duration = Duration::from_secs(10);
/// How long a server may send nothing that we can use, while there are too many problems with it.
const USELESS: Duration = Duration::from_secs(30);

/// Counts what goes wrong in the exchange with the server, in order to tell a server that fails now
/// and then from one that this version can't talk to.
#[derive(Debug, Default)]
pub(crate) struct ServerProblems {
    counters: Vec<Counter>,
    /// When the first problem occurred since the server last sent something that we could use.
    useless_since: Option<Timestamp>,
}

/// How often one kind of problem has occurred of late.
#[derive(Debug)]
struct Counter {
    problem: Problem,
    count: u32,
    /// Until when what is to be forgotten has been forgotten.
    updated: Timestamp,
}

/// What to do about a problem.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub(crate) enum Reaction {
    Report,
    /// There have been many of the kind, and the app knows.
    Ignore,
    /// Nothing else comes from the server.
    GiveUp,
}

impl ServerProblems {
    /// The server has sent this.
    pub(crate) fn received(&mut self, event: &Event) {
        if !matches!(event, Event::Unknown { .. } | Event::Rejected { .. }) {
            self.useless_since = None;
        }
    }

    /// A problem has occurred.
    pub(crate) fn count(&mut self, now: Timestamp, problem: Problem) -> Reaction {
        let useless_since = *self.useless_since.get_or_insert(now);
        if self.counter(now, problem).count(now) <= TOLERATED {
            Reaction::Report
        } else if now.since(useless_since) < USELESS {
            Reaction::Ignore
        } else {
            Reaction::GiveUp
        }
    }

    fn counter(&mut self, now: Timestamp, problem: Problem) -> &mut Counter {
        let known = self.counters.iter().position(|it| it.problem == problem);
        let index = known.unwrap_or_else(|| {
            self.counters.push(Counter {
                problem,
                count: 0,
                updated: now,
            });
            self.counters.len() - 1
        });
        &mut self.counters[index]
    }
}

impl Counter {
    /// Counts one more, and returns how many there are.
    fn count(&mut self, now: Timestamp) -> u32 {
        while self.count > 0 && now.since(self.updated) >= FORGET {
            self.count -= 1;
            self.updated = self.updated + FORGET;
        }
        if self.count == 0 {
            self.updated = now;
        }
        // What is over the limit need not be counted: the next one is over it as well.
        self.count = self.count.min(TOLERATED) + 1;
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROBLEM: Problem = Problem::MalformedMessage;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    #[test]
    fn one_problem_is_forgotten_every_ten_seconds() {
        let mut problems = ServerProblems::default();
        for _ in 0..TOLERATED {
            assert_eq!(problems.count(at(0), PROBLEM), Reaction::Report);
        }
        assert_eq!(problems.count(at(0), PROBLEM), Reaction::Ignore);
        assert_eq!(problems.count(at(9), PROBLEM), Reaction::Ignore);
        problems.received(&Event::Ping);
        assert_eq!(problems.count(at(20), PROBLEM), Reaction::Report);
        assert_eq!(problems.count(at(20), PROBLEM), Reaction::Ignore);
    }

    #[test]
    fn unknown_and_rejecting_messages_do_not_show_a_useful_server() {
        let mut problems = ServerProblems::default();
        for second in 0..60 {
            let reactions = [0; 5].map(|_| problems.count(at(second), PROBLEM));
            assert_eq!(second >= 30, reactions.contains(&Reaction::GiveUp));
            problems.received(&Event::Unknown { bytes: 4 });
        }
    }
}
