//! What stands in the tools folder, seen from the checkout.

use std::path::Path;

use anyhow::Result;

/// Makes `link` lead to `folder`; a folder in its place was made by hand from the same list.
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
        "{} is missing: e2e/README.md says how to make it",
        link.display()
    );
    Ok(())
}
