//! `dist/`: the files that the server serves, by their paths, each also compressed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cache;
use crate::compress;
use crate::page::Page;
use crate::workspace::Workspace;

/// Extensions of files that compression makes smaller.
const COMPRESSED: &[&str] = &[
    "css", "html", "js", "json", "md", "mjs", "svg", "ts", "txt", "wasm",
];

/// Writes `dist/`, and removes everything else there.
pub(crate) fn assemble(
    workspace: &Workspace,
    page: &Page,
    package: &Path,
    app: &Path,
) -> Result<()> {
    let mut files = BTreeMap::from([("index.html".into(), page.html.clone().into_bytes())]);
    collect(&mut files, app, "")?;
    collect(&mut files, package, "videocalls")?;
    collect(
        &mut files,
        &workspace.root("examples/plain"),
        "examples/plain",
    )?;
    add_compressed(workspace, &mut files)?;
    write_folder(&workspace.root("dist"), &files)
}

fn collect(files: &mut BTreeMap<PathBuf, Vec<u8>>, from: &Path, to: &str) -> Result<()> {
    for file in cache::files_below(from)? {
        let name = file.strip_prefix(from)?;
        files.insert(Path::new(to).join(name), cache::read(&file)?);
    }
    Ok(())
}

fn add_compressed(workspace: &Workspace, files: &mut BTreeMap<PathBuf, Vec<u8>>) -> Result<()> {
    let plain: Vec<PathBuf> = files
        .keys()
        .filter(|path| is_compressed(path))
        .cloned()
        .collect();
    for path in plain {
        let compressed = compress::compress(workspace, &files[&path])?;
        files.insert(cache::with_added_extension(&path, "br"), compressed.brotli);
        files.insert(cache::with_added_extension(&path, "gz"), compressed.gzip);
    }
    Ok(())
}

fn is_compressed(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    COMPRESSED.contains(&extension.as_ref())
}

/// Writes changed files and removes stale ones, which the server would serve.
fn write_folder(dist: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) -> Result<()> {
    for present in cache::files_below(dist)? {
        if !files.contains_key(present.strip_prefix(dist)?) {
            fs::remove_file(present)?;
        }
    }
    for (name, content) in files {
        cache::write(&dist.join(name), content)?;
    }
    Ok(())
}
