use std::fmt;
use std::str::FromStr;

/// The base URL of links.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LinkBase(String);

impl FromStr for LinkBase {
    type Err = InvalidBase;

    fn from_str(text: &str) -> Result<Self, InvalidBase> {
        let web = text.starts_with("http://") || text.starts_with("https://");
        // Nothing that could end an attribute or begin a query.
        let plain = text
            .chars()
            .all(|c| c.is_ascii_graphic() && !"\"'<>?#".contains(c));
        if !web || !plain {
            return Err(InvalidBase);
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

/// A text is not a base URL.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidBase;

impl fmt::Display for LinkBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for InvalidBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a base URL such as https://example.org, without a query")
    }
}

impl std::error::Error for InvalidBase {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_base_urls_only() {
        let base = |text: &str| text.parse::<LinkBase>();
        assert_eq!(
            base("https://example.org/a/"),
            base("https://example.org/a")
        );
        for text in [
            "",
            "example.org",
            "ftp://x",
            "javascript:x",
            "https://x/?a",
            "https://x\" y",
        ] {
            assert_eq!(base(text), Err(InvalidBase), "{text}");
        }
    }
}
