//! The tests in real browsers, file by file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, ensure};

use super::counts::Counts;
use crate::cache;
use crate::process::{self, Echo, Finished};
use crate::run;
use crate::step::seconds;
use crate::tools::{self, Browsers, Proxies};
use crate::workspace::Workspace;

/// How many files run at the same time. Each uses about half a processor: its browsers mostly wait.
const PARALLEL_FILES: usize = 3;

/// The longest files, which start first, so that none of them runs alone at the end.
const LONG: &[&str] = &[
    "dialects.test.mjs",
    "agora.test.mjs",
    "faulty-server.test.mjs",
    "devices.test.mjs",
    "truth.test.mjs",
    "independent.test.mjs",
    "simulate.test.mjs",
];

/// Marks of files that must run alone: another browser changes what they measure.
const ALONE: &[&str] = &["settledHeap("];

/// Runs all files. A test that fails runs once more, with no other file beside it: browsers on a
/// busy machine are late now and then.
pub(super) fn calls(workspace: &Workspace, server: &Path) -> Result<Counts> {
    let tests = BrowserTests::new(workspace, server)?;
    let (alone, parallel) = files(workspace)?;
    ensure!(!parallel.is_empty(), "e2e/tests holds no test");
    let mut all = Vec::new();
    for file in &alone {
        let first = process::capture(&mut tests.node(file), Echo::On)?;
        all.push(tests.with_retry(file, &first)?);
    }
    let first_runs = in_parallel(&parallel, |file| tests.run_in_parallel(file))?;
    for (file, first) in parallel.iter().zip(first_runs) {
        all.push(tests.with_retry(file, &first)?);
    }
    Ok(all.into_iter().sum())
}

/// What each run of a file needs.
struct BrowserTests<'a> {
    workspace: &'a Workspace,
    browsers: Browsers,
    proxies: Proxies,
    turnserver: PathBuf,
    server: &'a Path,
    fault_proxy: PathBuf,
}

impl<'a> BrowserTests<'a> {
    fn new(workspace: &'a Workspace, server: &'a Path) -> Result<Self> {
        let browsers = tools::browsers()?;
        let proxies = tools::proxies()?;
        let turnserver = tools::coturn()?;
        tools::ffmpeg()?;
        tools::e2e_modules(workspace)?;
        tools::e2e_python(workspace)?;
        Ok(Self {
            workspace,
            browsers,
            proxies,
            turnserver,
            server,
            fault_proxy: run::fault_proxy(workspace)?,
        })
    }

    /// The command that runs a file.
    fn node(&self, file: &Path) -> Command {
        self.node_for(file, &[])
    }

    /// The command that runs the tests of a file with these names, or all if there are none.
    fn node_for(&self, file: &Path, names: &[&str]) -> Command {
        let mut node = self.browsers.node(self.workspace, self.server);
        node.env("VIDEOCALLS_FAULT_PROXY", &self.fault_proxy)
            .env("VIDEOCALLS_NGINX", &self.proxies.nginx)
            .env("VIDEOCALLS_CADDY", &self.proxies.caddy)
            .env("TURNSERVER", &self.turnserver);
        node.args(["--test", "--test-reporter=spec"]);
        for name in names {
            node.arg(format!("--test-name-pattern=^{}$", literally(name)));
        }
        node.arg(file);
        node
    }

    /// Runs a file and prints its output in one piece when it is done.
    fn run_in_parallel(&self, file: &Path) -> Result<Finished> {
        let start = Instant::now();
        let run = process::capture(&mut self.node(file), Echo::Off)?;
        let time = seconds(start.elapsed());
        print!("{}[ {time} ] {}\n\n", run.stdout, name(file));
        Ok(run)
    }

    /// Runs the tests of a file that failed once more.
    fn with_retry(&self, file: &Path, first: &Finished) -> Result<Counts> {
        let counts = Counts::of_node(first);
        if counts.failed == 0 {
            return Ok(counts);
        }
        let (file_name, failed) = (name(file), counts.failed);
        println!("{file_name}: {failed} failed; they run once more");
        let failures = failed_tests(&first.stdout);
        let second = process::capture(&mut self.node_for(file, &failures), Echo::On)?;
        Ok(combine(&file_name, counts, &failures, &second))
    }
}

/// The results of a file after its failed tests ran again.
fn combine(file: &str, first: Counts, failures: &[&str], second: &Finished) -> Counts {
    let counts = Counts::of_node(second);
    let in_file = |names: &[&str]| -> Vec<String> {
        let names = names.iter().map(|name| format!("{file}: {name}"));
        names.collect()
    };
    if failures.is_empty() {
        // No test was named, so the whole file has run again.
        let flaky = match counts.failed {
            0 => in_file(&["the whole file"]),
            _ => Vec::new(),
        };
        return Counts { flaky, ..counts };
    }
    let second_failures = in_file(&failed_tests(&second.stdout));
    first.with_retry(&in_file(failures), &counts, &second_failures)
}

fn name(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The files that run alone, and the others in the order in which they start.
fn files(workspace: &Workspace) -> Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let (mut alone, mut parallel) = (Vec::new(), Vec::new());
    for file in cache::files_below(&workspace.root("e2e/tests"))? {
        if !name(&file).ends_with(".test.mjs") {
            continue;
        }
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        match runs_alone(&text) {
            true => alone.push(file),
            false => parallel.push(file),
        }
    }
    parallel.sort_by_key(|file| start_order(&name(file)));
    Ok((alone, parallel))
}

fn start_order(name: &str) -> usize {
    let long = LONG.iter().position(|long| *long == name);
    long.unwrap_or(LONG.len())
}

fn runs_alone(text: &str) -> bool {
    ALONE.iter().any(|mark| text.contains(mark))
}

/// The names in the list of failures at the end of node's output.
fn failed_tests(output: &str) -> Vec<&str> {
    let list = output.split_once("✖ failing tests:");
    let (_, list) = list.unwrap_or_default();
    let names = list.lines().filter_map(|line| line.strip_prefix("✖ "));
    names
        .map(|name| match name.rsplit_once(" (") {
            Some((name, time)) if time.ends_with("ms)") => name,
            _ => name,
        })
        .collect()
}

/// A JavaScript regular expression that matches only this text.
fn literally(text: &str) -> String {
    text.chars().fold(String::new(), |mut pattern, letter| {
        if r"\^$.|?*+()[]{}/".contains(letter) {
            pattern.push('\\');
        }
        pattern.push(letter);
        pattern
    })
}

/// Runs `work` for each file, [`PARALLEL_FILES`] at a time. The results have the order of the files.
fn in_parallel<T: Send>(
    files: &[PathBuf],
    work: impl Fn(&Path) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let worker = || -> Result<Vec<(usize, T)>> {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(index) else {
                return Ok(done);
            };
            done.push((index, work(file)?));
        }
    };
    let results = thread::scope(|scope| {
        let workers: Vec<_> = (0..PARALLEL_FILES).map(|_| scope.spawn(worker)).collect();
        let joined = workers.into_iter().map(|worker| worker.join());
        joined.collect::<Vec<_>>()
    });
    let mut all = Vec::with_capacity(files.len());
    for result in results {
        all.extend(result.map_err(|_| anyhow!("a thread panicked"))??);
    }
    all.sort_by_key(|(index, _)| *index);
    Ok(all.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use anyhow::bail;

    use super::{
        ALONE, LONG, combine, failed_tests, in_parallel, literally, runs_alone, start_order,
    };
    use crate::process::Finished;
    use crate::test::counts::Counts;

    #[test]
    fn file_that_measures_memory_runs_alone() {
        assert!(runs_alone("const settled = await settledHeap(inspector);"));
        assert!(!runs_alone("import { within } from '../lib/faults.mjs';"));
    }

    #[test]
    fn long_files_start_first() {
        let mut names = ["app.test.mjs", LONG[1], "autoplay.test.mjs", LONG[0]];
        names.sort_by_key(|name| start_order(name));
        assert_eq!(
            names,
            [LONG[0], LONG[1], "app.test.mjs", "autoplay.test.mjs"]
        );
    }

    #[test]
    fn each_long_file_exists() {
        for name in LONG {
            assert!(tests_folder().join(name).is_file(), "{name}");
        }
    }

    fn tests_folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/tests")
    }

    #[test]
    fn each_mark_is_in_a_file() {
        let files = fs::read_dir(tests_folder()).unwrap();
        let texts: Vec<_> = files
            .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
            .collect();
        for mark in ALONE {
            assert!(texts.iter().any(|text| text.contains(mark)), "{mark}");
        }
    }

    #[test]
    fn failed_tests_are_read_from_the_list_at_the_end() {
        let output = "  ✖ a call (1) (3.2ms)\n✔ another (2ms)\n✖ failing tests:\n\n\
                      test at e2e/tests/a.test.mjs:3:1\n✖ a call (1) (3.2ms)\n  Error: ✖ no\n\n✖ never begun\n";
        assert_eq!(failed_tests(output), ["a call (1)", "never begun"]);
        assert_eq!(failed_tests("✔ a call (1) (3.2ms)\n"), [""; 0]);
        assert_eq!(literally("a+b (1) of /x"), r"a\+b \(1\) of \/x");
    }

    #[test]
    fn retried_tests_are_named_with_their_file() {
        let first = Counts {
            passed: 4,
            failed: 2,
            ..Counts::default()
        };
        let second = Finished {
            success: false,
            stdout: "ℹ pass 1\nℹ fail 1\n✖ failing tests:\n✖ b (2ms)\n".to_owned(),
        };
        let both = combine("x.test.mjs", first, &["a", "b"], &second);
        assert_eq!((both.passed, both.failed), (5, 1));
        assert_eq!(both.flaky, ["x.test.mjs: a"]);
    }

    #[test]
    fn file_that_crashed_and_passes_when_it_runs_again_is_named() {
        let run = |success| Finished {
            success,
            stdout: "ℹ pass 3\n".to_owned(),
        };
        let both = combine("x.test.mjs", Counts::failure(), &[], &run(true));
        assert_eq!((both.passed, both.failed), (3, 0));
        assert_eq!(both.flaky, ["x.test.mjs: the whole file"]);
        let both = combine("x.test.mjs", Counts::failure(), &[], &run(false));
        assert_eq!((both.failed, both.flaky.len()), (1, 0));
    }

    #[test]
    fn results_have_the_order_of_the_files() {
        let files: Vec<PathBuf> = (0..9).map(|number| number.to_string().into()).collect();
        let done = in_parallel(&files, |file: &Path| Ok(file.to_owned())).unwrap();
        assert_eq!(done, files);
    }

    #[test]
    fn file_that_can_not_run_is_an_error() {
        let files = ["a".into(), "b".into()];
        assert!(in_parallel(&files, |_| -> anyhow::Result<()> { bail!("no") }).is_err());
    }
}
