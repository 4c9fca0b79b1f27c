//! `pkg/`: the npm package, made from `crates/js` and the hand-written entry beside it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::bundle::{self, Inlining};
use crate::cache;
use crate::step::step;
use crate::tools::NodeTools;
use crate::workspace::Workspace;

/// The folder of the hand-written files of the package.
const SOURCES: &str = "crates/js/js";
/// Each a module, its glue, and the script around them. Pages load the second pair when they name one
/// of the dialects that only it has.
const PAIRS: [&str; 2] = ["videocalls", "videocalls_dialects"];
/// A classic script of its own, which loads the package when it is needed.
const CLASSIC: &str = "agora.js";
/// Imported by the entry when a fault is asked for.
const FAULTS: &str = "simulate.js";

/// Builds the package and returns its folder.
pub(crate) fn build(workspace: &Workspace, tools: &NodeTools) -> Result<PathBuf> {
    let compiled = step("package: compile", || {
        bundle::compile(workspace, "videocalls-js", Inlining::AsEver)
    })?;
    let compiled = PAIRS.map(|pair| compiled.join(format!("{pair}.wasm")));
    let sources = sources(workspace)?;
    let inputs = bundle::recipe(tools)
        .with_files(&compiled)?
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

fn make(tools: &NodeTools, compiled: &[PathBuf], sources: &[PathBuf], made: &Path) -> Result<()> {
    let stage = made.join(".stage");
    for source in sources {
        let folder = if is_script(source) { &stage } else { made };
        cache::write(&folder.join(name_of(source)), &cache::read(source)?)?;
    }
    for (pair, compiled) in PAIRS.iter().zip(compiled) {
        make_pair(tools, pair, compiled, &stage, made)?;
    }
    bundle::script(tools, &stage.join(FAULTS), &made.join(FAULTS))?;
    bundle::classic_script(tools, &stage.join(CLASSIC), &made.join(CLASSIC))
}

fn make_pair(
    tools: &NodeTools,
    pair: &str,
    compiled: &Path,
    stage: &Path,
    made: &Path,
) -> Result<()> {
    let glue = format!("{pair}_glue");
    let module = format!("{pair}_bg.wasm");
    let script = format!("{pair}.js");
    step(&format!("{pair}: bindings"), || {
        bundle::bindings(compiled, stage, &glue)
    })?;
    step(&format!("{pair}: wasm-opt"), || {
        bundle::optimize(tools, stage, &glue, &made.join(&module))
    })?;
    step(&format!("{pair}: bundle"), || {
        bundle::script(tools, &stage.join(&script), &made.join(&script))
    })?;
    finds_its_module(&made.join(&script), &module)
}

/// A bundler must be able to see which file the package loads.
fn finds_its_module(script: &Path, module: &str) -> Result<()> {
    let text = cache::read_text(script)?;
    ensure!(
        text.contains(module) && text.contains("import.meta.url"),
        "{SOURCES}/{} must name its module by `new URL('{module}', import.meta.url)`",
        name_of(script)
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
