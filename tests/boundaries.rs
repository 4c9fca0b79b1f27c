//! Which package may depend on which: the table of ARCHITECTURE.md, checked against the manifests.
//!
//! Only dependencies that end up in a program are checked. Dev-dependencies are free, except that the
//! packages for the browser keep native ones under `cfg(not(target_arch = "wasm32"))`.
#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::unwrap_used,
    reason = "a manifest that can't be read fails the test"
)]

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// A package and its allowed dependencies.
struct Row {
    /// The folder of the manifest; empty for the root package.
    folder: &'static str,
    names: Names,
    /// Features of web-sys that this package may not use.
    withheld: &'static [&'static str],
    /// The reason, for the message of a failed test.
    why: &'static str,
}

enum Names {
    Only(&'static [&'static str]),
    AllBut(&'static [&'static str]),
}

use Names::{AllBut, Only};

/// A name that ends in `*` matches all names with that prefix.
const TABLE: &[Row] = &[
    Row {
        folder: "crates/protocol",
        names: Only(&["hifijson", "serde", "serde_json"]),
        withheld: &[],
        why: "messages are pure data: no clock, no randomness, no browser, no runtime",
    },
    Row {
        folder: "crates/session",
        names: Only(&["videocalls-protocol"]),
        withheld: &[],
        why: "a call is a pure state machine: no browser, no runtime, no JSON, no clock",
    },
    Row {
        folder: "crates/client",
        names: Only(&[
            "js-sys",
            "videocalls-protocol",
            "videocalls-session",
            "wasm-bindgen",
            "wasm-bindgen-futures",
            "web-sys",
        ]),
        withheld: &[],
        why: "the driver carries a call out in a browser and has no user interface",
    },
    Row {
        folder: "crates/js",
        names: Only(&[
            "js-sys",
            "talc",
            "videocalls-client",
            "wasm-bindgen",
            "wasm-bindgen-futures",
            "web-sys",
        ]),
        withheld: &["Rtc*"],
        why: "the JavaScript face converts and leaves connections to the client",
    },
    Row {
        folder: "",
        names: Only(&[
            "gloo-*",
            "js-sys",
            "talc",
            "videocalls-client",
            "wasm-bindgen",
            "wasm-bindgen-futures",
            "web-sys",
            "yew",
        ]),
        withheld: &[
            "MediaDevice*",
            "MediaRecorder*",
            "MediaStreamConstraints",
            "MediaStreamTrack*",
            "MediaTrack*",
            "Rtc*",
        ],
        why: "the app sees snapshots and sends commands; media and connections are the client's",
    },
    Row {
        folder: "crates/server",
        names: AllBut(&[
            "gloo*",
            "js-sys",
            "jsonwebtoken",
            "socketioxide",
            "videocalls-app",
            "videocalls-client",
            "videocalls-compat",
            "videocalls-js",
            "videocalls-session",
            "wasm-bindgen*",
            "web-sys",
            "yew*",
        ]),
        withheld: &[],
        why: "the server has rooms, relay, files and limits; the endpoints of other systems are \
              compat's, and calls are the browser's",
    },
    Row {
        folder: "crates/compat",
        names: AllBut(&[
            "gloo*",
            "js-sys",
            "videocalls-app",
            "videocalls-client",
            "videocalls-js",
            "videocalls-session",
            "wasm-bindgen*",
            "web-sys",
            "yew*",
        ]),
        withheld: &[],
        why: "compat adds routes to the server through its public API, and runs no call",
    },
    Row {
        folder: "crates/fault-proxy",
        names: AllBut(&[
            "gloo*",
            "js-sys",
            "videocalls-app",
            "videocalls-client",
            "videocalls-js",
            "videocalls-session",
            "wasm-bindgen*",
            "web-sys",
            "yew*",
        ]),
        withheld: &[],
        why: "the fault proxy changes messages between a client and the server, and runs no call",
    },
    Row {
        folder: "crates/netsim",
        names: AllBut(&[
            "gloo*",
            "js-sys",
            "videocalls-*",
            "wasm-bindgen*",
            "web-sys",
            "yew*",
        ]),
        withheld: &[],
        why: "the simulated network moves packets without reading them",
    },
    Row {
        folder: "xtask",
        names: AllBut(&["videocalls-*"]),
        withheld: &[],
        why: "the command that builds the packages does not depend on them",
    },
];

/// The packages whose tests are compiled for a browser.
const IN_BROWSER: &[&str] = &["", "crates/client", "crates/js"];

/// The packages for development. What ships may not depend on them.
const DEVELOPMENT: &[&str] = &["videocalls-fault-proxy", "videocalls-netsim", "xtask"];

#[test]
fn packages_depend_only_on_allowed_packages() {
    for row in TABLE {
        let manifest = manifest(row.folder);
        for name in bound_dependencies(&manifest)
            .iter()
            .flat_map(|table| names(table))
        {
            let Row { folder, why, .. } = row;
            assert!(
                row.allows(&name),
                "{} may not depend on {name}: {why}",
                place(folder)
            );
        }
    }
}

#[test]
fn packages_enable_only_allowed_features_of_web_sys() {
    for row in TABLE {
        for feature in web_sys_features(&manifest(row.folder)) {
            let withheld = row
                .withheld
                .iter()
                .any(|pattern| matches(pattern, &feature));
            let Row { folder, why, .. } = row;
            assert!(
                !withheld,
                "{} may not use web-sys' {feature}: {why}",
                place(folder)
            );
        }
    }
}

/// Cargo unites features, so a type of web-sys may exist for a package that did not enable it.
#[test]
fn sources_do_not_mention_withheld_types() {
    for row in TABLE.iter().filter(|row| !row.withheld.is_empty()) {
        for file in rust_files(&root().join(row.folder).join("src")) {
            let code = fs::read_to_string(&file).unwrap();
            for word in words_of_code(&code) {
                let withheld = row.withheld.iter().any(|pattern| matches(pattern, word));
                assert!(
                    !withheld,
                    "{} may not mention {word}: {}",
                    file.display(),
                    row.why
                );
            }
        }
    }
}

#[test]
fn native_dev_dependencies_are_not_compiled_for_the_browser() {
    for row in TABLE.iter().filter(|row| IN_BROWSER.contains(&row.folder)) {
        let manifest = manifest(row.folder);
        let everywhere = manifest.get("dev-dependencies").and_then(Value::as_table);
        for name in everywhere.into_iter().flat_map(names) {
            assert!(
                row.allows(&name),
                "{}: the dev-dependency {name} would be compiled for the browser; put it under \
                 [target.'cfg(not(target_arch = \"wasm32\"))'.dev-dependencies]",
                place(row.folder)
            );
        }
    }
}

#[test]
fn what_ships_does_not_depend_on_packages_for_development() {
    for row in TABLE {
        let manifest = manifest(row.folder);
        let name = manifest["package"]["name"].as_str().unwrap_or_default();
        if DEVELOPMENT.contains(&name) {
            continue;
        }
        for table in bound_dependencies(&manifest) {
            for dependency in names(table) {
                let development = DEVELOPMENT.contains(&dependency.as_str());
                assert!(
                    !development,
                    "{name} ships and may not depend on {dependency}"
                );
            }
        }
    }
}

#[test]
fn every_package_has_a_row() {
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let folder = format!("crates/{}", entry.unwrap().file_name().to_string_lossy());
        let known = TABLE.iter().any(|row| row.folder == folder);
        assert!(
            known,
            "{folder} has no row in the table of tests/boundaries.rs"
        );
    }
}

#[test]
fn pure_packages_forbid_clocks() {
    for folder in ["crates/protocol", "crates/session"] {
        let rules = fs::read_to_string(root().join(folder).join("clippy.toml")).unwrap();
        for clock in ["std::time::Instant::now", "std::time::SystemTime::now"] {
            assert!(
                rules.contains(clock),
                "{folder}/clippy.toml must forbid {clock}"
            );
        }
    }
}

#[test]
fn every_package_uses_the_lints_of_the_workspace() {
    for row in TABLE {
        let lints = manifest(row.folder)
            .get("lints")
            .and_then(|lints| lints.get("workspace"))
            .cloned();
        let place = place(row.folder);
        assert_eq!(
            lints,
            Some(Value::Boolean(true)),
            "{place} needs [lints] workspace = true"
        );
    }
}

impl Row {
    fn allows(&self, name: &str) -> bool {
        match self.names {
            Only(allowed) => allowed.iter().any(|pattern| matches(pattern, name)),
            AllBut(forbidden) => !forbidden.iter().any(|pattern| matches(pattern, name)),
        }
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn place(folder: &str) -> &str {
    if folder.is_empty() { "the app" } else { folder }
}

fn manifest(folder: &str) -> Table {
    let path = root().join(folder).join("Cargo.toml");
    fs::read_to_string(path).unwrap().parse().unwrap()
}

/// The dependencies that end up in a program, for every target.
fn bound_dependencies(manifest: &Table) -> Vec<&Table> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let targets = targets.into_iter().flat_map(|targets| targets.values());
    let places = targets.filter_map(Value::as_table).chain([manifest]);
    let kinds = ["dependencies", "build-dependencies"];
    let tables = places.flat_map(|place| kinds.map(|kind| place.get(kind)));
    tables.flatten().filter_map(Value::as_table).collect()
}

/// The names of packages, also of those that are renamed.
fn names(dependencies: &Table) -> Vec<String> {
    let real = |(name, value): (&String, &Value)| {
        let package = value.get("package").and_then(Value::as_str);
        package.unwrap_or(name).to_owned()
    };
    dependencies.iter().map(real).collect()
}

fn web_sys_features(manifest: &Table) -> Vec<String> {
    let tables = bound_dependencies(manifest);
    let features = tables
        .iter()
        .filter_map(|table| table.get("web-sys")?.get("features")?.as_array());
    features
        .flatten()
        .filter_map(|feature| Some(feature.as_str()?.to_owned()))
        .collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files
        .into_iter()
        .filter(|file| file.extension().is_some_and(|end| end == "rs"));
    files
        .chain(folders.iter().flat_map(|folder| rust_files(folder)))
        .collect()
}

/// The identifiers outside of comments.
fn words_of_code(code: &str) -> impl Iterator<Item = &str> {
    let lines = code
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    lines.flat_map(|line| line.split(|letter: char| !letter.is_alphanumeric() && letter != '_'))
}

#[test]
fn patterns_match_prefixes() {
    assert!(matches("gloo-*", "gloo-timers"));
    assert!(!matches("gloo-*", "gloo"));
    assert!(matches("yew", "yew"));
    assert!(!matches("yew", "yew-router"));
}
