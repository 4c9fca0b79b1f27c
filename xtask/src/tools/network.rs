//! The tools of the network benchmark: `ip` for network namespaces, and coturn as TURN server.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::debian;
use crate::process;
use crate::step::step;

/// Finds `ip`, or installs it on Debian.
pub(crate) fn iproute() -> Result<()> {
    // /usr/sbin is not on every PATH.
    let find = || process::find(&["ip"]).or_else(|| existing("/usr/sbin/ip"));
    program("ip", "iproute2", find).map(drop)
}

/// Finds coturn, or installs it on Debian.
pub(crate) fn coturn() -> Result<PathBuf> {
    program("turnserver", "coturn", || process::find(&["turnserver"]))
}

fn program(name: &str, package: &str, find: impl Fn() -> Option<PathBuf>) -> Result<PathBuf> {
    step(package, || {
        if let Some(found) = find() {
            return Ok(found);
        }
        if !debian::is_debian() {
            bail!(
                "the network benchmark needs `{name}`: install {package} as a package of your system"
            );
        }
        debian::install(&[package])?;
        find().with_context(|| format!("apt-get installed {package}, but {name} is missing"))
    })
}

fn existing(path: &str) -> Option<PathBuf> {
    let path = Path::new(path);
    path.is_file().then(|| path.to_path_buf())
}
