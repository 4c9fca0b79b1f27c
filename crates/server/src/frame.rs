use std::fmt;
use std::str::FromStr;

use crate::origin::{InvalidOrigin, Origin};

/// Whose pages may show the app in a frame: those of an origin, or `self`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FrameAncestor {
    /// Pages of the server itself.
    Own,
    /// Pages of another origin.
    Origin(Origin),
}

impl FromStr for FrameAncestor {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        match text {
            "self" => Ok(Self::Own),
            text => text.parse().map(Self::Origin),
        }
    }
}

/// As in the header `Content-Security-Policy`.
impl fmt::Display for FrameAncestor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => f.write_str("'self'"),
            Self::Origin(origin) => origin.fmt(f),
        }
    }
}
