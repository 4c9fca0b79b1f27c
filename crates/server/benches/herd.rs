//! `cargo xtask bench herd`: ten thousand clients, or as many as are said, and a server that is
//! killed and started again, in a process of its own since both need a descriptor for each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a measurement that can't be taken has failed"
)]

#[path = "../tests/server/herd.rs"]
mod herd;

use std::env;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use videocalls_server::{Assets, Config, run};

const SEATS: usize = 10_000;
/// How long the server is away.
const DOWN: Duration = Duration::from_secs(1);
const BUDGET: Duration = Duration::from_secs(15);

#[tokio::main]
async fn main() {
    allow_many_files();
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve", address] => serve(address).await,
        _ => measure(words.iter().find_map(|word| word.parse().ok())).await,
    }
}

#[cfg(unix)]
fn allow_many_files() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
}

#[cfg(not(unix))]
fn allow_many_files() {}

async fn serve(address: &str) {
    let listener = TcpListener::bind(address).await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    let mut config = Config::default();
    config.assets = Assets::from_files::<&str, &str>([]);
    config.limits.connections = usize::MAX >> 4;
    run(listener, config, std::future::pending()).await;
}

async fn start(address: &str) -> (Child, SocketAddr) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["serve", address])
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).await.unwrap();
    (child, line.trim().parse().unwrap())
}

async fn measure(seats: Option<usize>) {
    let seats = seats.unwrap_or(SEATS);
    let begun = Instant::now();
    let (mut server, address) = start("127.0.0.1:0").await;
    let restart = async {
        println!("{seats} seated in {:.1} s", begun.elapsed().as_secs_f32());
        server.kill().await.unwrap();
        tokio::time::sleep(DOWN).await;
        server = start(&address.to_string()).await.0;
        Instant::now()
    };
    let mut herd = herd::herd(address, seats, restart).await;
    herd.back.sort();
    let at = |share: usize| herd.back[(seats - 1) * share / 100];
    let (half, most, last) = (at(50), at(95), at(100));
    println!(
        "back after: half {half:.1?}, 95 % {most:.1?}, the last {last:.1?}; {:.1} tries each",
        herd.tries as f64 / seats as f64
    );
    record(last);
    assert!(last <= BUDGET, "the budget is {BUDGET:?}");
}

/// Adds a line for `cargo xtask faults`, where the tests between browsers add theirs.
fn record(last: Duration) {
    use std::io::Write;

    let Some(file) = env::var_os("VIDEOCALLS_FAULTS") else {
        return;
    };
    let line = serde_json::json!({
        "row": "F5",
        "browser": "native",
        "what": "the last of 10 000 has its seat again",
        "ms": last.as_millis() as u64,
        "budget": BUDGET.as_millis() as u64,
        "passed": last <= BUDGET,
    });
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(file)
        .unwrap();
    writeln!(file, "{line}").unwrap();
}
