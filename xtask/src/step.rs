//! The output of a step: one line with its time.

use std::time::{Duration, Instant};

use anyhow::Result;

/// Runs `work` and prints how long it took.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    let result = work();
    let end = if result.is_ok() { "" } else { ": FAILED" };
    println!("[ {} ] {name}{end}", seconds(start.elapsed()));
    result
}

/// Prints what is going to be installed.
pub(crate) fn installing(what: &str) {
    println!("installing {what} …");
}

/// Formats a time for a column: `  12.3 s`.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:6.1} s", time.as_secs_f64())
}
