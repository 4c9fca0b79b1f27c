//! The steps of `cargo xtask test`, in order.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use super::calls::calls;
use super::counts::Counts;
use super::face;
use crate::build::{self, Built};
use crate::netbench;
use crate::process::{self, Echo};
use crate::run;
use crate::size;
use crate::tools;
use crate::workspace::Workspace;

/// A step: its name for `--only`, what it counts, and how to run it.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) work: fn(&mut Plan<'_>) -> Result<Counts>,
}

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "format",
        kind: "formatting",
        work: format,
    },
    Step {
        name: "lint",
        kind: "clippy for the host",
        work: lint,
    },
    Step {
        name: "lint-wasm",
        kind: "clippy for the browser",
        work: lint_wasm,
    },
    Step {
        name: "native",
        kind: "native tests and doc tests",
        work: native,
    },
    Step {
        name: "docs",
        kind: "documentation",
        work: docs,
    },
    Step {
        name: "build",
        kind: "build of package, app and server",
        work: build,
    },
    Step {
        name: "size",
        kind: "size budget",
        work: size,
    },
    Step {
        name: "browser",
        kind: "unit tests in Chromium",
        work: browser,
    },
    Step {
        name: "face",
        kind: "unit tests of the JavaScript API",
        work: face,
    },
    Step {
        name: "types",
        kind: "TypeScript declarations",
        work: types,
    },
    Step {
        name: "e2e",
        kind: "calls between real browsers",
        work: e2e,
    },
    Step {
        name: "network",
        kind: "call over a network with an interruption",
        work: network,
    },
];

/// The packages that are compiled for the browser.
const BROWSER_PACKAGES: &[&str] = &[
    "--package=videocalls-protocol",
    "--package=videocalls-session",
    "--package=videocalls-client",
    "--package=videocalls-js",
    "--package=videocalls-app",
];

/// The build and the server, which several steps need.
enum Made {
    NotYet,
    Failed,
    Ready(Built, PathBuf),
}

/// The state that steps share.
pub(crate) struct Plan<'a> {
    workspace: &'a Workspace,
    made: Made,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(workspace: &'a Workspace) -> Self {
        Self {
            workspace,
            made: Made::NotYet,
        }
    }

    /// The build and the server. The first step that asks makes them.
    fn made(&mut self) -> Result<(&Built, &Path)> {
        if let Made::NotYet = self.made {
            self.made = Made::Failed;
            let built = build::build(self.workspace)?;
            self.made = Made::Ready(built, run::server(self.workspace)?);
        }
        match &self.made {
            Made::Ready(built, server) => Ok((built, server)),
            Made::NotYet | Made::Failed => bail!("the build failed, which this step needs"),
        }
    }
}

fn check(command: &mut Command) -> Result<Counts> {
    process::run(command).map(|()| Counts::success())
}

fn format(plan: &mut Plan<'_>) -> Result<Counts> {
    check(&mut plan.workspace.cargo(["fmt", "--all", "--check"]))
}

fn lint(plan: &mut Plan<'_>) -> Result<Counts> {
    let mut cargo = plan
        .workspace
        .cargo(["clippy", "--workspace", "--all-targets"]);
    check(cargo.args(["--", "--deny", "warnings"]))
}

fn lint_wasm(plan: &mut Plan<'_>) -> Result<Counts> {
    tools::wasm_target(plan.workspace)?;
    let mut cargo = plan.workspace.cargo(["clippy", "--all-targets"]);
    cargo
        .args(["--target", "wasm32-unknown-unknown"])
        .args(BROWSER_PACKAGES);
    check(cargo.args(["--", "--deny", "warnings"]))
}

fn native(plan: &mut Plan<'_>) -> Result<Counts> {
    let mut cargo = plan
        .workspace
        .cargo(["test", "--workspace", "--no-fail-fast"]);
    cargo.args(["--exclude", "videocalls-js"]);
    Ok(Counts::of_cargo(&process::capture(&mut cargo, Echo::On)?))
}

fn docs(plan: &mut Plan<'_>) -> Result<Counts> {
    let mut cargo = plan.workspace.cargo(["doc", "--workspace", "--no-deps"]);
    check(cargo.env("RUSTDOCFLAGS", "--deny warnings"))
}

fn build(plan: &mut Plan<'_>) -> Result<Counts> {
    plan.made().map(|_| Counts::success())
}

fn size(plan: &mut Plan<'_>) -> Result<Counts> {
    let workspace = plan.workspace;
    let (built, _) = plan.made()?;
    size::check(workspace, built).map(|()| Counts::success())
}

fn browser(plan: &mut Plan<'_>) -> Result<Counts> {
    let workspace = plan.workspace;
    tools::wasm_target(workspace)?;
    let browsers = tools::browsers()?;
    let runner = tools::test_runner(workspace)?;
    let mut cargo = workspace.cargo(["test", "--no-fail-fast", "--lib", "--bins", "--tests"]);
    cargo
        .args(["--target", "wasm32-unknown-unknown"])
        .args(["--package=videocalls-client", "--package=videocalls-app"])
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner)
        .env("CHROMEDRIVER", browsers.chromedriver)
        .env("WASM_BINDGEN_TEST_TIMEOUT", "120");
    Ok(Counts::of_cargo(&process::capture(&mut cargo, Echo::On)?))
}

fn face(plan: &mut Plan<'_>) -> Result<Counts> {
    face::face(plan.workspace)
}

fn types(plan: &mut Plan<'_>) -> Result<Counts> {
    let workspace = plan.workspace;
    plan.made()?;
    tools::e2e_modules(workspace)?;
    let mut tsc = workspace.command(workspace.root("e2e/node_modules/.bin/tsc"));
    check(tsc.args(["--noEmit", "--strict", "--project", "e2e/types"]))
}

fn e2e(plan: &mut Plan<'_>) -> Result<Counts> {
    let workspace = plan.workspace;
    let (_, server) = plan.made()?;
    calls(workspace, server)
}

/// The smallest case of the network benchmark, and the hardest one behind NATs; all of them take too
/// long for a test.
fn network(plan: &mut Plan<'_>) -> Result<Counts> {
    if let Err(reason) = netbench::ensure_possible() {
        println!("skipped: {reason}");
        return Ok(Counts::skipped());
    }
    let workspace = plan.workspace;
    let (_, server) = plan.made()?;
    let attempt = || -> Result<Counts> {
        let mut node = netbench::command(workspace, server)?;
        node.args(["--case", "T-N1", "--case", "NAT3"]);
        node.args(["--pair", "cc", "--lenience", "5"]);
        Ok(check(&mut node).unwrap_or_else(|_| Counts::failure()))
    };
    let first = attempt()?;
    if first.failed == 0 {
        return Ok(first);
    }
    println!("network: failed; it runs once more");
    let name = ["network: T-N1, NAT3".to_owned()];
    let second = attempt()?;
    let still_failed = &name[..second.failed];
    Ok(first.with_retry(&name, &second, still_failed))
}
