//! The fault matrix: faults, browsers and recovery times, as text, as JSON and as a documentation page.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::figures::{Bench, Figure, Measured, quantile};
use super::rows::{Evidence, ROWS, Row};
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

pub(crate) struct Matrix {
    lines: Vec<Line>,
    remark: Option<&'static str>,
}

impl Matrix {
    pub(crate) fn new(rows: &[&'static Row], observed: &Observed, bench: &Bench) -> Self {
        let mut lines = Vec::new();
        for row in rows {
            lines.extend(measured(row, &observed.measured));
            for evidence in row.covered_by {
                lines.extend(covered(row, evidence, observed, bench));
            }
        }
        Self {
            lines,
            remark: bench.remark,
        }
    }

    /// Adds the lines of earlier runs for rows that did not run now.
    pub(crate) fn with_earlier(self, earlier: &[Line]) -> Self {
        let of = |lines: &[Line], id: &str| -> Vec<Line> {
            let own = lines.iter().filter(|line| line.row == id);
            own.cloned().collect()
        };
        let lines = ROWS.iter().flat_map(|row| match of(&self.lines, row.id) {
            now if now.is_empty() => of(earlier, row.id),
            now => now,
        });
        Self {
            lines: lines.collect(),
            remark: self.remark,
        }
    }

    /// # Errors
    ///
    /// A row has no lines.
    pub(crate) fn ensure_complete(&self) -> Result<()> {
        for row in ROWS {
            let known = self.lines.iter().any(|line| line.row == row.id);
            ensure!(known, "{} has not run yet", row.id);
        }
        Ok(())
    }

    pub(crate) fn failed(&self) -> usize {
        let failed = |line: &&Line| line.result == Outcome::Failed;
        self.lines.iter().filter(failed).count()
    }

    pub(crate) fn json(&self) -> Result<Vec<u8>> {
        Ok(serde_json::to_vec_pretty(&self.lines)?)
    }

    pub(crate) fn text(&self) -> String {
        let rows: Vec<[String; 8]> = self.table();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
        let widths: [usize; 8] = std::array::from_fn(|column| width(column).unwrap_or(0));
        let line = |row: &[String; 8]| {
            let cells = row.iter().zip(widths);
            let cells: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            cells.join("  ").trim_end().to_owned()
        };
        let mut lines: Vec<String> = rows.iter().map(line).collect();
        lines.extend(
            self.remark()
                .map(|remark| format!("\nNetwork benchmark: {remark}.")),
        );
        lines.push(format!(
            "\n{} of {} lines failed",
            self.failed(),
            self.lines.len()
        ));
        lines.join("\n")
    }

    pub(crate) fn markdown(&self) -> String {
        let line = |row: &[String; 8]| format!("| {} |\n", row.join(" | ").replace('~', "\\~"));
        let rows = self.table();
        let mut page = String::from(PREFACE);
        for (index, row) in rows.iter().enumerate() {
            page.push_str(&line(row));
            if index == 0 {
                page.push_str("| --- | --- | --- | --: | --: | --: | --: | --- |\n");
            }
        }
        if let Some(remark) = self.remark() {
            page.push_str(&format!("\nNetwork benchmark: {remark}.\n"));
        }
        page
    }

    /// The note on the network benchmark, if the matrix has lines of it.
    fn remark(&self) -> Option<&'static str> {
        let mut lines = self.lines.iter();
        let has_network = lines.any(|line| line.what.starts_with("network benchmark"));
        self.remark.filter(|_| has_network)
    }

    fn table(&self) -> Vec<[String; 8]> {
        let head = [
            "fault", "browser", "what", "runs", "median", "p95", "budget", "",
        ];
        let head = head.map(str::to_owned);
        std::iter::once(head)
            .chain(self.lines.iter().map(Line::cells))
            .collect()
    }
}

const PREFACE: &str = "\
# Fault matrix

`cargo xtask faults --write` writes this page. It causes each fault several times and measures the time until the outcome, on one
machine. `runs` is passed runs of all runs. `docs/faults.md` describes the fault proxy, CONTRIBUTING.md the network benchmark. Native
tests run in `cargo xtask test`.

";

impl Line {
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

    fn cells(&self) -> [String; 8] {
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

#[cfg(test)]
mod tests {
    use super::super::rows::{Evidence, Row};
    use super::*;

    const ROW: Row = Row {
        id: "F1",
        fault: "the socket drops",
        covered_by: &[
            Evidence::Calls {
                file: "return",
                tests: "F1 ",
            },
            Evidence::Network,
        ],
    };

    fn observed(times: &[Option<f64>]) -> Observed {
        let measured = times.iter().map(|ms| Measured {
            row: "F1".to_owned(),
            browser: "firefox".to_owned(),
            what: "back".to_owned(),
            ms: *ms,
            budget: 30.0,
            passed: ms.is_some_and(|ms| ms <= 30.0),
        });
        Observed {
            measured: measured.collect(),
            tests: vec![TestResult {
                file: "return",
                name: "F1 cut (firefox)".to_owned(),
                passed: true,
            }],
        }
    }

    fn matrix(times: &[Option<f64>]) -> Matrix {
        Matrix::new(&[&ROW], &observed(times), &Bench::default())
    }

    #[test]
    fn runs_of_an_outcome_are_combined() {
        let matrix = matrix(&[Some(10.0), Some(30.0), Some(20.0)]);
        let first = &matrix.lines[0];
        assert_eq!((first.runs, first.median), (Some([3, 3]), Some(20.0)));
        assert_eq!(matrix.failed(), 0);
        assert_eq!(first.cells()[4..7], ["20 ms", "29 ms", "30 ms"]);
        let network = matrix.lines.last().unwrap();
        assert_eq!(network.result, Outcome::NotMeasured);
    }

    #[test]
    fn run_over_the_budget_or_without_a_time_fails() {
        assert_eq!(matrix(&[Some(10.0), Some(31.0)]).failed(), 1);
        assert_eq!(matrix(&[Some(10.0), None]).failed(), 1);
    }

    #[test]
    fn row_that_did_not_run_keeps_its_earlier_lines() {
        let earlier = matrix(&[Some(10.0)]).lines;
        let nothing = Matrix::new(&[], &Observed::default(), &Bench::default());
        assert_eq!(nothing.with_earlier(&earlier).lines, earlier);
        let again = matrix(&[Some(20.0)]);
        let lines = again.lines.clone();
        assert_eq!(again.with_earlier(&earlier).lines, lines);
    }

    #[test]
    fn rows_without_lines_are_an_error() {
        assert!(matrix(&[Some(10.0)]).ensure_complete().is_err());
    }

    #[test]
    fn row_whose_tests_did_not_run_fails() {
        let matrix = Matrix::new(&[&ROW], &Observed::default(), &Bench::default());
        assert_eq!(matrix.failed(), 1);
    }
}
