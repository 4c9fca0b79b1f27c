//! The fault matrix: faults, browsers and recovery times, as text, as JSON and as a documentation page.

use anyhow::{Result, ensure};

use super::figures::Bench;
use super::lines::{Line, lines};
use super::rows::{ROWS, Row};
use super::runs::Observed;

pub(crate) struct Matrix {
    lines: Vec<Line>,
    remark: Option<&'static str>,
}

impl Matrix {
    pub(crate) fn new(rows: &[&'static Row], observed: &Observed, bench: &Bench) -> Self {
        let lines = rows.iter().flat_map(|row| lines(row, observed, bench));
        Self {
            lines: lines.collect(),
            remark: bench.remark,
        }
    }

    /// Adds the lines of earlier runs for rows that did not run now.
    pub(crate) fn with_earlier(self, earlier: &[Line]) -> Self {
        let of = |lines: &[Line], id: &str| -> Vec<Line> {
            let own = lines.iter().filter(|line| line.row() == id);
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
            let known = self.lines.iter().any(|line| line.row() == row.id);
            ensure!(known, "{} has not run yet", row.id);
        }
        Ok(())
    }

    pub(crate) fn failed(&self) -> usize {
        self.lines.iter().filter(|line| line.is_failed()).count()
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
        let has_network = lines.any(Line::is_of_network);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::figures::Measured;
    use crate::faults::rows::Evidence;
    use crate::faults::runs::TestResult;

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
        let first = matrix.lines[0].cells();
        assert_eq!(first[3..7], ["3/3", "20 ms", "29 ms", "30 ms"]);
        assert_eq!(matrix.failed(), 0);
        let network = matrix.lines.last().unwrap().cells();
        assert_eq!(network[7], "not measured");
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
