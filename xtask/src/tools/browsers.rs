//! The browsers for the tests, from the packages of the system.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::debian;
use crate::process;
use crate::step::step;
use crate::workspace::Workspace;

const PACKAGES: [&str; 3] = ["chromium", "chromium-driver", "firefox-esr"];

/// The paths of the browsers.
pub(crate) struct Browsers {
    chromium: PathBuf,
    pub(crate) chromedriver: PathBuf,
    firefox: PathBuf,
}

impl Browsers {
    /// A command of Node with the browsers and the server in its environment.
    pub(crate) fn node(&self, workspace: &Workspace, server: &Path) -> Command {
        let mut node = workspace.command("node");
        node.env("VIDEOCALLS_SERVER", server)
            .env("CHROMIUM", &self.chromium)
            .env("FIREFOX", &self.firefox);
        node
    }

    fn find() -> Option<Self> {
        Some(Self {
            chromium: find(
                "CHROMIUM",
                &["chromium", "chromium-browser", "google-chrome"],
            )?,
            chromedriver: find("CHROMEDRIVER", &["chromedriver"])?,
            firefox: find("FIREFOX", &["firefox-esr", "firefox"])?,
        })
    }
}

/// Finds the browsers, or installs them on Debian.
pub(crate) fn browsers() -> Result<Browsers> {
    step("browsers", || {
        if let Some(browsers) = Browsers::find() {
            return Ok(browsers);
        }
        if !debian::is_debian() {
            bail!(
                "the tests need Chromium, chromedriver and Firefox: install them as packages of your \
                 system, or set CHROMIUM, CHROMEDRIVER and FIREFOX to their paths"
            );
        }
        debian::install(&PACKAGES)?;
        Browsers::find().context("apt-get installed the browsers, but they are not on PATH")
    })
}

fn find(variable: &str, names: &[&str]) -> Option<PathBuf> {
    let named = env::var_os(variable).map(PathBuf::from);
    named.or_else(|| process::find(names))
}
