//! Rules of CONTRIBUTING.md that a machine can check: retired names, the length of files, and
//! circles between the modules of a crate.
#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::unwrap_used,
    reason = "a file that cannot be read fails the test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Names that have been replaced by the field's terms, and must not return.
const RETIRED: &[&str] = &[
    "Errand",
    "Farewell",
    "Happening",
    "Rhythm",
    "Speaker",
    "Tenure",
    "Tongue",
    "Verdict",
    "Whim",
    "call_out",
    "deaf",
    "let_go",
    "nudge",
    "senses",
    "sick",
    "take_in_vain",
    "whim",
];

/// Files that may mention them: the record of decisions, and this list.
const MAY_MENTION: &[&str] = &["docs/decisions.md", "tests/house_rules.rs"];

const MAX_LINES: usize = 400;

/// Longer files, each a table: faults, or the frames of a dialect and what each means.
const TABLES: &[&str] = &[
    "crates/protocol/tests/contract/appointments.rs",
    "crates/protocol/tests/contract/channels_mesh.rs",
    "crates/protocol/tests/contract/rooms.rs",
    "crates/protocol/tests/contract/socketio_rooms.rs",
    "xtask/src/faults/rows.rs",
];

/// Folders that are generated, installed or data.
const SKIPPED: &[&str] = &[
    ".git",
    "corpus",
    "dist",
    "legacy",
    "node_modules",
    "pkg",
    "target",
    ".tools",
    ".venv",
];

const CODE: &[&str] = &["rs", "ts", "js", "mjs", "css", "html"];

#[test]
fn no_file_uses_a_retired_name() {
    let mut found = Vec::new();
    for (path, text) in files(&[CODE, &["md", "toml"]].concat()) {
        if MAY_MENTION.contains(&path.as_str()) {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            let retired = words.filter(|word| RETIRED.contains(word));
            found.extend(retired.map(|word| format!("{path}:{}: {word}", number + 1)));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_source_file_is_longer_than_400_lines() {
    let too_long: Vec<_> = files(&["rs", "ts"])
        .into_iter()
        .filter(|(path, text)| text.lines().count() > MAX_LINES && !TABLES.contains(&path.as_str()))
        .map(|(path, text)| format!("{path}: {} lines", text.lines().count()))
        .collect();
    assert!(too_long.is_empty(), "{}", too_long.join("\n"));
}

#[test]
fn no_crate_has_a_circle_between_its_modules() {
    let mut circles = Vec::new();
    for source in sources() {
        let uses = module_uses(&source);
        for (module, used) in &uses {
            let back = used
                .iter()
                .filter(|used| reachable(&uses, used).contains(module));
            circles.extend(back.map(|used| format!("{}: {module} -> {used}", source.display())));
        }
    }
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

/// All files of the project with one of these extensions: path from the root, and text.
fn files(extensions: &[&str]) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_str().unwrap_or_default();
            if entry.file_type().unwrap().is_dir() {
                if !SKIPPED.contains(&name) {
                    folders.push(path);
                }
            } else if extensions
                .iter()
                .any(|extension| path.extension() == Some(extension.as_ref()))
            {
                let inside = path.strip_prefix(root).unwrap().display().to_string();
                found.push((inside, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

/// The `src` folders of the workspace.
fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = fs::read_dir(root.join("crates")).unwrap();
    let crates = crates.map(|entry| entry.unwrap().path().join("src"));
    let others = ["src", "xtask/src"].map(|folder| root.join(folder));
    crates
        .chain(others)
        .filter(|source| source.is_dir())
        .collect()
}

/// For each top-level module of a crate, those that it uses. A name that the crate's root exports
/// counts as a use of the module that defines it.
fn module_uses(source: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let modules = modules(source);
    let exports = exports(source, &modules);
    let mut uses = BTreeMap::new();
    for (module, text) in &modules {
        let named = crate_paths(text).into_iter().filter_map(|name| {
            let target = match modules.contains_key(&name) {
                true => Some(&name),
                false => exports.get(&name),
            };
            target.cloned()
        });
        let named: BTreeSet<String> = named.filter(|name| name != module).collect();
        uses.insert(module.clone(), named);
    }
    uses
}

/// The top-level modules of a crate, each with the text of its files, without their unit tests.
fn modules(source: &Path) -> BTreeMap<String, String> {
    let mut modules: BTreeMap<String, String> = BTreeMap::new();
    let mut folders = vec![source.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let inside = path.strip_prefix(source).unwrap();
            let first = inside.components().next().unwrap();
            let module = Path::new(first.as_os_str()).file_stem().unwrap();
            let module = module.to_str().unwrap().to_owned();
            if !["lib", "main", "bin"].contains(&module.as_str()) {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                let lines = code
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"));
                let module = modules.entry(module).or_default();
                lines.for_each(|line| module.extend([line, "\n"]));
            }
        }
    }
    modules
}

/// The names that the root of a crate exports, and the module of each.
fn exports(source: &Path, modules: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let root = fs::read_to_string(source.join("lib.rs")).unwrap_or_default();
    let mut exports = BTreeMap::new();
    for statement in root.split(';') {
        let Some((_, used)) = statement.rsplit_once("use ") else {
            continue;
        };
        let Some((module, names)) = used.trim().split_once("::") else {
            continue;
        };
        if modules.contains_key(module) {
            let names = names.split(|c: char| !c.is_alphanumeric() && c != '_');
            exports.extend(names.map(|name| (name.to_owned(), module.to_owned())));
        }
    }
    exports
}

/// The first names of all paths that begin with `crate::`.
fn crate_paths(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for line in text
        .split(';')
        .flat_map(|statement| statement.split("crate::").skip(1))
    {
        let group = line.strip_prefix('{').map(|rest| {
            let end = rest.rfind('}').unwrap_or(rest.len());
            rest[..end].to_owned()
        });
        let list = group.unwrap_or_else(|| line.to_owned());
        let is_group = line.starts_with('{');
        let mut depth = 0_usize;
        let mut item = String::new();
        for c in list.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                ',' if depth == 0 && is_group => {
                    names.extend(first_name(&std::mem::take(&mut item)))
                }
                _ => {}
            }
            if depth == 0 && c != ',' {
                item.push(c);
            }
        }
        names.extend(first_name(&item));
    }
    names
}

fn first_name(path: &str) -> Option<String> {
    let name = path
        .trim()
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// The modules that can be reached from one by at least one use.
fn reachable(uses: &BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&String> = uses[from].iter().collect();
    while let Some(module) = open.pop() {
        if reached.insert(module.clone()) {
            open.extend(uses.get(module).into_iter().flatten());
        }
    }
    reached
}
