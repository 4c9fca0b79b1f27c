//! `cargo xtask test`: every check and test, in CI's order, and how many of each kind ran.

mod calls;
mod counts;
mod plan;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use self::counts::Counts;
use self::plan::{Plan, STEPS, Step};
use crate::step::seconds;
use crate::workspace::Workspace;

/// What became of a step.
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
    Ok(conclude(&outcomes))
}

/// The steps named by `--only`, or all.
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
        bail!("there is no step {unknown:?}; `cargo xtask test --list` lists them");
    }
    let is_chosen = |step: &&Step| named.is_empty() || named.iter().any(|name| *name == step.name);
    Ok(STEPS.iter().filter(is_chosen).collect())
}

fn perform(step: &Step, plan: &mut Plan<'_>) -> Outcome {
    println!("\n==== {} ({})", step.kind, step.name);
    let start = Instant::now();
    let counts = (step.work)(plan).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        Counts::FAILURE
    });
    let time = start.elapsed();
    println!("[ {} ] {}", seconds(time), step.kind);
    Outcome {
        kind: step.kind,
        counts,
        time,
    }
}

/// Prints the table and, last, the sum alone on its line.
fn conclude(outcomes: &[Outcome]) -> ExitCode {
    println!(
        "\n{:44} {:>7} {:>7} {:>7} {:>7}",
        "kind", "passed", "failed", "skipped", "again"
    );
    for Outcome { kind, counts, time } in outcomes {
        let Counts {
            passed,
            failed,
            skipped,
            again,
        } = counts;
        println!(
            "{kind:44} {passed:7} {failed:7} {skipped:7} {again:7} {}",
            seconds(*time)
        );
    }
    let time: Duration = outcomes.iter().map(|outcome| outcome.time).sum();
    let sum: Counts = outcomes.iter().map(|outcome| outcome.counts).sum();
    println!(
        "{:77}{}",
        "together (a check without tests of its own is one)",
        seconds(time)
    );
    println!("\n{} passed, {} failed", sum.passed, sum.failed);
    if sum.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
