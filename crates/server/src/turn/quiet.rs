use tracing::subscriber::{NoSubscriber, with_default};

/// Runs a function of the TURN library without its log, whose lines contain clients' addresses.
pub(crate) fn quiet<R>(work: impl FnOnce() -> R) -> R {
    with_default(NoSubscriber::default(), work)
}
