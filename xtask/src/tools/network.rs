//! What the network bench needs of the system: network namespaces, and a relay.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::debian;
use crate::process;
use crate::step::step;

/// Finds `ip`, or installs it on Debian.
pub(crate) fn iproute() -> Result<()> {
    // Not on everybody's PATH, but on that of root, who runs the bench.
    let find = || process::find(&["ip"]).or_else(|| existing("/usr/sbin/ip"));
    program("ip", "iproute2", find).map(drop)
}

/// Finds coturn's program, or installs it on Debian.
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
                "the network bench needs `{name}`: install {package} with your system's packages"
            );
        }
        debian::install(&[package])?;
        find().with_context(|| format!("apt-get installed {package}, but there is no {name}"))
    })
}

fn existing(path: &str) -> Option<PathBuf> {
    let path = Path::new(path);
    path.is_file().then(|| path.to_path_buf())
}
