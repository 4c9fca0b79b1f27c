//! The folders: the checkout, its target folder, and the folder of the tools.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The folders that every command works in.
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
    tools: PathBuf,
}

impl Workspace {
    pub(crate) fn locate() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("xtask is not in a workspace")?
            .to_path_buf();
        Ok(Self {
            target: target_folder(&root),
            tools: tools_folder()?,
            root,
        })
    }

    /// A path in the checkout.
    pub(crate) fn root(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// A path in cargo's target folder.
    pub(crate) fn target(&self, path: &str) -> PathBuf {
        self.target.join(path)
    }

    /// A path in the tools folder, which all checkouts share.
    pub(crate) fn tools(&self, path: &str) -> PathBuf {
        self.tools.join(path)
    }

    /// A command of the cargo that runs this program, in the root of the checkout.
    pub(crate) fn cargo<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = self.command(cargo);
        command.args(arguments);
        command
    }

    /// A command of another program, in the root of the checkout.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// The version of a package in `Cargo.lock`.
    pub(crate) fn locked_version(&self, package: &str) -> Result<String> {
        let lock =
            std::fs::read_to_string(self.root("Cargo.lock")).context("reading Cargo.lock")?;
        match version_in_lock(&lock, package) {
            Some(version) => Ok(version.to_owned()),
            None => bail!("Cargo.lock does not contain {package}"),
        }
    }
}

fn target_folder(root: &Path) -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root.join(folder),
        None => root.join("target"),
    }
}

fn tools_folder() -> Result<PathBuf> {
    if let Some(folder) = env::var_os("VIDEOCALLS_TOOLS") {
        return std::path::absolute(folder).context("VIDEOCALLS_TOOLS is not a valid path");
    }
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || env::home_dir().map(|home| home.join(".cache"));
    let cache = cache.or_else(home);
    Ok(cache
        .context("there is no home folder: set VIDEOCALLS_TOOLS to a folder for the tools")?
        .join("videocalls"))
}

fn version_in_lock<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1)?.strip_prefix("version = \"")?;
    version.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::version_in_lock;

    #[test]
    fn version_is_read_from_the_lock_file() {
        let lock = "[[package]]\nname = \"ab\"\nversion = \"2\"\n\n[[package]]\nname = \"a\"\nversion = \"1.2.3\"\n";
        assert_eq!(version_in_lock(lock, "a"), Some("1.2.3"));
        assert_eq!(version_in_lock(lock, "b"), None);
    }
}
