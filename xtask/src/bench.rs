//! `cargo xtask bench NAME`: runs a benchmark of `e2e/bench`, or the one of the server.

use anyhow::{Context, Result, ensure};

use crate::build;
use crate::process;
use crate::run;
use crate::tools;
use crate::workspace::Workspace;

pub(crate) fn bench(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let (name, options) = arguments
        .split_first()
        .context("which benchmark? e.g. `bench call`")?;
    if name == "herd" {
        return process::run(run::herd(workspace).args(options));
    }
    let script = workspace.root(&format!("e2e/bench/{name}.mjs"));
    ensure!(
        script.is_file(),
        "no such benchmark: {} is missing",
        script.display()
    );
    build::build(workspace)?;
    let server = run::server(workspace)?;
    let browsers = tools::browsers()?;
    tools::e2e_modules(workspace)?;
    let mut node = browsers.node(workspace, &server);
    process::run(node.arg(script).args(options))
}
