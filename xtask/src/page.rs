//! `index.html`, which is written for Trunk, as the server serves it.
//!
//! Trunk replaces its `data-trunk` links with an inline script. The server's content security policy
//! forbids those, so here they become links to plain files.

use anyhow::{Context, Result, ensure};

use crate::cache;
use crate::workspace::Workspace;

/// Addresses are relative, because a server may have a base path.
const APP: &str = "\
<link rel=\"modulepreload\" href=\"app.js\">
    <link rel=\"preload\" href=\"app_bg.wasm\" as=\"fetch\" type=\"application/wasm\" crossorigin>
    <script type=\"module\" src=\"app.js\"></script>";

const STYLES: &str = "<link rel=\"stylesheet\" href=\"styles.css\">";

/// The page of the app and the style sheets it names, in its order.
pub(crate) struct Page {
    pub(crate) html: String,
    pub(crate) styles: Vec<String>,
}

impl Page {
    pub(crate) fn read(workspace: &Workspace) -> Result<Self> {
        let page = Self::resolve(&cache::read_text(&workspace.root("index.html"))?)?;
        for sheet in cache::files_below(&workspace.root("styles"))? {
            let name = sheet.strip_prefix(workspace.root("")).unwrap_or(&sheet);
            let name = name.to_string_lossy().replace('\\', "/");
            let linked = !name.ends_with(".css") || page.styles.contains(&name);
            ensure!(linked, "index.html does not link {name}");
        }
        Ok(page)
    }

    fn resolve(source: &str) -> Result<Self> {
        let mut page = Self {
            html: String::new(),
            styles: Vec::new(),
        };
        let mut rest = source;
        while let Some(start) = rest.find("<link data-trunk") {
            let length = rest[start..]
                .find('>')
                .context("index.html: a link does not end")?
                + 1;
            page.html.push_str(&rest[..start]);
            let resolved = page.link(&rest[start..start + length])?;
            page.html.push_str(resolved);
            rest = &rest[start + length..];
            if resolved.is_empty() {
                rest = rest.trim_start();
            }
        }
        page.html.push_str(rest);
        Ok(page)
    }

    /// The replacement for one of Trunk's links.
    fn link(&mut self, link: &str) -> Result<&'static str> {
        match attribute(link, "rel") {
            Some("rust") => Ok(APP),
            Some("css") => {
                let sheet =
                    attribute(link, "href").context("index.html: a style sheet without href")?;
                self.styles.push(sheet.to_owned());
                Ok(if self.styles.len() == 1 { STYLES } else { "" })
            }
            other => anyhow::bail!("index.html: unsupported Trunk link with rel={other:?}"),
        }
    }
}

fn attribute<'a>(link: &'a str, name: &str) -> Option<&'a str> {
    let start = link.find(&format!(" {name}=\""))? + name.len() + 3;
    link[start..].split('"').next()
}

#[cfg(test)]
mod tests {
    use super::{APP, Page, STYLES};

    #[test]
    fn replaces_trunk_links_with_plain_files() {
        let source = "<head>\n    <link data-trunk rel=\"css\" href=\"styles/a.css\">\n    \
                      <link data-trunk rel=\"css\" href=\"styles/b.css\">\n    \
                      <link data-trunk rel=\"rust\" data-bin=\"x\">\n</head>";
        let page = Page::resolve(source).unwrap();
        assert_eq!(page.styles, ["styles/a.css", "styles/b.css"]);
        assert_eq!(
            page.html,
            format!("<head>\n    {STYLES}\n    {APP}\n</head>")
        );
    }

    #[test]
    fn rejects_an_unknown_trunk_link() {
        assert!(Page::resolve("<link data-trunk rel=\"sass\" href=\"x\">").is_err());
    }
}
