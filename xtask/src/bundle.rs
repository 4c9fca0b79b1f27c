//! From compiled Rust to the files a browser gets: bindings, wasm-opt, esbuild.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use walrus::Module;
use wasm_bindgen_cli_support::Bindgen;

use crate::cache::{self, Fingerprint};
use crate::glue;
use crate::names;
use crate::process;
use crate::silence::{self, FIRST_FUNCTION};
use crate::tools::NodeTools;
use crate::workspace::Workspace;

/// The baseline features, one by one: with all of them browsers refuse the result. Small functions
/// stay calls: in line they take more bytes once all is compressed, and so does what the three passes
/// left out would save before that. A second round finds more.
const WASM_OPT: &[&str] = &[
    "-Oz",
    "-Oz",
    "--always-inline-max-function-size=0",
    "--one-caller-inline-max-function-size=0",
    // The stack lies first, and is never used to its last kilobyte: it would have overflown.
    "--low-memory-unused",
    "--skip-pass=local-cse",
    "--skip-pass=memory-packing",
    "--skip-pass=simplify-locals",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
    "--minify-imports-and-exports-and-modules",
];

const ESBUILD: &[&str] = &[
    "--bundle",
    "--minify",
    "--charset=utf8",
    "--legal-comments=none",
    "--log-level=warning",
];

/// What only some pages load stays a file of its own.
const ESBUILD_SCRIPT: &[&str] = &[
    "--format=esm",
    "--target=es2022",
    "--external:*/simulate.js",
    "--external:*/videocalls_dialects.js",
];
const ESBUILD_CLASSIC: &[&str] = &["--format=iife", "--target=es2022"];

/// What this file does to its inputs, for a fingerprint of a result.
pub(crate) fn recipe(tools: &NodeTools) -> Fingerprint {
    Fingerprint::new("bundle 4")
        .with(glue::ENCLOSURE)
        .with(WASM_OPT)
        .with(ESBUILD)
        .with(ESBUILD_SCRIPT)
        .with(ESBUILD_CLASSIC)
        .with(&tools.version)
}

/// How much LLVM puts functions in line beyond what `opt-level` says.
#[derive(Clone, Copy)]
pub(crate) enum Inlining {
    /// Not at all.
    AsEver,
    /// Up to this cost. Yew is made of small wrappers that are shorter than a call of them.
    UpTo(u32),
}

/// Compiles the programs of a package for the browser, as they are released, and returns their folder.
pub(crate) fn compile(workspace: &Workspace, package: &str, inlining: Inlining) -> Result<PathBuf> {
    let target = ["--release", "--target", "wasm32-unknown-unknown"];
    let mut cargo = workspace.cargo(["build", "--package", package]);
    let mut flags = short_paths(workspace);
    flags.push(format!("-Clink-arg=--table-base={FIRST_FUNCTION}"));
    // Each set of flags in a folder of its own: in one, cargo would compile everything anew each time.
    let mut folder = workspace.target("");
    if let Inlining::UpTo(cost) = inlining {
        flags.push(format!("-Cllvm-args=--inline-threshold={cost}"));
        folder = workspace.target("inlined");
    }
    cargo.arg("--target-dir").arg(&folder);
    cargo.env(
        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
        flags.join(" "),
    );
    process::run(cargo.args(target))?;
    Ok(folder.join("wasm32-unknown-unknown/release"))
}

/// Keeps this machine's folders out of what visitors download: panics name their source files.
fn short_paths(workspace: &Workspace) -> Vec<String> {
    let mut folders = registries();
    // Without the slash that joining nothing leaves behind.
    folders.push(workspace.root("").components().collect());
    let remap = |folder: PathBuf| format!("--remap-path-prefix={}/=", folder.display());
    folders.into_iter().map(remap).collect()
}

/// The folders below which cargo keeps the sources of dependencies.
fn registries() -> Vec<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let sources = home.and_then(|home| fs::read_dir(home.join("registry/src")).ok());
    let entries = sources.into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    folders.sort();
    folders
}

/// Writes `<name>.js` and `<name>_bg.wasm`: the module and the glue that wasm-bindgen makes.
///
/// The glue looks for no file by itself; who loads it says where the module is.
pub(crate) fn bindings(compiled: &Path, folder: &Path, name: &str) -> Result<()> {
    let read = Module::from_buffer(&cache::read(compiled)?);
    let mut module = read.map_err(|error| anyhow!("walrus: {error:#}"))?;
    silence::silence(&mut module)?;
    let mut bindgen = Bindgen::new();
    let input = bindgen.input_module(name, module);
    let generated = input.web(true).and_then(|bindgen| {
        bindgen
            .typescript(false)
            .omit_default_module_path(true)
            .remove_name_section(true)
            .remove_producers_section(true)
            .generate(folder)
    });
    generated.map_err(|error| anyhow!("wasm-bindgen: {error:#}"))
}

/// Makes the module that [`bindings`] left in `folder` as small as it gets, and its glue a function
/// that fits it.
pub(crate) fn optimize(
    tools: &NodeTools,
    folder: &Path,
    name: &str,
    optimized: &Path,
) -> Result<()> {
    let module = folder.join(format!("{name}_bg.wasm"));
    let script = folder.join(format!("{name}.js"));
    let mut wasm_opt = tools.wasm_opt();
    wasm_opt.args(WASM_OPT).arg(module).arg("-o").arg(optimized);
    let renamed = process::output(&mut wasm_opt)?;
    let fitting = names::shorten(&cache::read_text(&script)?, &renamed)?;
    cache::write(&script, glue::enclose(&fitting)?.as_bytes())
}

/// Puts a script and what it imports into one file.
pub(crate) fn script(tools: &NodeTools, entry: &Path, bundle: &Path) -> Result<()> {
    run_esbuild(tools, ESBUILD_SCRIPT, entry, bundle)
}

/// The same for a page that loads it without `type="module"`.
pub(crate) fn classic_script(tools: &NodeTools, entry: &Path, bundle: &Path) -> Result<()> {
    run_esbuild(tools, ESBUILD_CLASSIC, entry, bundle)
}

fn run_esbuild(tools: &NodeTools, kind: &[&str], entry: &Path, bundle: &Path) -> Result<()> {
    let mut esbuild = tools.esbuild();
    esbuild.args(ESBUILD).args(kind).arg(entry);
    process::quiet(esbuild.arg(outfile(bundle)))
}

/// Puts style sheets into one file, in the order given.
pub(crate) fn styles(tools: &NodeTools, sheets: &[PathBuf], bundle: &Path) -> Result<()> {
    let entry = bundle.with_extension("entry.css");
    let imports = sheets
        .iter()
        .map(|sheet| format!("@import {:?};\n", sheet.display().to_string()));
    fs::write(&entry, imports.collect::<String>())?;
    let mut esbuild = tools.esbuild();
    process::quiet(esbuild.args(ESBUILD).arg(&entry).arg(outfile(bundle)))?;
    Ok(fs::remove_file(entry)?)
}

fn outfile(bundle: &Path) -> String {
    format!("--outfile={}", bundle.display())
}
