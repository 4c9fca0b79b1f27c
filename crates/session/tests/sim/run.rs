//! Runs many schedules, and reports which one fails, and how.

use std::collections::BTreeMap;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::network::{SimulatedNetwork, Tally};

/// How many schedules all tests together run, unless `VIDEOCALLS_SCHEDULES` says otherwise.
const SCHEDULES: u64 = 100_000;

/// Runs a share (in percent) of the schedules. `VIDEOCALLS_SEED` runs a single one and prints its trace;
/// `VIDEOCALLS_SURVEY` goes on after a failure, and counts failures by kind.
pub(crate) fn run(name: &str, share: u64, plan: fn(u64, bool) -> SimulatedNetwork) {
    if let Some(seed) = number("VIDEOCALLS_SEED") {
        return replay(name, seed, plan);
    }
    let schedules = number("VIDEOCALLS_SCHEDULES").unwrap_or(SCHEDULES) * share / 100;
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let total = Mutex::new(Tally::default());
    let survey = number("VIDEOCALLS_SURVEY").is_some();
    let failed: Mutex<BTreeMap<String, Vec<u64>>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let mut mine = Tally::default();
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= schedules {
                        break;
                    }
                    match attempt(seed, false, plan) {
                        Ok(network) => mine.add(&network.tally),
                        Err(failure) => {
                            stop.store(!survey, Ordering::Relaxed);
                            let mut failed = failed.lock().unwrap();
                            failed.entry(kind(&failure)).or_default().push(seed);
                        }
                    }
                }
                total.lock().unwrap().add(&mine);
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    for (kind, seeds) in failed.iter().filter(|_| survey) {
        let shown = &seeds[..seeds.len().min(5)];
        print(&format!(
            "{name}: {} times {kind}, e.g. {shown:?}\n",
            seeds.len()
        ));
    }
    if let Some(&seed) = failed.values().flatten().min() {
        return replay(name, seed, plan);
    }
    let total = total.into_inner().unwrap();
    // After a network outage, an answer may arrive so late that there is another offer.
    assert!(
        total.wrong_answers * 100 <= schedules,
        "{name}: too many wrong answers are applied: {total:?}"
    );
    print(&format!("\n{name}: {total:?}\n"));
}

/// Runs one schedule with its trace.
fn replay(name: &str, seed: u64, plan: fn(u64, bool) -> SimulatedNetwork) {
    if let Err(failure) = attempt(seed, true, plan) {
        panic!(
            "{name}: schedule {seed} fails (run it alone with VIDEOCALLS_SEED={seed}): {failure}"
        );
    }
    print(&format!("{name}: schedule {seed} passes\n"));
}

fn attempt(
    seed: u64,
    traced: bool,
    plan: fn(u64, bool) -> SimulatedNetwork,
) -> Result<SimulatedNetwork, String> {
    TRACE.with_borrow_mut(String::clear);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let network = plan(seed, traced);
        network.check();
        network
    }));
    let trace = TRACE.take();
    if traced {
        println!("{trace}");
    }
    outcome.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
        text.unwrap_or_default()
    })
}

thread_local! {
    /// The trace, kept where a panic does not lose it.
    pub(crate) static TRACE: std::cell::RefCell<String> = const { std::cell::RefCell::new(String::new()) };
}

/// A failure without its numbers, so that failures of one kind are counted together.
fn kind(failure: &str) -> String {
    let line = failure.lines().take(3).collect::<Vec<_>>().join(" / ");
    let plain = line.chars().filter(|c| !c.is_ascii_hexdigit());
    plain.take(160).collect()
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Prints to stderr directly, since the test runner swallows what a passing test prints.
fn print(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.schedules += other.schedules.max(1);
        self.events += other.events;
        self.offers += other.offers;
        self.rollbacks += other.rollbacks;
        self.replays += other.replays;
        self.duplicates += other.duplicates;
        self.links += other.links;
        self.departures += other.departures;
        self.restarts += other.restarts;
        self.disturbances += other.disturbances;
        self.cut_links += other.cut_links;
        self.wrong_answers += other.wrong_answers;
        self.no_routes += other.no_routes;
        self.messages += other.messages;
    }
}
