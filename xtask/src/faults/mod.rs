//! `cargo xtask faults`: which faults a call survives, in which browser and in what time.

mod figures;
mod matrix;
mod rows;
mod runs;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};

use self::matrix::{Line, Matrix};
use self::rows::{ROWS, Row};
use crate::cache;
use crate::workspace::Workspace;

/// How often each test is run, unless told otherwise: a median of fewer says little.
const RUNS: usize = 5;

/// What is asked for.
struct Wish {
    rows: Vec<&'static Row>,
    runs: usize,
    write: bool,
}

pub(crate) fn faults(workspace: &Workspace, arguments: &[String]) -> Result<ExitCode> {
    let wish = Wish::read(arguments)?;
    let observed = runs::observe(workspace, &wish.rows, wish.runs)?;
    let bench = figures::network(workspace)?;
    let matrix = Matrix::new(&wish.rows, &observed, &bench);
    println!("\n{}", matrix.text());
    let failed = matrix.failed();
    let file = workspace.target("faults.json");
    let whole = matrix.amending(&earlier(&file)?);
    cache::write(&file, &whole.json()?)?;
    if wish.write {
        whole.ensure_complete()?;
        let page = workspace.root("docs/fault-matrix.md");
        cache::write(&page, whole.markdown().as_bytes())?;
    }
    Ok(match failed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// What was seen of each row when it was run last.
fn earlier(file: &Path) -> Result<Vec<Line>> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    serde_json::from_slice(&cache::read(file)?).context("reading faults.json")
}

impl Wish {
    fn read(arguments: &[String]) -> Result<Self> {
        let mut wish = Self {
            rows: Vec::new(),
            runs: RUNS,
            write: false,
        };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--row" => wish.rows.push(named(words.next().context("which row?")?)?),
                "--runs" => wish.runs = words.next().context("how many runs?")?.parse()?,
                "--write" => wish.write = true,
                unknown => bail!("`faults [--row F4]... [--runs N] [--write]`, not {unknown:?}"),
            }
        }
        ensure!(wish.runs > 0, "a run at least");
        if wish.rows.is_empty() {
            wish.rows = ROWS.iter().collect();
        }
        Ok(wish)
    }
}

fn named(id: &str) -> Result<&'static Row> {
    let found = ROWS.iter().find(|row| row.id.eq_ignore_ascii_case(id));
    found.with_context(|| format!("there is no row {id:?}: they are F1 to F54, with gaps"))
}

#[cfg(test)]
mod tests {
    use super::{RUNS, Wish};

    fn read(words: &[&str]) -> Option<(usize, usize)> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let wish = Wish::read(&words).ok()?;
        Some((wish.rows.len(), wish.runs))
    }

    #[test]
    fn rows_and_runs_are_read() {
        assert_eq!(read(&[]), Some((super::ROWS.len(), RUNS)));
        assert_eq!(read(&["--row", "f4", "--runs", "7"]), Some((1, 7)));
        for wrong in [&["--row"][..], &["--row", "F13"], &["--runs", "0"], &["F4"]] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
