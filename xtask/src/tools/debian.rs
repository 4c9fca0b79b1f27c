//! Packages of the system, on Debian.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::step::installing;

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
