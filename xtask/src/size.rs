//! The sizes of the downloads, checked against budgets.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::build;
use crate::cache;
use crate::compress;
use crate::workspace::Workspace;

/// Files that are downloaded together, and their budget in bytes of brotli.
struct Bundle {
    name: &'static str,
    files: Vec<PathBuf>,
    budget: Option<usize>,
}

/// Builds everything, then prints and checks the sizes.
pub(crate) fn size(workspace: &Workspace) -> Result<()> {
    let built = build::build(workspace)?;
    check(workspace, &built)
}

/// Prints the sizes of a build; fails if a bundle is over its budget.
pub(crate) fn check(workspace: &Workspace, built: &build::Built) -> Result<()> {
    println!(
        "{:30} {:>9} {:>9} {:>9} {:>9}",
        "bytes", "raw", "gzip 9", "brotli 11", "budget"
    );
    let mut over = Vec::new();
    for bundle in bundles(built) {
        let brotli = print(workspace, &bundle)?;
        if let Some(more) = bundle.budget.and_then(|budget| brotli.checked_sub(budget))
            && more > 0
        {
            over.push(format!("{} by {more} bytes", bundle.name));
        }
    }
    match over.is_empty() {
        true => Ok(()),
        false => bail!("over the size budget: {}", over.join(", ")),
    }
}

fn bundles(built: &build::Built) -> [Bundle; 3] {
    let files =
        |folder: &Path, names: &[&str]| names.iter().map(|name| folder.join(name)).collect();
    [
        Bundle {
            name: "package",
            files: files(&built.package, &["videocalls_bg.wasm", "videocalls.js"]),
            budget: Some(100_000),
        },
        Bundle {
            name: "AgoraRTC script",
            files: files(&built.package, &["agora.js"]),
            budget: None,
        },
        Bundle {
            name: "app",
            files: files(&built.app, &["app_bg.wasm", "app.js", "styles.css"]),
            budget: Some(130_000),
        },
    ]
}

/// Prints a bundle, file by file, and returns its size in brotli.
fn print(workspace: &Workspace, bundle: &Bundle) -> Result<usize> {
    let mut sum = [0; 3];
    for file in &bundle.files {
        let content = cache::read(file)?;
        let compressed = compress::compress(workspace, &content)?;
        let sizes = [
            content.len(),
            compressed.gzip.len(),
            compressed.brotli.len(),
        ];
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        println!("  {name:28} {:9} {:9} {:9}", sizes[0], sizes[1], sizes[2]);
        sum = [sum[0] + sizes[0], sum[1] + sizes[1], sum[2] + sizes[2]];
    }
    let name = bundle.name;
    let budget = bundle.budget.map(|bytes| bytes.to_string());
    let budget = budget.unwrap_or_default();
    println!(
        "{name:30} {:9} {:9} {:9} {budget:>9}",
        sum[0], sum[1], sum[2]
    );
    Ok(sum[2])
}
