//! How many tests passed, read from what the test programs print.

use std::iter::Sum;

use crate::process::Watched;

/// The tests of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
    /// How many failed at first, before all were tried once more.
    pub(crate) again: usize,
}

impl Counts {
    const NONE: Self = Self {
        passed: 0,
        failed: 0,
        skipped: 0,
        again: 0,
    };
    /// A check that has no tests of its own and passed.
    pub(crate) const SUCCESS: Self = Self {
        passed: 1,
        ..Self::NONE
    };
    /// A check that this machine can't carry out.
    pub(crate) const SKIPPED: Self = Self {
        skipped: 1,
        ..Self::NONE
    };
    /// A step that could not be carried out.
    pub(crate) const FAILURE: Self = Self {
        failed: 1,
        ..Self::NONE
    };

    /// Reads the summaries of `cargo test`.
    pub(crate) fn of_cargo(watched: &Watched) -> Self {
        let results = watched
            .output
            .lines()
            .filter_map(|line| line.split_once("test result: "));
        let sum = results.map(|(_, result)| Self {
            passed: before(result, "passed"),
            failed: before(result, "failed"),
            skipped: before(result, "ignored"),
            again: 0,
        });
        sum.sum::<Self>().believing(watched.success)
    }

    /// Reads the summary of `node --test` with the reporter `spec`.
    pub(crate) fn of_node(watched: &Watched) -> Self {
        Self {
            passed: after(&watched.output, "pass"),
            failed: after(&watched.output, "fail") + after(&watched.output, "cancelled"),
            skipped: after(&watched.output, "skipped") + after(&watched.output, "todo"),
            again: 0,
        }
        .believing(watched.success)
    }

    /// These, when what failed of them has been tried once more. What was not tried then has still failed.
    pub(crate) fn tried_again(self, second: Self) -> Self {
        let untried = self.failed.saturating_sub(second.passed + second.failed);
        let failed = second.failed + untried;
        Self {
            passed: (self.passed + self.failed).saturating_sub(failed),
            failed,
            skipped: self.skipped,
            again: self.failed,
        }
    }

    /// A program that failed without naming a test (it did not compile, it crashed) counts too.
    fn believing(mut self, success: bool) -> Self {
        if !success {
            self.failed = self.failed.max(1);
        }
        self
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, one| Self {
            passed: sum.passed + one.passed,
            failed: sum.failed + one.failed,
            skipped: sum.skipped + one.skipped,
            again: sum.again + one.again,
        })
    }
}

/// The number before a word: `3` in `ok. 3 passed; 0 failed`.
fn before(result: &str, word: &str) -> usize {
    let part = result
        .split(';')
        .find(|part| part.trim_end().ends_with(word));
    let number = part.and_then(|part| part.split_whitespace().rev().nth(1));
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// The number after a word at the start of a line: `3` in `ℹ pass 3`.
fn after(output: &str, word: &str) -> usize {
    let numbers = output.lines().filter_map(|line| {
        let mut words = line.trim_start_matches(['ℹ', '#']).split_whitespace();
        let (name, number) = (words.next()?, words.next()?);
        let alone = words.next().is_none() && name == word && line.starts_with(['ℹ', '#']);
        number.parse::<usize>().ok().filter(|_| alone)
    });
    numbers.sum()
}

#[cfg(test)]
mod tests {
    use super::Counts;
    use crate::process::Watched;

    fn watched(success: bool, output: &str) -> Watched {
        Watched {
            success,
            output: output.to_owned(),
        }
    }

    #[test]
    fn cargo_is_summed_over_its_programs() {
        let output = "running 2 tests\ntest result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; \
                      0 filtered out; finished in 0.00s\n\n\
                      test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n";
        let counts = Counts::of_cargo(&watched(false, output));
        assert_eq!(
            counts,
            Counts {
                passed: 5,
                failed: 1,
                skipped: 1,
                again: 0
            }
        );
    }

    #[test]
    fn what_failed_is_tried_once_more_and_counted() {
        let counts = |passed, failed, skipped| Counts {
            passed,
            failed,
            skipped,
            again: 0,
        };
        let first = counts(4, 2, 1);
        let outcome = |second: Counts| {
            let both = first.tried_again(second);
            (both.passed, both.failed, both.skipped, both.again)
        };
        assert_eq!(outcome(counts(2, 0, 4)), (6, 0, 1, 2));
        assert_eq!(outcome(counts(1, 1, 4)), (5, 1, 1, 2));
        assert_eq!(outcome(counts(1, 0, 5)), (5, 1, 1, 2), "one was not tried");
        assert_eq!(
            outcome(counts(3, 0, 3)),
            (6, 0, 1, 2),
            "a namesake was tried too"
        );
    }

    #[test]
    fn what_did_not_compile_failed() {
        assert_eq!(Counts::of_cargo(&watched(false, "")), Counts::FAILURE);
    }

    #[test]
    fn node_is_read_from_its_last_lines() {
        let output = "✔ pass 7 (3ms)\nℹ tests 5\nℹ suites 0\nℹ pass 3\nℹ fail 1\nℹ cancelled 1\n\
                      ℹ skipped 0\nℹ todo 0\nℹ duration_ms 43.3\n";
        let counts = Counts::of_node(&watched(false, output));
        assert_eq!(
            counts,
            Counts {
                passed: 3,
                failed: 2,
                skipped: 0,
                again: 0
            }
        );
    }
}
