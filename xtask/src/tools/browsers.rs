//! The browsers the tests drive, from the system's packages.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::step::{installing, step};
use crate::workspace::Workspace;

const PACKAGES: [&str; 3] = ["chromium", "chromium-driver", "firefox-esr"];

/// Where the browsers are.
pub(crate) struct Browsers {
    chromium: PathBuf,
    pub(crate) chromedriver: PathBuf,
    firefox: PathBuf,
}

impl Browsers {
    /// Node, told what to test and with what.
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
        if !is_debian() {
            bail!(
                "the tests need Chromium, its chromedriver and Firefox: install them with your \
                 system's packages, or set CHROMIUM, CHROMEDRIVER and FIREFOX to their paths"
            );
        }
        install()?;
        Browsers::find().context("apt-get installed the browsers, but they are not on PATH")
    })
}

fn find(variable: &str, names: &[&str]) -> Option<PathBuf> {
    let named = env::var_os(variable).map(PathBuf::from);
    named.or_else(|| process::find(names))
}

fn is_debian() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    release.lines().any(|line| line == "ID=debian")
}

fn install() -> Result<()> {
    installing(&format!("{} with apt-get", PACKAGES.join(", ")));
    process::quiet(apt_get()?.arg("update"))?;
    let options = ["install", "--yes", "--no-install-recommends"];
    process::quiet(apt_get()?.args(options).args(PACKAGES))
}

/// apt-get as root, or through sudo.
fn apt_get() -> Result<Command> {
    let quiet = "DEBIAN_FRONTEND=noninteractive";
    if process::output(Command::new("id").arg("-u"))?.trim() == "0" {
        let mut command = Command::new("env");
        command.args([quiet, "apt-get"]);
        return Ok(command);
    }
    let sudo = process::find(&["sudo"]).with_context(|| {
        format!(
            "run this as root: apt-get install --no-install-recommends {}",
            PACKAGES.join(" ")
        )
    })?;
    let mut command = Command::new(sudo);
    command.args(["env", quiet, "apt-get"]);
    Ok(command)
}
