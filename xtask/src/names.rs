//! Short names between a module and its glue.
//!
//! wasm-bindgen tells one import from another by sixteen digits of hash, which no compression can
//! take out again. wasm-opt gives the module short ones and says which; here the glue follows.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// What wasm-opt prints of `--minify-imports-and-exports-and-modules`.
#[derive(Deserialize)]
struct Renamed {
    /// Module, name, short name. The module itself is now called [`MODULE`].
    imports: Vec<(String, String, String)>,
    /// Name, short name.
    exports: Vec<(String, String)>,
}

/// What wasm-opt calls the one module that everything is imported from.
const MODULE: &str = "a";

/// Rewrites the glue to the names that wasm-opt printed.
pub(crate) fn shorten(glue: &str, printed: &str) -> Result<String> {
    let renamed: Renamed = serde_json::from_str(printed).context("the names wasm-opt printed")?;
    let mut glue = glue.to_owned();
    for (module, name, short) in &renamed.imports {
        glue = glue.replace(&format!("\"{module}\": "), &format!("\"{MODULE}\": "));
        glue = replace_word(&glue, "", name, short)?;
    }
    for (name, short) in &renamed.exports {
        // An export that the glue has no use for is not in it.
        if glue.contains(&format!("wasm.{name}")) {
            glue = replace_word(&glue, "wasm.", name, short)?;
        }
    }
    Ok(glue)
}

/// Replaces `<before><name>` wherever it stands as a whole word, which must be somewhere.
fn replace_word(text: &str, before: &str, name: &str, short: &str) -> Result<String> {
    let word = format!("{before}{name}");
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(&word) {
        let end = start + word.len();
        let whole = !rest[..start].ends_with(is_word) && !rest[end..].starts_with(is_word);
        replaced.push_str(&rest[..start]);
        replaced.push_str(if whole { before } else { &word });
        replaced.push_str(if whole { short } else { "" });
        rest = &rest[end..];
    }
    ensure!(!replaced.is_empty(), "the glue does not know `{word}`");
    Ok(replaced + rest)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$'
}

#[cfg(test)]
mod tests {
    use super::shorten;

    const GLUE: &str = "const import0 = { __wbg_a_01: f(() => wasm.start(1)), __wbg_a_012: g };\n\
                        return { \"./x_bg.js\": import0 }; wasm.start_all; start;";

    #[test]
    fn the_glue_follows_the_module() {
        let printed = r#"{"imports": [["./x_bg.js", "__wbg_a_01", "$"], ["./x_bg.js", "__wbg_a_012", "b"]],
                          "exports": [["start", "c"], ["start_all", "d"], ["unused", "e"]]}"#;
        assert_eq!(
            shorten(GLUE, printed).unwrap(),
            "const import0 = { $: f(() => wasm.c(1)), b: g };\n\
             return { \"a\": import0 }; wasm.d; start;"
        );
    }

    #[test]
    fn an_import_that_the_glue_does_not_give_is_an_error() {
        let printed = r#"{"imports": [["./x_bg.js", "__wbg_b_02", "a"]], "exports": []}"#;
        assert!(shorten(GLUE, printed).is_err());
    }
}
