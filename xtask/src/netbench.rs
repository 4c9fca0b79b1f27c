//! `cargo xtask netbench`: calls between real browsers over a simulated bad network.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use crate::build;
use crate::process;
use crate::run;
use crate::step::step;
use crate::tools;
use crate::workspace::Workspace;

pub(crate) fn netbench(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    ensure_possible()?;
    build::build(workspace)?;
    let server = run::server(workspace)?;
    let turnserver = tools::coturn()?;
    let mut node = command(workspace, &server)?;
    node.env("TURNSERVER", turnserver)
        .arg("--json")
        .arg(workspace.target("netbench.json"))
        .args(arguments);
    // It handles Ctrl-C itself, because it has to remove the network namespaces.
    run::become_program(&mut node)
}

/// Fails with the reason if the benchmark can't run here.
pub(crate) fn ensure_possible() -> Result<()> {
    let linux = cfg!(target_os = "linux");
    ensure!(
        linux,
        "the network benchmark needs the network namespaces of Linux"
    );
    let root = process::is_root()?;
    ensure!(
        root,
        "the network benchmark creates network namespaces: run it as root"
    );
    let tun = Path::new("/dev/net/tun").exists();
    ensure!(
        tun,
        "the network benchmark needs /dev/net/tun, which is missing"
    );
    Ok(())
}

/// The command of the benchmark, without a TURN server and without options.
pub(crate) fn command(workspace: &Workspace, server: &Path) -> Result<Command> {
    let netsim = netsim(workspace)?;
    let browsers = tools::browsers()?;
    tools::iproute()?;
    tools::e2e_modules(workspace)?;
    let mut node = browsers.node(workspace, server);
    node.env("VIDEOCALLS_NETSIM", netsim)
        .arg(workspace.root("e2e/netbench/main.mjs"));
    Ok(node)
}

fn netsim(workspace: &Workspace) -> Result<PathBuf> {
    let options = ["--profile", "native", "--package", "videocalls-netsim"];
    let mut cargo = workspace.cargo(["build"]);
    step("netsim: compile", || process::run(cargo.args(options)))?;
    Ok(workspace.target("native/videocalls-netsim"))
}
