//! Wraps the glue that wasm-bindgen generates into a factory: a page whose WebAssembly has failed can
//! start a new instance that shares nothing with the old one.

use anyhow::{Context, Result};

/// The factory, with a placeholder for the glue.
pub(crate) const FACTORY: &str = include_str!("../js/glue.js");

const PLACEHOLDER: &str = "GLUE;";
/// Where the glue stores the exports of the module.
const EXPORTS: &str = "wasm = instance.exports;";
const GUARDED: &str = "wasm = guard(instance.exports);";
/// Where the generated loaders begin, which are the rest of the glue. The factory has its own.
const LOADERS: &str = "\nasync function __wbg_load(";

/// Makes a script whose default export is the factory: `(onFailure) => { load, module, holdings, … }`, with
/// all that the glue exports.
pub(crate) fn wrap(glue: &str) -> Result<String> {
    let (glue, _) = split(glue, LOADERS)?;
    let (before, after) = split(glue, EXPORTS)?;
    let body = [before, GUARDED, after].concat();
    let exported: String = body.lines().filter_map(exported).collect();
    let body = body.replace("\nexport ", "\n");
    let provided = "load, module: () => wasmModule, holdings: videocallsHoldings";
    let (head, tail) = split(FACTORY, PLACEHOLDER)?;
    Ok([head, &body, "\nreturn { ", provided, &exported, " };", tail].concat())
}

/// `, name` if the line exports a function.
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
    use super::wrap;

    const GLUE: &str = "/* glue */\nexport class Call {\n}\nexport function start(x) {\n}\n\
        function finish(instance) {\n    wasm = instance.exports;\n}\n\
        let last;\n\
        async function __wbg_load(module) {\n}\n\
        export { initSync, __wbg_init as default };\n";

    #[test]
    fn wraps_the_glue_into_a_factory() {
        let wrapped = wrap(GLUE).unwrap();
        assert!(wrapped.contains("\nclass Call {\n}\nfunction start(x) {\n}\n"));
        assert!(wrapped.contains("wasm = guard(instance.exports);"));
        assert!(wrapped.contains("\nlet last;\n"));
        assert!(wrapped.contains("holdings: videocallsHoldings, start };"));
        assert!(!wrapped.contains("__wbg_load"));
    }

    #[test]
    fn fails_if_wasm_bindgen_generates_another_form() {
        assert!(wrap("export { initSync };").is_err());
    }
}
