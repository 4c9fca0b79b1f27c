//! `ip` for the network namespaces of the network benchmark, and coturn, a TURN server.

use std::path::PathBuf;

use anyhow::Result;

use super::debian;
use crate::process;

/// Finds `ip`, or installs it on Debian.
pub(crate) fn iproute() -> Result<()> {
    // /usr/sbin is not on every PATH.
    let find = || process::find(&["ip"]).or_else(|| debian::existing("/usr/sbin/ip"));
    debian::program("ip", "iproute2", find).map(drop)
}

/// Finds coturn, or installs it on Debian.
pub(crate) fn coturn() -> Result<PathBuf> {
    debian::program("turnserver", "coturn", || process::find(&["turnserver"]))
}
