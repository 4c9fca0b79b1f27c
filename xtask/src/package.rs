//! `pkg/`: the npm package, made from `crates/js`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::bundle::{self, Constants};
use crate::cache::{self, Fingerprint};
use crate::step::step;
use crate::tools::NodeTools;
use crate::workspace::Workspace;

/// The TypeScript of the package, and its `package.json`.
const SOURCES: &str = "crates/js/ts";
/// The crates that the module is compiled from.
const CRATES: [&str; 4] = [
    "crates/protocol/src",
    "crates/session/src",
    "crates/client/src",
    "crates/js/src",
];
/// The id of a build in the module and in the entry, which refuses a module with another one.
const BUILD: &str = "VIDEOCALLS_BUILD";
/// What pages import.
const ENTRY: &str = "videocalls";
/// The WebAssembly that the entry loads.
const MODULE: &str = "videocalls_bg.wasm";
/// The name of the glue, which is bundled into the entry.
const GLUE: &str = "videocalls_glue";
/// What the entry imports on first use: fault simulation, recording, the check before a call, the warm-up and files.
const ON_DEMAND: [&str; 5] = [
    "simulate",
    "recording",
    "connection-check",
    "warm-up",
    "files",
];
/// A classic script with the `AgoraRTC` interface, which imports the entry when a page joins.
const AGORA: &str = "agora";
/// The declarations of the entry, which TypeScript looks for beside `videocalls.js`.
const DECLARATIONS: &str = "\
export * from './types/videocalls.js';
export { default } from './types/videocalls.js';
";

/// Builds the package and returns its folder.
pub(crate) fn build(workspace: &Workspace, tools: &NodeTools) -> Result<PathBuf> {
    let id = build_id(workspace)?;
    let constants = [(BUILD, id.as_str())];
    let compiled = step("package: compile", || {
        bundle::compile(workspace, "videocalls-js", &constants)
    })?;
    let compiled = compiled.join("videocalls_js.wasm");
    let sources = cache::files_below(&workspace.root(SOURCES))?;
    let documents = documents(workspace)?;
    let inputs = bundle::recipe(tools)
        .with(DECLARATIONS)
        .with_file(&compiled)?
        .with_files(&sources)?
        .with_files(&documents)?;
    let made = workspace.target("xtask/package");
    cache::folder(&made, &inputs, || {
        let stage = made.join(".stage");
        copy(&sources, &workspace.root(SOURCES), &stage)?;
        copy(&documents, &workspace.root(""), &made)?;
        make(tools, &compiled, &stage, &made, &constants)
    })?;
    publish(workspace, &made)
}

/// The same for every build of the same sources.
fn build_id(workspace: &Workspace) -> Result<String> {
    let mut inputs = Fingerprint::new("build id").with_file(&workspace.root("Cargo.lock"))?;
    for folder in CRATES {
        inputs = inputs.with_files(&cache::files_below(&workspace.root(folder))?)?;
    }
    Ok(inputs.name())
}

/// The licences in the root of the checkout.
fn documents(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(workspace.root("")).context("reading the checkout")?;
    let paths = entries.map(|entry| Ok(entry?.path()));
    let paths: Vec<PathBuf> = paths.collect::<Result<_>>()?;
    let is_licence = |path: &PathBuf| name_of(path).starts_with("LICENSE");
    Ok(paths.into_iter().filter(is_licence).collect())
}

fn make(
    tools: &NodeTools,
    compiled: &Path,
    stage: &Path,
    made: &Path,
    constants: Constants<'_>,
) -> Result<()> {
    step("package: types", || {
        bundle::declarations(tools, stage, &made.join("types"))
    })?;
    step("package: bindings", || {
        bundle::bindings(compiled, stage, GLUE)
    })?;
    step("package: wasm-opt", || {
        let module = stage.join(format!("{GLUE}_bg.wasm"));
        bundle::optimize(tools, &module, &made.join(MODULE))
    })?;
    step("package: bundle", || {
        let source = |name: &str| stage.join(format!("{name}.ts"));
        let script = |name: &str| made.join(format!("{name}.js"));
        for name in [ENTRY].into_iter().chain(ON_DEMAND) {
            bundle::script(tools, &source(name), &script(name), constants)?;
        }
        bundle::classic_script(tools, &source(AGORA), &script(AGORA))
    })?;
    cache::write(&made.join("videocalls.d.ts"), DECLARATIONS.as_bytes())?;
    let manifest = "package.json";
    cache::write(&made.join(manifest), &cache::read(&stage.join(manifest))?)?;
    names_its_module(&made.join(format!("{ENTRY}.js")))
}

/// Bundlers of pages copy the module only if they see its name in a `new URL(…, import.meta.url)`.
fn names_its_module(entry: &Path) -> Result<()> {
    let text = cache::read_text(entry)?;
    ensure!(
        text.contains(MODULE) && text.contains("import.meta.url"),
        "{SOURCES}/{ENTRY}.ts must name its module by `new URL('{MODULE}', import.meta.url)`"
    );
    Ok(())
}

/// Copies what was made to `pkg/`, and removes everything else there.
fn publish(workspace: &Workspace, made: &Path) -> Result<PathBuf> {
    let package = workspace.root("pkg");
    let files = cache::files_below(made)?;
    for present in cache::files_below(&package)? {
        if !files.contains(&made.join(present.strip_prefix(&package)?)) {
            fs::remove_file(present)?;
        }
    }
    copy(&files, made, &package)?;
    Ok(package)
}

/// Copies files with their paths below `from`.
fn copy(files: &[PathBuf], from: &Path, to: &Path) -> Result<()> {
    for file in files {
        cache::write(&to.join(file.strip_prefix(from)?), &cache::read(file)?)?;
    }
    Ok(())
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
