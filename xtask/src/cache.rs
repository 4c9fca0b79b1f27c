//! Reuses results whose inputs have not changed, and reads and writes files.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A hash of all inputs of a result.
#[derive(Clone)]
pub(crate) struct Fingerprint(DefaultHasher);

impl Fingerprint {
    pub(crate) fn new(purpose: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        purpose.hash(&mut hasher);
        Self(hasher)
    }

    pub(crate) fn with(mut self, input: impl Hash) -> Self {
        input.hash(&mut self.0);
        self
    }

    /// Adds the name and the content of a file.
    pub(crate) fn with_file(self, file: &Path) -> Result<Self> {
        let content = read(file)?;
        Ok(self.with(file.file_name()).with(content))
    }

    pub(crate) fn with_files(self, files: &[PathBuf]) -> Result<Self> {
        files
            .iter()
            .try_fold(self, |fingerprint, file| fingerprint.with_file(file))
    }

    pub(crate) fn name(&self) -> String {
        format!("{:016x}", self.0.finish())
    }
}

/// Makes `folder`, unless it was made from the same `inputs` before.
///
/// The folder is emptied first. It gets its fingerprint only if `make` succeeds.
pub(crate) fn folder(
    folder: &Path,
    inputs: &Fingerprint,
    make: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let fingerprint = folder.join(".fingerprint");
    let name = inputs.name();
    if fs::read_to_string(&fingerprint).is_ok_and(|present| present == name) {
        return Ok(());
    }
    fresh(folder)?;
    make()?;
    write(&fingerprint, name.as_bytes())
}

/// Makes an empty folder.
pub(crate) fn fresh(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("emptying {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))
}

pub(crate) fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("reading {}", file.display()))
}

pub(crate) fn read_text(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))
}

/// Writes a file and the folders above it.
///
/// A file with the same content stays untouched, so that cargo does not build again.
pub(crate) fn write(file: &Path, content: &[u8]) -> Result<()> {
    if fs::read(file).is_ok_and(|present| present == content) {
        return Ok(());
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    }
    // A rename is atomic: an interrupted build leaves no half-written file.
    let partial = with_added_extension(file, "partial");
    fs::write(&partial, content)
        .and_then(|()| fs::rename(&partial, file))
        .with_context(|| format!("writing {}", file.display()))
}

/// Appends an extension: `a.js` becomes `a.js.br`.
pub(crate) fn with_added_extension(file: &Path, extension: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

/// Lists the files below a folder, sorted and without hidden ones. A missing folder has none.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if folder.is_dir() {
        collect(folder, &mut files)?;
    }
    files.sort();
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        match entry.path() {
            _ if hidden => {}
            path if path.is_dir() => collect(&path, files)?,
            path => files.push(path),
        }
    }
    Ok(())
}
