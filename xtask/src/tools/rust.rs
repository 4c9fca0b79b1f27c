//! The Rust tools: the wasm target, and the test runner for browsers.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process;
use crate::step::{installing, step};
use crate::workspace::Workspace;

const TARGET: &str = "wasm32-unknown-unknown";
const RUNNER: &str = "wasm-bindgen-test-runner";

/// Adds the wasm target to the toolchain in use.
pub(crate) fn wasm_target(workspace: &Workspace) -> Result<()> {
    step("wasm target", || {
        if target_library(workspace)?.is_dir() {
            return Ok(());
        }
        let rustup = process::find(&["rustup"]).context(
            "this Rust cannot build for the browser: install the target wasm32-unknown-unknown, \
             with rustup (https://rustup.rs) or from where this Rust comes \
             (Debian and Ubuntu: libstd-rust-dev-wasm32; Fedora: rust-std-static-wasm32-unknown-unknown)",
        )?;
        installing("the target wasm32-unknown-unknown, with rustup");
        process::run(workspace.command(rustup).args(["target", "add", TARGET]))
    })
}

fn target_library(workspace: &Workspace) -> Result<PathBuf> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot = process::output(workspace.command(rustc).args(["--print", "sysroot"]))?;
    Ok(Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(TARGET)
        .join("lib"))
}

/// Finds or installs the test runner, in the version of wasm-bindgen in `Cargo.lock`.
pub(crate) fn test_runner(workspace: &Workspace) -> Result<PathBuf> {
    let version = workspace.locked_version("wasm-bindgen")?;
    step("wasm-bindgen-test-runner", || {
        if let Some(present) =
            process::find(&[RUNNER]).filter(|runner| is_version(runner, &version))
        {
            return Ok(present);
        }
        let folder = workspace.tools(&format!("wasm-bindgen-{version}"));
        let runner = folder
            .join("bin")
            .join(format!("{RUNNER}{}", env::consts::EXE_SUFFIX));
        if !is_version(&runner, &version) {
            install(workspace, &version, &folder)?;
        }
        ensure!(
            runner.is_file(),
            "wasm-bindgen-cli {version} did not install {RUNNER}"
        );
        Ok(runner)
    })
}

fn is_version(runner: &Path, version: &str) -> bool {
    let printed = process::output(Command::new(runner).arg("--version"));
    printed.is_ok_and(|printed| printed.split_whitespace().any(|word| word == version))
}

/// Installs without optimisation and without TLS, which takes a third of the time.
fn install(workspace: &Workspace, version: &str, folder: &Path) -> Result<()> {
    installing(&format!(
        "wasm-bindgen-cli {version} by cargo install, into {} (some minutes)",
        folder.display()
    ));
    // A registry mirror may lack one of the locked versions.
    let locked = process::quiet(cargo_install(workspace, version, folder).arg("--locked"));
    locked.or_else(|_| process::run(&mut cargo_install(workspace, version, folder)))
}

fn cargo_install(workspace: &Workspace, version: &str, folder: &Path) -> Command {
    let mut cargo = workspace.cargo(["install", "wasm-bindgen-cli", "--bin", RUNNER]);
    cargo.args([
        "--debug",
        "--no-default-features",
        "--force",
        "--version",
        version,
        "--root",
    ]);
    cargo.arg(folder).env("CARGO_PROFILE_DEV_DEBUG", "0");
    // Outside of the workspace, so that its settings don't apply.
    cargo
        .env_remove("CARGO_TARGET_DIR")
        .current_dir(env::temp_dir());
    cargo
}
