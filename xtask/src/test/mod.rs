//! `cargo xtask test`: all checks and tests in the order of CI, and a summary.

mod calls;
mod counts;
mod face;
mod plan;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use self::counts::Counts;
use self::plan::{Plan, STEPS, Step};
use crate::step::seconds;
use crate::workspace::Workspace;

/// How many tests that pass only on their second try a run may have.
const MAX_FLAKY: usize = 3;

/// The result of a step.
struct Outcome {
    kind: &'static str,
    counts: Counts,
    time: Duration,
}

pub(crate) fn test(workspace: &Workspace, arguments: &[String]) -> Result<ExitCode> {
    if arguments.iter().any(|argument| argument == "--list") {
        STEPS
            .iter()
            .for_each(|step| println!("{:12} {}", step.name, step.kind));
        return Ok(ExitCode::SUCCESS);
    }
    let mut plan = Plan::new(workspace);
    let outcomes: Vec<Outcome> = chosen(arguments)?
        .into_iter()
        .map(|step| perform(step, &mut plan))
        .collect();
    let (text, passed) = summary(&outcomes);
    println!("\n{text}");
    Ok(match passed {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// The steps that `--only` names, or all.
fn chosen(arguments: &[String]) -> Result<Vec<&'static Step>> {
    let mut named = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), arguments.next()) {
            ("--only", Some(name)) => named.push(name),
            _ => bail!("`cargo xtask test [--only STEP]... [--list]`, not {argument:?}"),
        }
    }
    if let Some(unknown) = named
        .iter()
        .find(|name| STEPS.iter().all(|step| step.name != **name))
    {
        bail!("unknown step {unknown:?}; `cargo xtask test --list` lists the steps");
    }
    let is_chosen = |step: &&Step| named.is_empty() || named.iter().any(|name| *name == step.name);
    Ok(STEPS.iter().filter(is_chosen).collect())
}

fn perform(step: &Step, plan: &mut Plan<'_>) -> Outcome {
    println!("\n==== {} ({})", step.kind, step.name);
    let start = Instant::now();
    let counts = (step.work)(plan).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        Counts::failure()
    });
    let time = start.elapsed();
    println!("[ {} ] {}", seconds(time), step.kind);
    Outcome {
        kind: step.kind,
        counts,
        time,
    }
}

/// The lines of the summary: a table, the tests that passed on their second try, and last the sum
/// alone on its line; and whether the run passed.
fn summary(outcomes: &[Outcome]) -> (String, bool) {
    let mut lines = vec![format!(
        "{:44} {:>7} {:>7} {:>7} {:>7}",
        "kind", "passed", "failed", "skipped", "flaky"
    )];
    for Outcome { kind, counts, time } in outcomes {
        let (passed, failed, skipped) = (counts.passed, counts.failed, counts.skipped);
        let (flaky, time) = (counts.flaky.len(), seconds(*time));
        lines.push(format!(
            "{kind:44} {passed:7} {failed:7} {skipped:7} {flaky:7} {time}"
        ));
    }
    let time = outcomes.iter().map(|outcome| outcome.time).sum();
    let title = "together (a check without tests of its own counts as one)";
    lines.push(format!("{title:77}{}", seconds(time)));
    let mut sum: Counts = outcomes.iter().map(|outcome| outcome.counts.clone()).sum();
    let flaky = sum.flaky.len();
    if flaky > 0 {
        lines.push("\nflaky: failed, and passed on the second try".to_owned());
        lines.extend(sum.flaky.iter().map(|name| format!("  {name}")));
    }
    if flaky > MAX_FLAKY {
        lines.push(format!(
            "{flaky} flaky tests fail the run; {MAX_FLAKY} are allowed"
        ));
        sum.failed += 1;
    }
    lines.push(format!("\n{} passed, {} failed", sum.passed, sum.failed));
    (lines.join("\n"), sum.failed == 0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Counts, Outcome, summary};

    fn outcome(failed: usize, flaky: usize) -> Outcome {
        let name = |number| format!("x.test.mjs: test {number}");
        Outcome {
            kind: "calls",
            counts: Counts {
                passed: 5,
                failed,
                skipped: 0,
                flaky: (1..=flaky).map(name).collect(),
            },
            time: Duration::from_secs(1),
        }
    }

    #[test]
    fn summary_names_flaky_tests_and_ends_with_the_sum() {
        let (text, passed) = summary(&[outcome(0, 1), outcome(0, 0)]);
        assert!(passed);
        assert!(text.contains("\n  x.test.mjs: test 1\n"), "{text}");
        assert!(text.ends_with("\n\n10 passed, 0 failed"), "{text}");
        let (text, passed) = summary(&[outcome(1, 0)]);
        assert!(!passed);
        assert!(!text.contains("second try"), "{text}");
    }

    #[test]
    fn more_than_three_flaky_tests_fail_the_run() {
        let (_, passed) = summary(&[outcome(0, 2), outcome(0, 1)]);
        assert!(passed);
        let (text, passed) = summary(&[outcome(0, 2), outcome(0, 2)]);
        assert!(!passed);
        assert!(text.contains("4 flaky tests fail the run; 3 are allowed"));
        assert!(text.ends_with("\n\n10 passed, 1 failed"), "{text}");
    }
}
