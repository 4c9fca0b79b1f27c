//! The npm packages, one folder in the tools folder for each version of a lock file.

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
    /// Changes when one of the tools changes.
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

/// Installs the npm packages of the build.
pub(crate) fn node_tools(workspace: &Workspace) -> Result<NodeTools> {
    step("wasm-opt, esbuild and tsc", || {
        let what = "wasm-opt (binaryen), esbuild and TypeScript";
        let (modules, version) = modules(workspace, "xtask/npm", what)?;
        Ok(NodeTools { modules, version })
    })
}

/// Installs the npm packages of `e2e/` and links them there.
pub(crate) fn e2e_modules(workspace: &Workspace) -> Result<()> {
    step("npm packages of e2e/", || {
        let (modules, _) = modules(workspace, "e2e", "puppeteer and the independent servers")?;
        link(&modules, &workspace.root("e2e/node_modules"))
    })
}

/// The `node_modules` for the lock file of a folder, shared by all checkouts, and their version.
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

/// Installs into a temporary folder first, so that an interrupted installation is not used.
fn install(lists: &[PathBuf], installed: &Path) -> Result<()> {
    let npm = process::find(&["npm"])
        .filter(|_| process::find(&["node"]).is_some())
        .context(
            "Node and npm are missing: install Node 20.18 or newer (https://nodejs.org, \
         or the packages nodejs and npm of your system)",
        )?;
    let partial = cache::with_added_extension(installed, &std::process::id().to_string());
    cache::fresh(&partial)?;
    for list in lists {
        fs::copy(list, partial.join(list.file_name().unwrap_or_default()))?;
    }
    let options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    process::quiet(Command::new(npm).args(options).current_dir(&partial))?;
    if fs::rename(&partial, installed).is_err() {
        // Another process has installed it in the meantime.
        fs::remove_dir_all(&partial)?;
    }
    ensure!(
        installed.is_dir(),
        "{} could not be installed",
        installed.display()
    );
    Ok(())
}
