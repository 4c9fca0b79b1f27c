use std::fmt;
use std::str::FromStr;

use axum::http::Uri;
use axum::http::uri::PathAndQuery;

/// The path below which a server has all its endpoints, such as `/calls`. Empty by default.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct BasePath(String);

impl FromStr for BasePath {
    type Err = InvalidBasePath;

    fn from_str(text: &str) -> Result<Self, InvalidBasePath> {
        let path = text.trim_end_matches('/');
        if path.is_empty() {
            return Ok(Self::default());
        }
        let segments = path.strip_prefix('/').ok_or(InvalidBasePath)?.split('/');
        let is_plain = |segment: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
            !segment.is_empty() && !segment.starts_with('.') && segment.chars().all(plain)
        };
        match segments.into_iter().all(is_plain) {
            true => Ok(Self(path.to_owned())),
            false => Err(InvalidBasePath),
        }
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text is not a [`BasePath`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidBasePath;

impl fmt::Display for InvalidBasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a path such as /calls: letters, digits and -_.~ only")
    }
}

impl std::error::Error for InvalidBasePath {}

/// Where a request goes.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Target {
    /// To this address below the base path.
    Inside(Uri),
    /// To the base path without its slash; to be redirected to this relative address.
    Root(String),
    /// Elsewhere.
    Outside,
}

impl BasePath {
    /// The address of a request without the base path.
    pub(crate) fn strip(&self, uri: &Uri) -> Target {
        if self.0.is_empty() {
            return Target::Inside(uri.clone());
        }
        let query = uri.query().map(|query| format!("?{query}"));
        let query = query.unwrap_or_default();
        match uri.path().strip_prefix(&self.0) {
            Some("") => {
                let last = self.0.rsplit('/').next().unwrap_or_default();
                Target::Root(format!("{last}/{query}"))
            }
            Some(path) if path.starts_with('/') => inside(&format!("{path}{query}")),
            _ => Target::Outside,
        }
    }
}

fn inside(address: &str) -> Target {
    match address.parse::<PathAndQuery>() {
        Ok(address) => Target::Inside(address.into()),
        Err(_) => Target::Outside,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(base: &str, uri: &str) -> Target {
        let base: BasePath = base.parse().unwrap();
        base.strip(&uri.parse().unwrap())
    }

    fn is_inside(base: &str, uri: &str, expected: &str) -> bool {
        target(base, uri) == Target::Inside(expected.parse().unwrap())
    }

    #[test]
    fn paths_below_the_base_lose_it() {
        assert!(is_inside("/calls", "/calls/?room=a", "/?room=a"));
        assert!(is_inside("/a/calls/", "/a/calls/rooms", "/rooms"));
        assert!(is_inside("/calls", "/calls//x", "//x"));
        assert!(is_inside("", "/rooms", "/rooms"));
        assert!(is_inside("/", "/calls/rooms", "/calls/rooms"));
    }

    #[test]
    fn other_paths_are_outside() {
        for uri in ["/", "/rooms", "/callsrooms", "/Calls/", "/x/calls/"] {
            assert_eq!(target("/calls", uri), Target::Outside, "{uri}");
        }
    }

    #[test]
    fn base_without_slash_is_redirected_to_it() {
        for (base, uri, to) in [
            ("/calls", "/calls", "calls/"),
            ("/a/calls", "/a/calls?room=a", "calls/?room=a"),
        ] {
            assert_eq!(target(base, uri), Target::Root(to.to_owned()), "{uri}");
        }
    }

    #[test]
    fn parses_plain_paths_only() {
        for text in ["", "/", "/calls", "/calls/", "/a/b-c_d.e~f"] {
            assert!(text.parse::<BasePath>().is_ok(), "{text}");
        }
        for text in [
            "calls",
            "//calls",
            "/a//b",
            "/../x",
            "/a b",
            "/a?b",
            "/ä",
            "https://x/",
        ] {
            assert!(text.parse::<BasePath>().is_err(), "{text}");
        }
    }
}
