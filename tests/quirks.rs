//! Every test that docs/quirks.md and docs/security.md name exists.
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

/// A page of the documentation; an empty text if it can't be read.
fn page(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(root.join("docs").join(name)).unwrap_or_default()
}

#[test]
fn tests_named_in_the_quirks_page_exist() {
    assert_named_tests_exist(&page("quirks.md"));
}

#[test]
fn tests_named_in_the_security_page_exist_and_no_requirement_is_missing() {
    let page = page("security.md");
    assert_named_tests_exist(&page);
    for number in 1..=25 {
        assert!(page.contains(&format!("\n| S{number} |")), "S{number}");
    }
}

fn assert_named_tests_exist(page: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named: Vec<_> = page.lines().flat_map(named_tests).collect();
    assert!(named.len() > 20, "the page is read: {named:?}");
    for (file, name) in named {
        let text = fs::read_to_string(root.join(file)).unwrap_or_default();
        assert!(text.contains(name), "{file} has no «{name}»");
    }
}
