//! Sessions, servers and browsers in one seeded network with virtual time.

pub(crate) mod arrivals;
pub(crate) mod browser;
pub(crate) mod channels;
mod check;
pub(crate) mod client;
pub(crate) mod connections;
pub(crate) mod ledger;
pub(crate) mod local_tracks;
mod network;
pub(crate) mod page;
pub(crate) mod peer;
pub(crate) mod plan;
pub(crate) mod quirks;
pub(crate) mod random_stimuli;
pub(crate) mod rng;
pub(crate) mod room_server;
pub(crate) mod run;
pub(crate) mod server;
pub(crate) mod stimulus;
pub(crate) mod systems;
