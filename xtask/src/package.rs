//! `pkg/`: the npm package, made from `crates/js` and the hand-written entry beside it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::bundle;
use crate::cache;
use crate::step::step;
use crate::tools::NodeTools;
use crate::workspace::Workspace;

/// The folder of the hand-written files of the package.
const SOURCES: &str = "crates/js/js";
/// What pages import.
const ENTRY: &str = "videocalls.js";
/// The WebAssembly that the entry loads.
const MODULE: &str = "videocalls_bg.wasm";
/// The name of the glue, which is bundled into the entry.
const GLUE: &str = "videocalls_glue";
/// A classic script with the `AgoraRTC` interface, which imports the entry when a page joins.
const CLASSIC: &str = "agora.js";
/// Fault simulation, which the entry imports on first use.
const FAULTS: &str = "simulate.js";

/// Builds the package and returns its folder.
pub(crate) fn build(workspace: &Workspace, tools: &NodeTools) -> Result<PathBuf> {
    let compiled = step("package: compile", || {
        bundle::compile(workspace, "videocalls-js")
    })?;
    let compiled = compiled.join("videocalls_js.wasm");
    let sources = sources(workspace)?;
    let inputs = bundle::recipe(tools)
        .with_file(&compiled)?
        .with_files(&sources)?;
    let made = workspace.target("xtask/package");
    cache::folder(&made, &inputs, || make(tools, &compiled, &sources, &made))?;
    publish(workspace, &made)
}

fn sources(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let mut sources = cache::files_below(&workspace.root(SOURCES))?;
    let readme = workspace.root("crates/js/README.md");
    sources.extend(Some(readme).filter(|readme| readme.is_file()));
    sources.extend(licences(workspace)?);
    Ok(sources)
}

fn licences(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(workspace.root("")).context("reading the checkout")?;
    let paths = entries.map(|entry| Ok(entry?.path()));
    let paths: Vec<PathBuf> = paths.collect::<Result<_>>()?;
    let is_licence = |path: &PathBuf| name_of(path).starts_with("LICENSE");
    Ok(paths.into_iter().filter(is_licence).collect())
}

fn make(tools: &NodeTools, compiled: &Path, sources: &[PathBuf], made: &Path) -> Result<()> {
    let stage = made.join(".stage");
    for source in sources {
        let folder = if is_script(source) { &stage } else { made };
        cache::write(&folder.join(name_of(source)), &cache::read(source)?)?;
    }
    step("package: bindings", || {
        bundle::bindings(compiled, &stage, GLUE)
    })?;
    step("package: wasm-opt", || {
        let module = stage.join(format!("{GLUE}_bg.wasm"));
        bundle::optimize(tools, &module, &made.join(MODULE))
    })?;
    step("package: bundle", || {
        for script in [ENTRY, FAULTS] {
            bundle::script(tools, &stage.join(script), &made.join(script))?;
        }
        bundle::classic_script(tools, &stage.join(CLASSIC), &made.join(CLASSIC))
    })?;
    names_its_module(&made.join(ENTRY))
}

/// Bundlers of pages copy the module only if they see its name in a `new URL(…, import.meta.url)`.
fn names_its_module(entry: &Path) -> Result<()> {
    let text = cache::read_text(entry)?;
    ensure!(
        text.contains(MODULE) && text.contains("import.meta.url"),
        "{SOURCES}/{ENTRY} must name its module by `new URL('{MODULE}', import.meta.url)`"
    );
    Ok(())
}

/// Copies what was made to `pkg/`, and nothing else stays there.
fn publish(workspace: &Workspace, made: &Path) -> Result<PathBuf> {
    let package = workspace.root("pkg");
    let files = cache::files_below(made)?;
    for present in cache::files_below(&package)? {
        if !files.iter().any(|file| name_of(file) == name_of(&present)) {
            fs::remove_file(present)?;
        }
    }
    for file in files {
        cache::write(&package.join(name_of(&file)), &cache::read(&file)?)?;
    }
    Ok(package)
}

fn is_script(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "js")
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
