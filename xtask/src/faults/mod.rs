//! `cargo xtask faults`: causes each fault in real browsers and measures the recovery.

mod figures;
mod lines;
mod matrix;
mod rows;
mod runs;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};

use self::lines::Line;
use self::matrix::Matrix;
use self::rows::{ROWS, Row};
use crate::cache;
use crate::workspace::Workspace;

/// How often each test runs by default. A median of fewer runs means little.
const RUNS: usize = 5;

/// The arguments of the command.
struct Arguments {
    rows: Vec<&'static Row>,
    runs: usize,
    write: bool,
}

pub(crate) fn faults(workspace: &Workspace, arguments: &[String]) -> Result<ExitCode> {
    let arguments = Arguments::read(arguments)?;
    let observed = runs::observe(workspace, &arguments.rows, arguments.runs)?;
    let bench = figures::network(workspace)?;
    let matrix = Matrix::new(&arguments.rows, &observed, &bench);
    println!("\n{}", matrix.text());
    let failed = matrix.failed();
    let file = workspace.target("faults.json");
    let whole = matrix.with_earlier(&earlier(&file)?);
    cache::write(&file, &whole.json()?)?;
    if arguments.write {
        whole.ensure_complete()?;
        let page = workspace.root("docs/fault-matrix.md");
        cache::write(&page, whole.markdown().as_bytes())?;
    }
    Ok(match failed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// The results of earlier runs, if there are any.
fn earlier(file: &Path) -> Result<Vec<Line>> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    serde_json::from_slice(&cache::read(file)?).context("reading faults.json")
}

impl Arguments {
    fn read(arguments: &[String]) -> Result<Self> {
        let mut parsed = Self {
            rows: Vec::new(),
            runs: RUNS,
            write: false,
        };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--row" => parsed
                    .rows
                    .push(named(words.next().context("--row needs the id of a row")?)?),
                "--runs" => parsed.runs = words.next().context("--runs needs a number")?.parse()?,
                "--write" => parsed.write = true,
                unknown => bail!("`faults [--row F4]... [--runs N] [--write]`, not {unknown:?}"),
            }
        }
        ensure!(parsed.runs > 0, "--runs must be at least 1");
        if parsed.rows.is_empty() {
            parsed.rows = ROWS.iter().collect();
        }
        Ok(parsed)
    }
}

fn named(id: &str) -> Result<&'static Row> {
    let found = ROWS.iter().find(|row| row.id.eq_ignore_ascii_case(id));
    found
        .with_context(|| format!("there is no row {id:?}: xtask/src/faults/rows.rs lists the rows"))
}

#[cfg(test)]
mod tests {
    use super::{Arguments, RUNS};

    fn read(words: &[&str]) -> Option<(usize, usize)> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let parsed = Arguments::read(&words).ok()?;
        Some((parsed.rows.len(), parsed.runs))
    }

    #[test]
    fn arguments_are_parsed() {
        assert_eq!(read(&[]), Some((super::ROWS.len(), RUNS)));
        assert_eq!(read(&["--row", "f4", "--runs", "7"]), Some((1, 7)));
        for wrong in [&["--row"][..], &["--row", "F13"], &["--runs", "0"], &["F4"]] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
