//! The tests in real browsers, file by file.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};

use super::counts::Counts;
use crate::cache;
use crate::process::{self, Watched};
use crate::run;
use crate::tools;
use crate::workspace::Workspace;

/// How many files run side by side: two browsers each, which wait most of the time.
const SIDE_BY_SIDE: usize = 2;

/// What stands in a file that needs the machine for itself: another browser that starts makes gaps in
/// the media, moves what a page takes for memory, and makes three others late. Other measures have room
/// enough.
const SENSITIVE: &[&str] = &["longest gap of", "settledHeap(", "at - left <= 300"];

/// Runs all of them; what fails is tried once more, alone.
pub(super) fn calls(workspace: &Workspace, server: &Path) -> Result<Counts> {
    let browsers = tools::browsers()?;
    tools::e2e_modules(workspace)?;
    tools::e2e_python(workspace)?;
    let fault_proxy = run::fault_proxy(workspace)?;
    let node = |file: &Path, options: &[String]| {
        let mut node = browsers.node(workspace, server);
        node.env("VIDEOCALLS_FAULT_PROXY", &fault_proxy);
        node.args(["--test", "--test-reporter=spec"])
            .args(options)
            .arg(file);
        node
    };
    let alone = |file: &Path| process::watch(&mut node(file, &[]));
    let among_others = |file: &Path| {
        let watched = process::keep(&mut node(file, &[]))?;
        print!("{}", watched.output);
        Ok(watched)
    };
    // Real browsers on a busy machine are late now and then: what fails is tried once more, alone, which is
    // said and counted.
    let or_again = |file: &Path, first: &Watched| -> Result<Counts> {
        let counts = Counts::of_node(first);
        if counts.failed == 0 {
            return Ok(counts);
        }
        println!(
            "{}: {} failed; tried once more",
            file.display(),
            counts.failed
        );
        let only = |name: &str| format!("--test-name-pattern=^{}$", literally(name));
        let only: Vec<_> = failures(&first.output).into_iter().map(only).collect();
        let second = Counts::of_node(&process::watch(&mut node(file, &only))?);
        Ok(match only.is_empty() {
            // No test was named, so the whole file has run again.
            true => Counts {
                again: counts.failed,
                ..second
            },
            false => counts.tried_again(second),
        })
    };

    let (sensitive, others) = files(workspace)?;
    let mut all = Vec::new();
    for file in &sensitive {
        all.push(or_again(file, &alone(file)?)?);
    }
    for (file, first) in others.iter().zip(side_by_side(&others, among_others)?) {
        all.push(or_again(file, &first)?);
    }
    ensure!(!all.is_empty(), "e2e/tests holds no test");
    Ok(all.into_iter().sum())
}

/// Those that need the machine for themselves, and the others.
fn files(workspace: &Workspace) -> Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let is_test = |file: &PathBuf| file.to_string_lossy().ends_with(".test.mjs");
    let all = cache::files_below(&workspace.root("e2e/tests"))?;
    let (mut sensitive, mut others) = (Vec::new(), Vec::new());
    for file in all.into_iter().filter(is_test) {
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let sort = match is_sensitive(&text) {
            true => &mut sensitive,
            false => &mut others,
        };
        sort.push(file);
    }
    Ok((sensitive, others))
}

fn is_sensitive(text: &str) -> bool {
    SENSITIVE.iter().any(|mark| text.contains(mark))
}

/// The names in the list of failures at the end of the output.
fn failures(output: &str) -> Vec<&str> {
    let listed = output
        .split_once("✖ failing tests:")
        .map_or("", |(_, list)| list);
    let names = listed.lines().filter_map(|line| line.strip_prefix("✖ "));
    names
        .map(|name| match name.rsplit_once(" (") {
            Some((name, time)) if time.ends_with("ms)") => name,
            _ => name,
        })
        .collect()
}

/// A regular expression of JavaScript that matches this text alone.
fn literally(text: &str) -> String {
    text.chars().fold(String::new(), |mut pattern, letter| {
        if r"\^$.|?*+()[]{}/".contains(letter) {
            pattern.push('\\');
        }
        pattern.push(letter);
        pattern
    })
}

/// What `work` gives for each of the files, in their order.
fn side_by_side<T: Send>(
    files: &[PathBuf],
    work: impl Fn(&Path) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let some_of_them = || -> Result<Vec<(usize, T)>> {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(place) else {
                return Ok(done);
            };
            done.push((place, work(file)?));
        }
    };
    let done = thread::scope(|scope| {
        let workers: Vec<_> = (0..SIDE_BY_SIDE)
            .map(|_| scope.spawn(some_of_them))
            .collect();
        let joined = workers.into_iter().map(|worker| worker.join());
        joined.collect::<Vec<_>>()
    });
    let mut all = Vec::with_capacity(files.len());
    for done in done {
        all.extend(done.map_err(|_| anyhow!("a thread panicked"))??);
    }
    all.sort_by_key(|(place, _)| *place);
    Ok(all.into_iter().map(|(_, outcome)| outcome).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use anyhow::bail;

    use super::{SENSITIVE, failures, is_sensitive, literally, side_by_side};

    #[test]
    fn a_file_that_is_sensitive_is_alone() {
        assert!(is_sensitive("what: 'longest gap of the media'"));
        assert!(is_sensitive(
            "const settled = await settledHeap(inspector);"
        ));
        assert!(is_sensitive("assert.ok(at - left <= 300)"));
        assert!(!is_sensitive("import { within } from '../lib/faults.mjs';"));
    }

    #[test]
    fn each_mark_stands_in_some_file() {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/tests");
        let files = fs::read_dir(tests).unwrap();
        let texts: Vec<_> = files
            .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
            .collect();
        for mark in SENSITIVE {
            assert!(texts.iter().any(|text| text.contains(mark)), "{mark}");
        }
    }

    #[test]
    fn what_failed_is_known_by_its_name() {
        let output = "  ✖ a call (1) (3.2ms)\n✔ another (2ms)\n✖ failing tests:\n\n\
                      test at e2e/tests/a.test.mjs:3:1\n✖ a call (1) (3.2ms)\n  Error: ✖ no\n\n✖ never begun\n";
        assert_eq!(failures(output), ["a call (1)", "never begun"]);
        assert_eq!(failures("✔ a call (1) (3.2ms)\n"), [""; 0]);
        assert_eq!(literally("a+b (1) of /x"), r"a\+b \(1\) of \/x");
    }

    #[test]
    fn all_are_done_and_told_in_order() {
        let files: Vec<PathBuf> = (0..9).map(|number| number.to_string().into()).collect();
        let done = side_by_side(&files, |file: &Path| Ok(file.to_owned())).unwrap();
        assert_eq!(done, files);
    }

    #[test]
    fn a_file_that_can_not_be_run_is_an_error() {
        let files = ["a".into(), "b".into()];
        assert!(side_by_side(&files, |_| -> anyhow::Result<()> { bail!("no") }).is_err());
    }
}
