//! `cargo xtask run`: builds everything and runs the server. Builds the native programs.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::build;
use crate::process;
use crate::step::step;
use crate::workspace::Workspace;

pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    build::build(workspace)?;
    become_program(workspace.command(server(workspace)?).args(arguments))
}

/// Builds the server, which embeds `dist/`, and returns the program.
pub(crate) fn server(workspace: &Workspace) -> Result<PathBuf> {
    let package = "videocalls-compat";
    program(workspace, "server: compile", package, "videocalls-server")
}

/// Builds the fault proxy (docs/faults.md), and returns the program.
pub(crate) fn fault_proxy(workspace: &Workspace) -> Result<PathBuf> {
    let name = "videocalls-fault-proxy";
    program(workspace, "fault proxy: compile", name, name)
}

/// Builds a program with the profile `native`, and returns its path.
fn program(workspace: &Workspace, what: &str, package: &str, name: &str) -> Result<PathBuf> {
    let mut cargo = workspace.cargo(["build", "--profile=native", "--package", package]);
    cargo.args(["--bin", name]);
    step(what, || process::run(&mut cargo))?;
    let file = format!("native/{name}{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace.target(&file))
}

/// The command of the server's reconnect benchmark.
pub(crate) fn herd(workspace: &Workspace) -> Command {
    let options = ["--profile=native", "--package=videocalls-server"];
    let mut cargo = workspace.cargo(["bench", "--bench=herd"]);
    cargo.args(options).arg("--");
    cargo
}

/// Replaces this process by another program, which then handles Ctrl-C and sets the exit code.
#[cfg(unix)]
pub(crate) fn become_program(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;

    Err(command.exec()).with_context(|| format!("starting {}", command.get_program().display()))
}

#[cfg(not(unix))]
pub(crate) fn become_program(command: &mut Command) -> Result<()> {
    let status = command.status().context("starting a program")?;
    anyhow::ensure!(status.success(), "the program ended with {status}");
    Ok(())
}
