//! Every test that docs/quirks.md names exists.
#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::path::Path;

/// Reads the files in backticks of a row, each with the names in quotes that follow it.
fn named_tests(row: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    for part in row.split('`').skip(1).collect::<Vec<_>>().chunks(2) {
        let [file, text] = part else { continue };
        if file.contains('/') {
            let names = text.split('"').skip(1).step_by(2);
            found.extend(names.map(|name| (*file, name)));
        }
    }
    found
}

#[test]
fn tests_named_in_the_quirks_page_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/quirks.md")).unwrap();
    let named: Vec<_> = page.lines().flat_map(named_tests).collect();
    assert!(named.len() > 20, "the page is read: {named:?}");
    for (file, name) in named {
        let text = fs::read_to_string(root.join(file)).unwrap_or_default();
        assert!(text.contains(name), "{file} has no «{name}»");
    }
}
