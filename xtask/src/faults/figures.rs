//! Measured figures: of the tests, one JSON object per line, and of the network benchmark.

use std::fs;
use std::time::SystemTime;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::cache;
use crate::workspace::Workspace;

/// A time that a test has measured.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Measured {
    pub(crate) row: String,
    pub(crate) browser: String,
    pub(crate) what: String,
    /// Nothing if the expected outcome did not happen.
    pub(crate) ms: Option<f64>,
    pub(crate) budget: f64,
    pub(crate) passed: bool,
}

/// A figure of the network benchmark, over all its runs.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Figure {
    pub(crate) row: String,
    pub(crate) case: String,
    pub(crate) figure: String,
    pub(crate) pair: String,
    pub(crate) unit: String,
    pub(crate) runs: Vec<Option<f64>>,
    pub(crate) median: Option<f64>,
    pub(crate) p95: Option<f64>,
    pub(crate) budget: f64,
    pub(crate) passed: bool,
    /// The time of the measurement, in seconds since 1970.
    measured: u64,
}

/// The last results of the network benchmark.
#[derive(Default)]
pub(crate) struct Bench {
    pub(crate) figures: Vec<Figure>,
    /// A note on the results for the reader.
    pub(crate) remark: Option<&'static str>,
}

pub(crate) fn lines(text: &str) -> Result<Vec<Measured>> {
    let lines = text.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_str(line).with_context(|| format!("reading {line}")))
        .collect()
}

pub(crate) fn network(workspace: &Workspace) -> Result<Bench> {
    let file = workspace.target("netbench.json");
    if !file.exists() {
        return Ok(Bench {
            figures: Vec::new(),
            remark: Some("no results: `cargo xtask netbench` has not run in this checkout"),
        });
    }
    let figures: Vec<Figure> =
        serde_json::from_slice(&cache::read(&file)?).context("reading netbench.json")?;
    let package = fs::metadata(workspace.root("pkg/videocalls_bg.wasm"))?.modified()?;
    let built = package.duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    let is_old = figures.iter().any(|figure| figure.measured < built);
    Ok(Bench {
        figures,
        remark: is_old
            .then_some("some results are older than the package: run `cargo xtask netbench` again"),
    })
}

/// The quantile of a sorted list, interpolated between the two nearest values.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let position = last as f64 * share;
    let (below, above) = (position.floor(), position.ceil());
    let [low, high] = [below, above].map(|index| sorted.get(index as usize).copied());
    Some(low? + (high? - low?) * (position - below))
}

#[cfg(test)]
mod tests {
    use super::{lines, quantile};

    #[test]
    fn quantile_interpolates_between_the_nearest_values() {
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[1.0, 2.0, 10.0], 0.5), Some(2.0));
        assert_eq!(quantile(&[0.0, 100.0], 0.95), Some(95.0));
    }

    #[test]
    fn line_without_a_time_has_failed() {
        let text = r#"{"row":"F1","browser":"firefox","what":"back","ms":null,"budget":2000,"passed":false}"#;
        let read = lines(&format!("{text}\n")).unwrap();
        assert_eq!((read[0].ms, read[0].passed), (None, false));
        assert!(lines("{").is_err());
    }
}
