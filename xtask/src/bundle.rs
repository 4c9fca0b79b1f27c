//! From compiled Rust to the files a browser gets: bindings, wasm-opt, esbuild.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use wasm_bindgen_cli_support::Bindgen;

use crate::cache::{self, Fingerprint};
use crate::glue;
use crate::process;
use crate::tools::NodeTools;
use crate::workspace::Workspace;

/// The features that `rustc` uses, one by one: with all of them named, browsers refuse the module.
const WASM_OPT: &[&str] = &[
    "-Oz",
    // No memory is imported, so it starts as zeros, and the lowest 1024 bytes are the end of the stack.
    "--zero-filled-memory",
    "--low-memory-unused",
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
];

const WASM_TARGET: &str = "wasm32-unknown-unknown";

const ESBUILD: &[&str] = &[
    "--bundle",
    "--minify",
    "--charset=utf8",
    "--legal-comments=none",
    "--log-level=warning",
];

/// These stay separate files because most pages never load them.
const ESBUILD_SCRIPT: &[&str] = &[
    "--format=esm",
    "--target=es2022",
    "--external:*/simulate.js",
    "--external:*/recording.js",
    "--external:*/connection-check.js",
    "--external:*/warm-up.js",
    "--external:*/files.js",
];
const ESBUILD_NODE: &[&str] = &[
    "--bundle",
    "--format=esm",
    "--platform=node",
    "--target=node20",
    "--external:*/simulate.js",
    "--external:*/recording.js",
    "--external:*/connection-check.js",
    "--external:*/warm-up.js",
    "--external:*/files.js",
    "--out-extension:.js=.mjs",
    "--log-level=warning",
];
const ESBUILD_CLASSIC: &[&str] = &["--format=iife", "--target=es2022"];

/// Names and values that are known when something is compiled.
pub(crate) type Constants<'a> = &'a [(&'a str, &'a str)];

/// A fingerprint of everything here that influences a result, apart from its inputs.
pub(crate) fn recipe(tools: &NodeTools) -> Fingerprint {
    Fingerprint::new("bundle 8")
        .with(glue::FACTORY)
        .with(WASM_OPT)
        .with(ESBUILD)
        .with(ESBUILD_SCRIPT)
        .with(ESBUILD_CLASSIC)
        .with(&tools.version)
}

/// Compiles a package for the browser in release mode and returns the folder of its `.wasm` files.
/// The package can read `constants` by `env!`.
pub(crate) fn compile(
    workspace: &Workspace,
    package: &str,
    constants: Constants<'_>,
) -> Result<PathBuf> {
    let mut cargo = workspace.cargo(["build", "--release", "--target", WASM_TARGET]);
    cargo.args(["--package", package]);
    cargo.envs(constants.iter().copied()).env(
        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
        short_paths(workspace).join(" "),
    );
    process::run(&mut cargo)?;
    Ok(workspace.target(WASM_TARGET).join("release"))
}

/// Compiler flags that keep this machine's folders out of the module: panic messages name source files.
fn short_paths(workspace: &Workspace) -> Vec<String> {
    let mut folders = registries();
    // `components` drops the trailing slash.
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

/// Writes `<name>.js` and `<name>_bg.wasm`: the glue that wasm-bindgen generates, as a factory
/// (see [`glue`]), and the module.
///
/// The glue does not look for the module itself: its caller passes the address.
pub(crate) fn bindings(compiled: &Path, folder: &Path, name: &str) -> Result<()> {
    let mut bindgen = Bindgen::new();
    let input = bindgen.input_path(compiled).out_name(name);
    let generated = input.web(true).and_then(|bindgen| {
        bindgen
            .typescript(false)
            .omit_default_module_path(true)
            .remove_name_section(true)
            .remove_producers_section(true)
            .generate(folder)
    });
    generated.map_err(|error| anyhow!("wasm-bindgen: {error:#}"))?;
    let script = folder.join(format!("{name}.js"));
    let wrapped = glue::wrap(&cache::read_text(&script)?)?;
    cache::write(&script, wrapped.as_bytes())
}

/// Runs wasm-opt on a module.
pub(crate) fn optimize(tools: &NodeTools, module: &Path, optimized: &Path) -> Result<()> {
    let mut wasm_opt = tools.wasm_opt();
    wasm_opt.args(WASM_OPT).arg(module).arg("-o").arg(optimized);
    process::quiet(&mut wasm_opt)
}

/// Bundles a script and its imports into one ES module, in which `constants` have their values.
pub(crate) fn script(
    tools: &NodeTools,
    entry: &Path,
    bundle: &Path,
    constants: Constants<'_>,
) -> Result<()> {
    let define = |(name, value): &(&str, &str)| format!("--define:{name}={value:?}");
    let mut esbuild = tools.esbuild();
    esbuild.args(ESBUILD).args(ESBUILD_SCRIPT).arg(entry);
    esbuild.args(constants.iter().map(define));
    process::quiet(esbuild.arg(outfile(bundle)))
}

/// Bundles a script and its imports for a classic `<script>`.
pub(crate) fn classic_script(tools: &NodeTools, entry: &Path, bundle: &Path) -> Result<()> {
    let mut esbuild = tools.esbuild();
    esbuild.args(ESBUILD).args(ESBUILD_CLASSIC).arg(entry);
    process::quiet(esbuild.arg(outfile(bundle)))
}

/// Bundles each test for Node.
pub(crate) fn node_tests(tools: &NodeTools, tests: &[PathBuf], folder: &Path) -> Result<()> {
    let mut esbuild = tools.esbuild();
    esbuild.args(ESBUILD_NODE).args(tests);
    process::quiet(esbuild.arg(format!("--outdir={}", folder.display())))
}

/// Checks the types of a TypeScript project and writes its declarations.
pub(crate) fn declarations(tools: &NodeTools, project: &Path, folder: &Path) -> Result<()> {
    let mut tsc = tools.tsc();
    tsc.arg("--project")
        .arg(project)
        .arg("--outDir")
        .arg(folder);
    process::quiet(&mut tsc)
}

/// Bundles style sheets into one file, in the order given.
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
