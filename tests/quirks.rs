//! docs/quirks.md promises a test for each quirk; here it is held to it.
#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::path::Path;

/// A file in backticks, and behind it the names in quotes that it has to hold.
fn promises(row: &str) -> Vec<(&str, &str)> {
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
fn each_test_that_a_quirk_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/quirks.md")).unwrap();
    let promised: Vec<_> = page.lines().flat_map(promises).collect();
    assert!(promised.len() > 20, "the page is read: {promised:?}");
    for (file, name) in promised {
        let text = fs::read_to_string(root.join(file)).unwrap_or_default();
        assert!(text.contains(name), "{file} has no «{name}»");
    }
}
