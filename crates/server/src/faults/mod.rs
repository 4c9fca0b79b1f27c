//! A server that misbehaves as a room's name says, for tests: `docs/faults.md`.
//!
//! It stands between the client's socket and a server like any other, and meddles with what goes
//! through. That server knows nothing of it, so what is tested is what is shipped; and a room that
//! is restarted has one of its own that really is.

mod head;
mod meddler;
mod paced;
mod plan;
mod proxy;
mod pump;
mod stage;
mod town;
mod words;

pub use proxy::run_with_faults;
