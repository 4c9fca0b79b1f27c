//! A simulated network for tests, in user space, because not every kernel has `netem`. It connects TUN
//! devices in network namespaces, with delay, jitter, loss, duplication, rate limits and blackouts
//! that can change at any time.
//!
//! ```text
//! videocalls-netsim [--seed N] NAME=NAMESPACE/DEVICE/ADDRESS...
//! ```
//!
//! It prints `ready` when the devices exist. The caller gives them addresses and routes. Then it reads
//! commands from standard input, one per line, and answers each with `ok` or `error: …`:
//!
//! ```text
//! {"port": "a0", "up": {"delay": 25, "loss": 0.01}, "down": {"delay": 25, "jitter": 5}}
//! {"port": "a0", "up": {"blackout": true}}
//! {"port": "a0", "up": {"block": [{"protocol": "tcp", "port": 8080}]}, "down": {}}
//! {"port": "a0", "nat": {"kind": "symmetric", "address": "11.77.1.1"}}
//! ```
//!
//! `line.rs` documents the settings, `nat.rs` the kinds of NAT; up and down are seen from the machine. The program ends, and the
//! devices with it, when standard input ends. It drops IPv6.

#![cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "other systems have no network namespaces")
)]

mod command;
#[cfg(target_os = "linux")]
mod devices;
mod line;
mod nat;
mod network;
mod packet;
mod random;

use anyhow::Result;

#[cfg(target_os = "linux")]
fn main() -> Result<()> {
    use std::io::{Write, stdin, stdout};

    use crate::devices::{PortConfig, RunningNetwork};

    let (seed, ports) = arguments(std::env::args().skip(1))?;
    let names: Vec<String> = ports
        .iter()
        .map(|port: &PortConfig| port.name.clone())
        .collect();
    let network = RunningNetwork::start(&ports, seed)?;
    let mut stdout = stdout();
    writeln!(stdout, "ready")?;
    for line in stdin().lines() {
        let line = line?;
        let applied = network.with(|network| command::apply(&line, &names, network));
        match applied {
            Ok(()) => writeln!(stdout, "ok")?,
            Err(error) => writeln!(stdout, "error: {error:#}")?,
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() -> Result<()> {
    anyhow::bail!("network namespaces need Linux")
}

/// Reads the seed and the ports from the command line.
fn arguments<T>(arguments: impl Iterator<Item = String>) -> Result<(u64, Vec<T>)>
where
    T: std::str::FromStr<Err = anyhow::Error>,
{
    let mut arguments = arguments.peekable();
    let seed = match arguments.next_if_eq("--seed") {
        Some(_) => arguments.next().unwrap_or_default().parse()?,
        None => 1,
    };
    let rest = arguments
        .map(|argument| argument.parse())
        .collect::<Result<_>>()?;
    Ok((seed, rest))
}
