//! Links from the checkout to the tools folder.

use std::path::Path;

use anyhow::Result;

/// Makes `link` point to `folder`. A folder in its place was installed by hand and is removed.
#[cfg(unix)]
pub(super) fn link(folder: &Path, link: &Path) -> Result<()> {
    use anyhow::Context;
    use std::fs;

    if fs::read_link(link).is_ok_and(|target| target == folder) {
        return Ok(());
    }
    match fs::symlink_metadata(link) {
        Ok(present) if present.is_dir() => fs::remove_dir_all(link)?,
        Ok(_) => fs::remove_file(link)?,
        Err(_) => {}
    }
    std::os::unix::fs::symlink(folder, link).with_context(|| format!("linking {}", link.display()))
}

#[cfg(not(unix))]
pub(super) fn link(_folder: &Path, link: &Path) -> Result<()> {
    anyhow::ensure!(
        link.is_dir(),
        "{} is missing: e2e/README.md explains how to install it",
        link.display()
    );
    Ok(())
}
