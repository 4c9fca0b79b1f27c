//! Fuzzing without a fuzzer: the saved inputs of each target of `fuzz/`, and as many mutations of them as
//! a few seconds allow, made by a seeded generator.
//!
//! `VIDEOCALLS_FUZZ=1000000 cargo test -p videocalls-session --test fuzz` runs more of each.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "sim/rng.rs"]
mod rng;
#[path = "../../../fuzz/src/targets.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rng::Rng;
use targets::{TARGETS, Target};

/// How many mutated inputs each target gets.
const EXECUTIONS: u64 = 40_000;

#[test]
fn decoders_and_session_survive_mutated_inputs() {
    let executions = std::env::var("VIDEOCALLS_FUZZ").ok();
    let executions = executions.map_or(EXECUTIONS, |it| it.parse().unwrap());
    std::thread::scope(|scope| {
        for Target(name, target) in TARGETS {
            scope.spawn(move || run(name, target, executions));
        }
    });
}

fn run(name: &str, target: fn(&[u8]), executions: u64) {
    let corpus = saved(name);
    let attempt = |input: &[u8]| {
        let survived = catch_unwind(AssertUnwindSafe(|| target(input)));
        assert!(
            survived.is_ok(),
            "{name}: {:?}",
            String::from_utf8_lossy(input)
        );
    };
    corpus.iter().for_each(|input| attempt(input));
    let mut rng = Rng::new(corpus.len() as u64);
    for _ in 0..executions {
        attempt(&mutated(&corpus, &mut rng));
    }
}

fn saved(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(name);
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.collect();
    files.sort();
    assert!(!files.is_empty(), "{name} has no saved inputs");
    files
        .iter()
        .map(|file| std::fs::read(file).unwrap())
        .collect()
}

/// One of the inputs, with some bytes changed, removed, inserted or taken from another.
fn mutated(corpus: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    const MARKS: &[u8] = b"{}[]\",:\\u0dn-e1\n\x01\xff ";
    let other = &corpus[at(rng, corpus.len())];
    let mut input = corpus[at(rng, corpus.len())].clone();
    if rng.percent(1) {
        input.clear();
    }
    for _ in 0..=rng.below(4) {
        let (from, to) = (at(rng, input.len()), at(rng, input.len()));
        match rng.below(6) {
            _ if input.is_empty() => input.push(b'{'),
            0 => input[from] = rng.pick(MARKS),
            1 => input[from] ^= 1 << rng.below(8),
            2 => drop(input.drain(from.min(to)..from.max(to))),
            3 => input.insert(from, rng.pick(MARKS)),
            4 => {
                let piece = input[from.min(to)..from.max(to)].to_vec();
                input.splice(to..to, piece);
            }
            _ => {
                let (start, end) = (at(rng, other.len()), at(rng, other.len()));
                input.splice(to..to, other[start.min(end)..start.max(end)].to_vec());
            }
        }
        input.truncate(4096);
    }
    input
}

fn at(rng: &mut Rng, end: usize) -> usize {
    usize::try_from(rng.below(end as u64)).unwrap()
}
