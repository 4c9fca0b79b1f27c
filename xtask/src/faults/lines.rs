//! The lines of the fault matrix: one for each measured outcome, set of tests and figure of the benchmark.

use serde::{Deserialize, Serialize};

use super::figures::{Bench, Figure, Measured, quantile};
use super::rows::{Evidence, Row};
use super::runs::{Observed, TestResult};

/// A line of the matrix.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Line {
    row: String,
    fault: String,
    browser: String,
    /// What was measured, which other test covers the row, or why none does.
    what: String,
    /// How many runs passed, and how many there were.
    runs: Option<[usize; 2]>,
    median: Option<f64>,
    p95: Option<f64>,
    budget: Option<f64>,
    unit: String,
    result: Outcome,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Passed,
    Failed,
    /// Covered by a test without a browser, which does not run here.
    NativeTest,
    NotMeasured,
    NotTested,
}

/// All lines of a row.
pub(crate) fn lines(row: &Row, observed: &Observed, bench: &Bench) -> Vec<Line> {
    let mut lines = measured(row, &observed.measured);
    for evidence in row.covered_by {
        lines.extend(covered(row, evidence, observed, bench));
    }
    lines
}

impl Line {
    pub(crate) fn row(&self) -> &str {
        &self.row
    }

    pub(crate) fn is_failed(&self) -> bool {
        self.result == Outcome::Failed
    }

    /// Whether this is a figure of the network benchmark.
    pub(crate) fn is_of_network(&self) -> bool {
        self.what.starts_with("network benchmark")
    }

    fn of(row: &Row, what: String, result: Outcome) -> Self {
        Self {
            row: row.id.to_owned(),
            fault: row.fault.to_owned(),
            browser: String::new(),
            what,
            runs: None,
            median: None,
            p95: None,
            budget: None,
            unit: String::new(),
            result,
        }
    }

    /// The cells for a table: fault, browser, what, runs, median, p95, budget, result.
    pub(crate) fn cells(&self) -> [String; 8] {
        let number = |value: Option<f64>| value.map_or(String::new(), |value| self.number(value));
        let runs = self.runs.map(|[passed, all]| format!("{passed}/{all}"));
        [
            format!("{} {}", self.row, self.fault),
            self.browser.clone(),
            self.what.clone(),
            runs.unwrap_or_default(),
            number(self.median),
            number(self.p95),
            number(self.budget),
            self.result.word().to_owned(),
        ]
    }

    fn number(&self, value: f64) -> String {
        format!("{} {}", (value * 10.0).round() / 10.0, self.unit)
    }
}

impl Outcome {
    fn of(passed: bool) -> Self {
        if passed { Self::Passed } else { Self::Failed }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "FAILED",
            Self::NativeTest => "native test",
            Self::NotMeasured => "not measured",
            Self::NotTested => "not tested",
        }
    }
}

/// One line for each measured outcome and browser, in the order of the first run.
fn measured(row: &Row, measured: &[Measured]) -> Vec<Line> {
    let own: Vec<&Measured> = measured.iter().filter(|one| one.row == row.id).collect();
    let mut lines: Vec<Line> = Vec::new();
    for first in &own {
        let known = |line: &Line| line.what == first.what && line.browser == name(&first.browser);
        if !lines.iter().any(known) {
            let same = |one: &&&Measured| one.what == first.what && one.browser == first.browser;
            let all: Vec<&Measured> = own.iter().filter(same).copied().collect();
            lines.push(over_runs(row, first, &all));
        }
    }
    lines
}

fn over_runs(row: &Row, first: &Measured, all: &[&Measured]) -> Line {
    let mut times: Vec<f64> = all.iter().filter_map(|one| one.ms).collect();
    times.sort_by(f64::total_cmp);
    let passed = all.iter().filter(|one| one.passed).count();
    Line {
        browser: name(&first.browser).to_owned(),
        runs: Some([passed, all.len()]),
        median: quantile(&times, 0.5),
        p95: quantile(&times, 0.95),
        budget: Some(first.budget),
        unit: "ms".to_owned(),
        ..Line::of(row, first.what.clone(), Outcome::of(passed == all.len()))
    }
}

fn covered(row: &Row, evidence: &Evidence, observed: &Observed, bench: &Bench) -> Vec<Line> {
    match evidence {
        Evidence::Calls { file, tests } => test_lines(row, file, tests, &observed.tests),
        Evidence::Network => network(row, bench),
        Evidence::Herd => Vec::new(),
        Evidence::Native { file, test } => {
            vec![Line::of(
                row,
                format!("{file}: {test}"),
                Outcome::NativeTest,
            )]
        }
        Evidence::Nothing(reason) => {
            vec![Line::of(row, (*reason).to_owned(), Outcome::NotTested)]
        }
    }
}

/// One line for each browser: how many tests passed. They check more than the measured times.
fn test_lines(row: &Row, file: &str, tests: &str, results: &[TestResult]) -> Vec<Line> {
    let own = |test: &&TestResult| test.file == file && test.name.starts_with(tests);
    let own: Vec<&TestResult> = results.iter().filter(own).collect();
    let lines = ["chromium", "firefox"].map(|browser| {
        let is_firefox = browser == "firefox";
        let of_browser =
            |test: &&&TestResult| test.name.to_lowercase().contains("firefox") == is_firefox;
        let own: Vec<&&TestResult> = own.iter().filter(of_browser).collect();
        let passed = own.iter().filter(|test| test.passed).count();
        Line {
            browser: name(browser).to_owned(),
            runs: Some([passed, own.len()]),
            ..Line::of(
                row,
                format!("all checks of the tests in {file}"),
                Outcome::of(passed == own.len()),
            )
        }
    });
    if own.is_empty() {
        let what = format!("{file} has no test whose name begins with {tests:?}");
        return vec![Line::of(row, what, Outcome::Failed)];
    }
    lines
        .into_iter()
        .filter(|line| line.runs != Some([0, 0]))
        .collect()
}

fn network(row: &Row, bench: &Bench) -> Vec<Line> {
    let own: Vec<&Figure> = bench
        .figures
        .iter()
        .filter(|figure| figure.row == row.id)
        .collect();
    if own.is_empty() {
        let what = "network benchmark".to_owned();
        return vec![Line::of(row, what, Outcome::NotMeasured)];
    }
    let line = |figure: &&Figure| Line {
        browser: pair(&figure.pair),
        runs: Some([figure.runs.iter().flatten().count(), figure.runs.len()]),
        median: figure.median,
        p95: figure.p95,
        budget: Some(figure.budget),
        unit: figure.unit.clone(),
        ..Line::of(
            row,
            format!("network benchmark {}: {}", figure.case, figure.figure),
            Outcome::of(figure.passed),
        )
    };
    own.iter().map(line).collect()
}

fn name(browser: &str) -> &str {
    match browser {
        "chromium" => "Chromium",
        "firefox" => "Firefox",
        other => other,
    }
}

/// The names of a pair: `cf` is Chromium, which joins second, with Firefox.
fn pair(letters: &str) -> String {
    let names = letters.chars().map(|letter| match letter {
        'f' => "Firefox",
        _ => "Chromium",
    });
    names.collect::<Vec<_>>().join(" + ")
}
