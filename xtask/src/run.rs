//! `cargo xtask run`: everything built, then the server in the place of this program.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::build;
use crate::process;
use crate::step::step;
use crate::workspace::Workspace;

pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    build::build(workspace)?;
    // Where it listens unless told otherwise is the server's own to say: localhost:8080.
    become_program(workspace.command(server(workspace)?).args(arguments))
}

/// Builds the server, with what `dist/` holds inside, and returns the program.
pub(crate) fn server(workspace: &Workspace) -> Result<PathBuf> {
    program(workspace, "server: compile", "videocalls-server")
}

/// Builds the fault proxy (docs/faults.md), and returns the program.
pub(crate) fn fault_proxy(workspace: &Workspace) -> Result<PathBuf> {
    program(workspace, "fault proxy: compile", "videocalls-fault-proxy")
}

/// Builds a package with the profile `native`, and returns the program of the same name.
fn program(workspace: &Workspace, what: &str, name: &str) -> Result<PathBuf> {
    let mut cargo = workspace.cargo(["build", "--profile=native", "--package", name]);
    step(what, || process::run(&mut cargo))?;
    let file = format!("native/{name}{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace.target(&file))
}

/// The bench of a server with all its clients; further arguments go to it.
pub(crate) fn herd(workspace: &Workspace) -> Command {
    let options = ["--profile=native", "--package=videocalls-server"];
    let mut cargo = workspace.cargo(["bench", "--bench=herd"]);
    cargo.args(options).arg("--");
    cargo
}

/// Goes on as another program: Ctrl-C and the exit code are its own.
#[cfg(unix)]
pub(crate) fn become_program(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;

    Err(command.exec()).with_context(|| format!("starting {}", command.get_program().display()))
}

#[cfg(not(unix))]
pub(crate) fn become_program(command: &mut Command) -> Result<()> {
    let status = command.status().context("starting a program")?;
    anyhow::ensure!(status.success(), "it ended with {status}");
    Ok(())
}
