//! Sessions, servers and browsers in one seeded network of virtual time.

pub(crate) mod browser;
pub(crate) mod check;
pub(crate) mod client;
pub(crate) mod network;
pub(crate) mod page;
pub(crate) mod peer;
pub(crate) mod plan;
pub(crate) mod quirks;
pub(crate) mod rng;
pub(crate) mod room_server;
pub(crate) mod run;
pub(crate) mod server;
pub(crate) mod systems;
