//! A network in user space, for kernels without `netem`: TUN devices in network namespaces, and
//! between them delay, jitter, loss, duplication, rates and blackouts that change while it runs.
//!
//! ```text
//! videocalls-netsim [--seed N] NAME=NAMESPACE/DEVICE/ADDRESS...
//! ```
//!
//! It says `ready` when the devices are there; to give them addresses and routes is up to who
//! started it. Then it reads commands from its standard input, one to a line, and answers each with
//! `ok` or `error: …`:
//!
//! ```text
//! {"port": "a0", "up": {"delay": 25, "loss": 0.01}, "down": {"delay": 25, "jitter": 5}}
//! {"port": "a0", "up": {"blackout": true}}
//! {"port": "a0", "up": {"block": [{"protocol": "tcp", "port": 8080}]}, "down": {}}
//! ```
//!
//! The settings are those of `line.rs`, from the machine's point of view. It ends when its standard
//! input does, and the devices with it. IPv6 is dropped without a word.

#![cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "there are no namespaces to connect")
)]

mod control;
mod line;
mod network;
mod packet;
mod random;
#[cfg(target_os = "linux")]
mod wires;

use anyhow::Result;

#[cfg(target_os = "linux")]
fn main() -> Result<()> {
    use std::io::{Write, stdin, stdout};

    use crate::wires::{Plug, Wires};

    let (seed, plugs) = arguments(std::env::args().skip(1))?;
    let names: Vec<String> = plugs.iter().map(|plug: &Plug| plug.name.clone()).collect();
    let wires = Wires::connect(&plugs, seed)?;
    let mut stdout = stdout();
    writeln!(stdout, "ready")?;
    for line in stdin().lines() {
        let line = line?;
        match wires.with(|network| control::obey(&line, &names, network)) {
            Ok(()) => writeln!(stdout, "ok")?,
            Err(error) => writeln!(stdout, "error: {error:#}")?,
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() -> Result<()> {
    anyhow::bail!("network namespaces are Linux's")
}

/// The seed, and the rest.
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
