//! How many tests passed, read from the output of the test programs.

use std::iter::Sum;

use crate::process::Finished;

/// The results of some tests.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
    /// The names of tests that failed and passed when they ran again. They are in `passed` too.
    pub(crate) flaky: Vec<String>,
}

impl Counts {
    /// A check without tests of its own that passed.
    pub(crate) fn success() -> Self {
        Self {
            passed: 1,
            ..Self::default()
        }
    }

    /// A check that this machine can't carry out.
    pub(crate) fn skipped() -> Self {
        Self {
            skipped: 1,
            ..Self::default()
        }
    }

    /// A check without tests of its own that failed.
    pub(crate) fn failure() -> Self {
        Self {
            failed: 1,
            ..Self::default()
        }
    }

    /// Reads the summaries of `cargo test`.
    pub(crate) fn of_cargo(run: &Finished) -> Self {
        let lines = run.stdout.lines();
        let results = lines.filter_map(|line| line.split_once("test result: "));
        let sum = results.map(|(_, result)| Self {
            passed: number_before(result, "passed"),
            failed: number_before(result, "failed"),
            skipped: number_before(result, "ignored"),
            flaky: Vec::new(),
        });
        sum.sum::<Self>().or_failed(run.success)
    }

    /// Reads the summary of `node --test` with the reporter `spec`.
    pub(crate) fn of_node(run: &Finished) -> Self {
        let number = |word| number_after(&run.stdout, word);
        let counts = Self {
            passed: number("pass"),
            failed: number("fail") + number("cancelled"),
            skipped: number("skipped") + number("todo"),
            flaky: Vec::new(),
        };
        counts.or_failed(run.success)
    }

    /// The results after those of `failures` ran again. `second` and `second_failures` are the
    /// results of that. A failed test that did not run again has still failed.
    pub(crate) fn with_retry(
        self,
        failures: &[String],
        second: &Self,
        second_failures: &[String],
    ) -> Self {
        let not_run = self.failed.saturating_sub(second.passed + second.failed);
        let failed = second.failed + not_run;
        let passes_now = |name: &&String| !second_failures.contains(name);
        Self {
            passed: (self.passed + self.failed).saturating_sub(failed),
            failed,
            skipped: self.skipped,
            flaky: failures.iter().filter(passes_now).cloned().collect(),
        }
    }

    /// Counts a failure for a program that failed without a failed test: it did not compile, or
    /// it crashed.
    fn or_failed(mut self, success: bool) -> Self {
        if !success {
            self.failed = self.failed.max(1);
        }
        self
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |mut sum, mut one| {
            sum.passed += one.passed;
            sum.failed += one.failed;
            sum.skipped += one.skipped;
            sum.flaky.append(&mut one.flaky);
            sum
        })
    }
}

/// The number before a word: `3` in `ok. 3 passed; 0 failed`.
fn number_before(result: &str, word: &str) -> usize {
    let part = result
        .split(';')
        .find(|part| part.trim_end().ends_with(word));
    let number = part.and_then(|part| part.split_whitespace().rev().nth(1));
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// The number after a word at the start of a line: `3` in `ℹ pass 3`.
fn number_after(output: &str, word: &str) -> usize {
    let numbers = output.lines().filter_map(|line| {
        let mut words = line.trim_start_matches(['ℹ', '#']).split_whitespace();
        let (name, number) = (words.next()?, words.next()?);
        let is_summary = words.next().is_none() && name == word && line.starts_with(['ℹ', '#']);
        number.parse::<usize>().ok().filter(|_| is_summary)
    });
    numbers.sum()
}

#[cfg(test)]
mod tests {
    use super::Counts;
    use crate::process::Finished;

    fn finished(success: bool, output: &str) -> Finished {
        Finished {
            success,
            stdout: output.to_owned(),
        }
    }

    fn counts(passed: usize, failed: usize, skipped: usize) -> Counts {
        Counts {
            passed,
            failed,
            skipped,
            flaky: Vec::new(),
        }
    }

    #[test]
    fn cargo_results_are_summed_over_test_programs() {
        let output = "running 2 tests\ntest result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; \
                      0 filtered out; finished in 0.00s\n\n\
                      test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n";
        let read = Counts::of_cargo(&finished(false, output));
        assert_eq!(read, counts(5, 1, 1));
    }

    #[test]
    fn program_that_fails_without_a_summary_counts_as_a_failure() {
        assert_eq!(Counts::of_cargo(&finished(false, "")), Counts::failure());
        assert_eq!(Counts::of_node(&finished(false, "")), Counts::failure());
    }

    #[test]
    fn node_results_are_read_from_the_summary_lines() {
        let output = "✔ pass 7 (3ms)\nℹ tests 5\nℹ suites 0\nℹ pass 3\nℹ fail 1\nℹ cancelled 1\n\
                      ℹ skipped 0\nℹ todo 0\nℹ duration_ms 43.3\n";
        let read = Counts::of_node(&finished(false, output));
        assert_eq!(read, counts(3, 2, 0));
    }

    #[test]
    fn retry_names_the_tests_that_pass_on_the_second_try() {
        let names = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        let outcome = |second: Counts, second_failures: &[&str]| {
            let first = counts(4, 2, 1);
            let both = first.with_retry(&names(&["a", "b"]), &second, &names(second_failures));
            (both.passed, both.failed, both.skipped, both.flaky)
        };
        assert_eq!(outcome(counts(2, 0, 4), &[]), (6, 0, 1, names(&["a", "b"])));
        assert_eq!(outcome(counts(1, 1, 4), &["b"]), (5, 1, 1, names(&["a"])));
        let (passed, failed, ..) = outcome(counts(1, 0, 5), &[]);
        assert_eq!((passed, failed), (5, 1), "one did not run again");
        let (passed, failed, ..) = outcome(counts(3, 0, 3), &[]);
        assert_eq!((passed, failed), (6, 0), "two tests have the same name");
    }
}
