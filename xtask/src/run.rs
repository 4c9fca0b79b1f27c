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
    let options = [
        "--profile",
        "native",
        "--package",
        "videocalls-server",
        "--bins",
    ];
    let mut cargo = workspace.cargo(["build"]);
    step("server: compile", || process::run(cargo.args(options)))?;
    let program = format!("native/videocalls-server{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace.target(&program))
}

/// Ctrl-C and the exit code are the server's own.
#[cfg(unix)]
fn become_program(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;

    Err(command.exec()).context("starting the server")
}

#[cfg(not(unix))]
fn become_program(command: &mut Command) -> Result<()> {
    let status = command.status().context("starting the server")?;
    anyhow::ensure!(status.success(), "the server ended with {status}");
    Ok(())
}
