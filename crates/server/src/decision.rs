use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;

/// A value that is set once by one task, and that another task waits for.
pub(crate) struct Decision<T>(Arc<Inner<T>>);

struct Inner<T> {
    value: OnceLock<T>,
    made: Notify,
}

impl<T: Copy> Decision<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            value: OnceLock::new(),
            made: Notify::new(),
        }))
    }

    /// Decides, unless it has been decided before.
    pub(crate) fn make(&self, value: T) {
        if self.0.value.set(value).is_ok() {
            self.0.made.notify_one();
        }
    }

    /// Waits for the decision. Only one task may wait.
    pub(crate) async fn made(&self) -> T {
        loop {
            if let Some(value) = self.0.value.get() {
                return *value;
            }
            self.0.made.notified().await;
        }
    }
}

impl<T> Clone for Decision<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_value_counts_and_stays() {
        let decision = Decision::new();
        let other = decision.clone();
        let waiting = tokio::spawn(async move { decision.made().await + decision.made().await });
        tokio::task::yield_now().await;
        other.make(1);
        other.make(2);
        assert_eq!(waiting.await.unwrap(), 2);
    }
}
