//! The Python packages of the independent servers, one folder in the tools folder for each version of
//! their list.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail, ensure};

use super::debian;
use super::link::link;
use crate::cache::{self, Fingerprint};
use crate::process;
use crate::step::{installing, step};
use crate::workspace::Workspace;

const LIST: &str = "e2e/servers/channels/requirements.txt";

/// Installs the packages of `e2e/servers/channels` and links them to `e2e/.venv`.
pub(crate) fn e2e_python(workspace: &Workspace) -> Result<()> {
    step("Python packages of e2e/", || {
        let list = workspace.root(LIST);
        let python = python()?;
        // Compiled packages work with one version of Python only.
        let version = process::output(Command::new(&python).arg("--version"))?;
        let inputs = Fingerprint::new("pip install").with(version);
        let name = inputs.with_file(&list)?.name();
        let installed = workspace.tools(&format!("e2e-python-{name}"));
        if !installed.is_dir() {
            let folder = installed.display();
            installing(&format!("Django and its servers from PyPI, into {folder}"));
            install(&python, &list, &installed)?;
        }
        link(&installed, &workspace.root("e2e/.venv"))
    })
}

/// Finds a Python that can create environments, or installs that part on Debian.
fn python() -> Result<PathBuf> {
    if let Some(python) = usable() {
        return Ok(python);
    }
    if debian::is_debian() {
        debian::install(&["python3-venv"])?;
    }
    match usable() {
        Some(python) => Ok(python),
        None => bail!(
            "the tests need Python 3.10 or newer with the modules venv and ensurepip: install it \
             as a package of your system (https://www.python.org)"
        ),
    }
}

fn usable() -> Option<PathBuf> {
    let python = process::find(&["python3", "python"])?;
    let needed = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))";
    let checked = process::quiet(Command::new(&python).args(["-c", needed]));
    checked.is_ok().then_some(python)
}

/// Installs into a temporary folder first, so that an interrupted installation is not used.
fn install(python: &Path, list: &Path, installed: &Path) -> Result<()> {
    let partial = cache::with_added_extension(installed, &std::process::id().to_string());
    cache::fresh(&partial)?;
    process::quiet(Command::new(python).args(["-m", "venv"]).arg(&partial))?;
    let mut pip = Command::new(partial.join("bin/python"));
    pip.args(["-m", "pip", "install", "--disable-pip-version-check"])
        .args(["--require-hashes", "--requirement"])
        .arg(list);
    process::quiet(&mut pip)?;
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
