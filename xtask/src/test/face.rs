//! The unit tests of the package's TypeScript, in Node.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};

use super::counts::Counts;
use crate::bundle;
use crate::cache;
use crate::process::{self, Echo};
use crate::tools;
use crate::workspace::Workspace;

const TESTS: &str = "crates/js/tests";

/// Bundles each test with what it imports and runs them all.
pub(super) fn face(workspace: &Workspace) -> Result<Counts> {
    let tools = tools::node_tools(workspace)?;
    let folder = workspace.target("xtask/face-tests");
    cache::fresh(&folder)?;
    let tests: Vec<PathBuf> = cache::files_below(&workspace.root(TESTS))?
        .into_iter()
        .filter(|file| file.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    ensure!(!tests.is_empty(), "{TESTS} holds no test");
    bundle::node_tests(&tools, &tests, &folder)?;
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=spec"]).arg(&folder);
    Ok(Counts::of_node(&process::capture(&mut node, Echo::On)?))
}
