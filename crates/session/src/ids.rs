/// Identifies a link within a session.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LinkId(pub(crate) u32);

/// Identifies a request to the browser. The report carries the same token, so that a report on an
/// outdated request can be ignored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Token(pub(crate) u32);
