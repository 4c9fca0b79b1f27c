//! Packages of the system, on Debian.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::step::{installing, step};

pub(super) fn is_debian() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    release.lines().any(|line| line == "ID=debian")
}

pub(super) fn install(packages: &[&str]) -> Result<()> {
    installing(&format!("{} with apt-get", packages.join(", ")));
    process::quiet(apt_get(packages)?.arg("update"))?;
    let options = ["install", "--yes", "--no-install-recommends"];
    process::quiet(apt_get(packages)?.args(options).args(packages))
}

/// Finds a program, or installs the package that has it.
pub(super) fn program(
    name: &str,
    package: &str,
    find: impl Fn() -> Option<PathBuf>,
) -> Result<PathBuf> {
    step(package, || {
        if let Some(found) = find() {
            return Ok(found);
        }
        if !is_debian() {
            bail!("`{name}` is needed: install {package} as a package of your system");
        }
        install(&[package])?;
        find().with_context(|| format!("apt-get installed {package}, but {name} is missing"))
    })
}

/// A program that may not be on PATH.
pub(super) fn existing(path: &str) -> Option<PathBuf> {
    let path = Path::new(path);
    path.is_file().then(|| path.to_path_buf())
}

/// A command of apt-get as root, or with sudo.
fn apt_get(packages: &[&str]) -> Result<Command> {
    let quiet = "DEBIAN_FRONTEND=noninteractive";
    if process::is_root()? {
        let mut command = Command::new("env");
        command.args([quiet, "apt-get"]);
        return Ok(command);
    }
    let sudo = process::find(&["sudo"]).with_context(|| {
        format!(
            "run this as root: apt-get install --no-install-recommends {}",
            packages.join(" ")
        )
    })?;
    let mut command = Command::new(sudo);
    command.args(["env", quiet, "apt-get"]);
    Ok(command)
}
