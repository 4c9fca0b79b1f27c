//! The command of the project: `cargo xtask run`, `test`, `build`, `size`, `bench`, `netbench`,
//! `faults`, `setup`.
//!
//! Each step prints its time. Each installation prints what it installs and where.

mod bench;
mod build;
mod bundle;
mod cache;
mod compress;
mod dist;
mod faults;
mod glue;
mod netbench;
mod package;
mod page;
mod process;
mod run;
mod size;
mod step;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::workspace::Workspace;

const HELP: &str = "\
cargo xtask <command>

  run [--listen ADDRESS] [...]  build everything and serve it on http://localhost:8080;
                                further arguments go to the server
  test [--only STEP]... [--list]  run every check and test, or only the named steps
  build                         build pkg/ (the npm package) and dist/ (what the server serves)
  size                          print the sizes of the built files and check the budgets
  bench NAME [...]              run e2e/bench/NAME.mjs on a fresh build, e.g. `bench call --count 30`
  bench herd [SEATS]            reconnect all clients of a restarted server: 10000, or SEATS
  netbench [--case NAME]... [--pair cc|cf|fc|ff]... [--runs N] [--list]
                                calls over a simulated bad network (root on Linux only);
                                writes target/netbench.json
  faults [--row F4]... [--runs N] [--write]
                                cause each fault and measure the recovery; includes the last results
                                of netbench; writes target/faults.json and docs/fault-matrix.md
  setup                         install the tools of all commands

Tools are installed into $VIDEOCALLS_TOOLS (default: ~/.cache/videocalls).
Browsers are those of the system; CHROMIUM, CHROMEDRIVER and FIREFOX name others.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<ExitCode> {
    let Some((command, rest)) = arguments.split_first() else {
        println!("{HELP}");
        return Ok(ExitCode::FAILURE);
    };
    let workspace = Workspace::locate()?;
    match command.as_str() {
        "run" => run::run(&workspace, rest).map(|()| ExitCode::SUCCESS),
        "test" => test::test(&workspace, rest),
        "build" => build::build(&workspace).map(|_| ExitCode::SUCCESS),
        "size" => size::size(&workspace).map(|()| ExitCode::SUCCESS),
        "bench" => bench::bench(&workspace, rest).map(|()| ExitCode::SUCCESS),
        "netbench" => netbench::netbench(&workspace, rest).map(|()| ExitCode::SUCCESS),
        "faults" => faults::faults(&workspace, rest),
        "setup" => tools::everything(&workspace).map(|()| ExitCode::SUCCESS),
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        unknown => bail!("unknown command {unknown:?}; `cargo xtask help` lists the commands"),
    }
}
