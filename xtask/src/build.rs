//! The whole build: the package, the app, and the folder that the server serves.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::bundle;
use crate::cache;
use crate::dist;
use crate::package;
use crate::page::Page;
use crate::step::step;
use crate::tools::{self, NodeTools};
use crate::workspace::Workspace;

/// The script that starts the app.
const BOOT: &str = "xtask/js/boot.js";

/// The folders of a build.
pub(crate) struct Built {
    /// The npm package.
    pub(crate) package: PathBuf,
    /// The app: `app.js`, `app_bg.wasm`, `styles.css`.
    pub(crate) app: PathBuf,
}

/// Builds everything, installing the tools for it.
pub(crate) fn build(workspace: &Workspace) -> Result<Built> {
    tools::wasm_target(workspace)?;
    let tools = tools::node_tools(workspace)?;
    let page = Page::read(workspace)?;
    let package = package::build(workspace, &tools)?;
    let app = app(workspace, &tools, &page)?;
    step("dist: compress", || {
        dist::assemble(workspace, &page, &package, &app)
    })?;
    Ok(Built { package, app })
}

fn app(workspace: &Workspace, tools: &NodeTools, page: &Page) -> Result<PathBuf> {
    let compiled = step("app: compile", || {
        bundle::compile(workspace, "videocalls-app", &[])
    })?;
    let compiled = compiled.join("videocalls-app.wasm");
    let boot = workspace.root(BOOT);
    let sheets: Vec<PathBuf> = page
        .styles
        .iter()
        .map(|sheet| workspace.root(sheet))
        .collect();
    let inputs = bundle::recipe(tools)
        .with_file(&compiled)?
        .with_file(&boot)?
        .with_files(&sheets)?;
    let made = workspace.target("xtask/app");
    cache::folder(&made, &inputs, || {
        make(tools, &compiled, &boot, &sheets, &made)
    })?;
    Ok(made)
}

fn make(
    tools: &NodeTools,
    compiled: &Path,
    boot: &Path,
    sheets: &[PathBuf],
    made: &Path,
) -> Result<()> {
    let stage = made.join(".stage");
    cache::write(&stage.join("app.js"), &cache::read(boot)?)?;
    step("app: bindings", || {
        bundle::bindings(compiled, &stage, "app_glue")
    })?;
    step("app: wasm-opt", || {
        bundle::optimize(
            tools,
            &stage.join("app_glue_bg.wasm"),
            &made.join("app_bg.wasm"),
        )
    })?;
    step("app: bundle", || {
        bundle::script(tools, &stage.join("app.js"), &made.join("app.js"), &[])?;
        bundle::styles(tools, sheets, &made.join("styles.css"))
    })
}
