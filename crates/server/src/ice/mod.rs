//! The ICE servers that the `rooms` endpoint offers to its clients, and credentials for them.

mod credentials;
mod offer;

pub use credentials::TurnSecret;
pub(crate) use credentials::user_of;
pub use offer::IceOffer;
