//! The glue of wasm-bindgen as a function: called again, it makes an instance of the module that
//! shares nothing with one that has broken.

use anyhow::{Context, Result};

/// What stands around the glue.
pub(crate) const ENCLOSURE: &str = include_str!("../js/glue.js");

const PLACE: &str = "GLUE;";
/// Where the glue takes what the module gives.
const EXPORTS: &str = "wasm = instance.exports;";
const GUARDED: &str = "wasm = guard(instance.exports);";
/// A way to load that nobody takes; in a function, esbuild would not leave it out.
const SYNCHRONOUS: &str = "\nfunction initSync(";
const LAST: &str = "export { initSync, __wbg_init as default };";

/// Makes a module whose default export is the function: it takes what is to be called when the
/// instance has broken, and gives `load`, `module`, `holdings`, and what the glue exports.
pub(crate) fn enclose(glue: &str) -> Result<String> {
    let (before, rest) = split(glue, SYNCHRONOUS)?;
    let (_, rest) = split(rest, "\n}\n")?;
    let rest = [before, "\n", rest].concat();
    let (before, after) = split(&rest, EXPORTS)?;
    let rest = [before, GUARDED, after].concat();
    let (body, _) = split(&rest, LAST)?;
    let exported: String = body.lines().filter_map(exported).collect();
    let body = body.replace("\nexport ", "\n");
    let given = "load: __wbg_init, module: () => wasmModule, holdings: videocallsHoldings";
    let (head, tail) = split(ENCLOSURE, PLACE)?;
    Ok([head, &body, "\nreturn { ", given, &exported, " };", tail].concat())
}

/// The name that a line exports, with a comma in front.
fn exported(line: &str) -> Option<String> {
    let declared = line.strip_prefix("export function ")?;
    Some(format!(", {}", declared.split('(').next()?))
}

fn split<'a>(text: &'a str, at: &str) -> Result<(&'a str, &'a str)> {
    text.split_once(at)
        .with_context(|| format!("the glue of wasm-bindgen has no `{at}`"))
}

#[cfg(test)]
mod tests {
    use super::enclose;

    const GLUE: &str = "/* glue */\nexport class Call {\n}\nexport function start(x) {\n}\n\
        function finish(instance) {\n    wasm = instance.exports;\n}\n\
        function initSync(module) {\n    return;\n}\nlet last;\n\
        export { initSync, __wbg_init as default };\n";

    #[test]
    fn the_glue_becomes_the_body_of_a_function() {
        let enclosed = enclose(GLUE).unwrap();
        assert!(enclosed.contains("\nclass Call {\n}\nfunction start(x) {\n}\n"));
        assert!(enclosed.contains("wasm = guard(instance.exports);"));
        assert!(enclosed.contains("\nlet last;\n"));
        assert!(enclosed.contains("holdings: videocallsHoldings, start };"));
        assert!(!enclosed.contains("initSync"));
    }

    #[test]
    fn a_glue_of_another_form_is_an_error() {
        assert!(enclose("export { initSync };").is_err());
    }
}
