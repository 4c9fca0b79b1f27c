//! The reverse proxies that docs/deploying.md describes.

use std::path::PathBuf;

use anyhow::Result;

use super::debian;
use crate::process;

/// The paths of the proxies.
pub(crate) struct Proxies {
    pub(crate) nginx: PathBuf,
    pub(crate) caddy: PathBuf,
}

/// Finds nginx and Caddy, or installs them on Debian.
pub(crate) fn proxies() -> Result<Proxies> {
    // /usr/sbin is not on every PATH.
    let find = || process::find(&["nginx"]).or_else(|| debian::existing("/usr/sbin/nginx"));
    Ok(Proxies {
        nginx: debian::program("nginx", "nginx", find)?,
        caddy: debian::program("caddy", "caddy", || process::find(&["caddy"]))?,
    })
}
