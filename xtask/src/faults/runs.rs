//! Runs the tests that cause the faults, and collects their results.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::figures::{self, Measured};
use super::rows::{Evidence, Row};
use crate::build;
use crate::cache;
use crate::process::{self, Echo};
use crate::run;
use crate::tools;
use crate::workspace::Workspace;

/// The results of all runs.
#[derive(Default)]
pub(crate) struct Observed {
    /// The outcome of each test.
    pub(crate) tests: Vec<TestResult>,
    /// The measured times.
    pub(crate) measured: Vec<Measured>,
}

/// The outcome of a test in one run.
pub(crate) struct TestResult {
    pub(crate) file: &'static str,
    pub(crate) name: String,
    pub(crate) passed: bool,
}

/// The files to run, each with the prefixes of the names of its tests.
type Files = BTreeMap<&'static str, Vec<&'static str>>;

pub(crate) fn observe(
    workspace: &Workspace,
    rows: &[&'static Row],
    runs: usize,
) -> Result<Observed> {
    let mut observed = Observed::default();
    let lines = workspace.target("xtask/faults.jsonl");
    cache::write(&lines, b"")?;
    let files = files(rows);
    if !files.is_empty() {
        calls(workspace, &files, runs, &lines, &mut observed)?;
    }
    if has_herd(rows) {
        for _ in 0..runs {
            process::run(run::herd(workspace).env("VIDEOCALLS_FAULTS", &lines))?;
        }
    }
    let text = fs::read_to_string(&lines).context("reading the measured times")?;
    observed.measured = figures::lines(&text)?;
    Ok(observed)
}

fn files(rows: &[&'static Row]) -> Files {
    let mut files = Files::new();
    for evidence in rows.iter().flat_map(|row| row.covered_by) {
        if let Evidence::Calls { file, tests } = evidence {
            files.entry(*file).or_default().push(tests);
        }
    }
    files
}

fn has_herd(rows: &[&'static Row]) -> bool {
    let mut evidence = rows.iter().flat_map(|row| row.covered_by);
    evidence.any(|evidence| matches!(evidence, Evidence::Herd))
}

fn calls(
    workspace: &Workspace,
    files: &Files,
    runs: usize,
    lines: &Path,
    observed: &mut Observed,
) -> Result<()> {
    build::build(workspace)?;
    let server = run::server(workspace)?;
    let fault_proxy = run::fault_proxy(workspace)?;
    let browsers = tools::browsers()?;
    tools::e2e_modules(workspace)?;
    for number in 1..=runs {
        for (file, tests) in files {
            println!("\n==== {file}, {number} of {runs}");
            let mut node = browsers.node(workspace, &server);
            node.env("VIDEOCALLS_FAULT_PROXY", &fault_proxy)
                .env("VIDEOCALLS_FAULTS", lines)
                .args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
                .args(
                    tests
                        .iter()
                        .map(|name| format!("--test-name-pattern={name}")),
                )
                .arg(workspace.root(&format!("e2e/tests/{file}.test.mjs")));
            let finished = process::capture(&mut node, Echo::On)?;
            observed.tests.extend(test_results(file, &finished.stdout));
        }
    }
    Ok(())
}

/// Reads lines like `✔ F1 reconnects (chromium) (5240.1ms)`. A suite has such a line too, and one with `▶`
/// when it starts. The list of failed tests at the end is ignored.
fn test_results<'a>(file: &'static str, output: &'a str) -> impl Iterator<Item = TestResult> + 'a {
    let lines = output.lines().map(str::trim_start);
    let suites: Vec<&str> = lines
        .clone()
        .filter_map(|line| line.strip_prefix("▶ "))
        .collect();
    let lines = lines.take_while(|line| !line.contains("failing tests:"));
    lines.filter_map(move |line| {
        let rest = line.strip_prefix(['✔', '✖'])?.trim_start();
        let (name, time) = rest.rsplit_once(" (")?;
        let is_test = time.ends_with("ms)") && !suites.contains(&name);
        is_test.then(|| TestResult {
            file,
            name: name.to_owned(),
            passed: line.starts_with('✔'),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::test_results;

    #[test]
    fn each_test_result_is_read_once() {
        let output = "▶ a subject\n  ✔ F1 cut (firefox) (5240.1ms)\n  ✖ F2 silent (3ms)\n    at (x)\n✖ a subject (9ms)\n\
                      ℹ tests 2\n✖ failing tests:\n✖ F2 silent (3ms)\n";
        let read: Vec<_> = test_results("return", output)
            .map(|test| (test.name, test.passed))
            .collect();
        let wanted = [("F1 cut (firefox)", true), ("F2 silent", false)];
        let wanted = wanted.map(|(name, passed)| (name.to_owned(), passed));
        assert_eq!(read, wanted);
    }
}
