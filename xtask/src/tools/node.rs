//! Node's packages, kept in the tools folder by what their lock file holds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::link::link;
use crate::cache::{self, Fingerprint};
use crate::process;
use crate::step::{installing, step};
use crate::workspace::Workspace;

const LISTS: [&str; 2] = ["package.json", "package-lock.json"];

/// wasm-opt, esbuild and the TypeScript compiler.
pub(crate) struct NodeTools {
    modules: PathBuf,
    /// Changes when one of them does.
    pub(crate) version: String,
}

impl NodeTools {
    pub(crate) fn wasm_opt(&self) -> Command {
        self.script("binaryen/bin/wasm-opt")
    }

    pub(crate) fn esbuild(&self) -> Command {
        self.script("esbuild/bin/esbuild")
    }

    pub(crate) fn tsc(&self) -> Command {
        self.script("typescript/bin/tsc")
    }

    fn script(&self, path: &str) -> Command {
        let mut node = Command::new("node");
        node.arg(self.modules.join(path));
        node
    }
}

/// Installs the tools of the build.
pub(crate) fn node_tools(workspace: &Workspace) -> Result<NodeTools> {
    step("wasm-opt, esbuild and tsc", || {
        let what = "wasm-opt (binaryen), esbuild and TypeScript";
        let (modules, version) = modules(workspace, "xtask/npm", what)?;
        Ok(NodeTools { modules, version })
    })
}

/// Installs what `e2e/` needs, and links it there.
pub(crate) fn e2e_modules(workspace: &Workspace) -> Result<()> {
    step("packages of e2e/", || {
        let (modules, _) = modules(
            workspace,
            "e2e",
            "the browsers' driver and the independent servers",
        )?;
        link(&modules, &workspace.root("e2e/node_modules"))
    })
}

/// The `node_modules` for a folder's lock file, installed once for all checkouts.
fn modules(workspace: &Workspace, folder: &str, what: &str) -> Result<(PathBuf, String)> {
    let lists = LISTS.map(|list| workspace.root(folder).join(list));
    let version = Fingerprint::new("npm ci").with_files(&lists)?.name();
    let label = folder.replace('/', "-");
    let installed = workspace.tools(&format!("{label}-{version}"));
    if !installed.is_dir() {
        installing(&format!("{what} from npm, into {}", installed.display()));
        install(&lists, &installed)?;
    }
    Ok((installed.join("node_modules"), version))
}

/// Beside its place first: an interrupted installation is not taken for a finished one.
fn install(lists: &[PathBuf], installed: &Path) -> Result<()> {
    let npm = process::find(&["npm"])
        .filter(|_| process::find(&["node"]).is_some())
        .context(
            "Node and npm are needed: install Node 20.18 or newer (https://nodejs.org, \
         or your system's packages nodejs and npm)",
        )?;
    let partial = cache::with_added_extension(installed, &std::process::id().to_string());
    cache::fresh(&partial)?;
    for list in lists {
        fs::copy(list, partial.join(list.file_name().unwrap_or_default()))?;
    }
    let options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    process::quiet(Command::new(npm).args(options).current_dir(&partial))?;
    if fs::rename(&partial, installed).is_err() {
        // Somebody else was quicker.
        fs::remove_dir_all(&partial)?;
    }
    ensure!(
        installed.is_dir(),
        "{} could not be made",
        installed.display()
    );
    Ok(())
}
