use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

use crate::config::Limits;
use crate::metrics::Metrics;

/// How many messages an empty queue keeps space for.
const SPARE_MESSAGES: usize = 4;

/// The sending end of a client's queue of outgoing messages. Pushing never waits: a queue that would
/// exceed its limits is marked as overflowed instead and accepts nothing more.
#[derive(Clone)]
pub struct Outbox(Arc<Shared>);

/// The receiving end of the queue, for whoever writes to the client.
pub struct Queue(Arc<Shared>);

/// What can be written to a client.
pub enum Outgoing {
    /// A text message.
    Text(Utf8Bytes),
    /// A WebSocket ping.
    Ping,
    /// The end, with a close code.
    Close(u16),
}

/// A queue of our own: a channel of tokio allocates 1.3 kB for each client, also for an idle one.
struct Shared {
    waiting: Mutex<Waiting>,
    added: Notify,
    overflow: CancellationToken,
    max_messages: usize,
    max_bytes: usize,
    metrics: Metrics,
}

/// Only texts count: a close must always fit.
#[derive(Default)]
struct Waiting {
    outgoing: VecDeque<Outgoing>,
    texts: usize,
    bytes: usize,
}

/// Creates a queue with the message and byte limits of one client.
pub fn outbox(limits: Limits, metrics: &Metrics) -> (Outbox, Queue) {
    let shared = Arc::new(Shared {
        waiting: Mutex::default(),
        added: Notify::new(),
        overflow: CancellationToken::new(),
        max_messages: limits.queue_messages,
        max_bytes: limits.queue_bytes,
        metrics: metrics.clone(),
    });
    (Outbox(Arc::clone(&shared)), Queue(shared))
}

impl Outbox {
    /// Adds a text, or marks the queue as overflowed if it is full.
    pub fn push(&self, text: impl Into<Utf8Bytes>) {
        let text = text.into();
        if self.0.overflow.is_cancelled() {
            return;
        }
        if self.0.enter(text) {
            self.0.added.notify_one();
        } else {
            self.0.overflow.cancel();
        }
    }

    /// Adds a WebSocket ping.
    pub fn ping(&self) {
        self.send(Outgoing::Ping);
    }

    /// Ends the queue: what it holds is written, then the socket is closed with this code.
    pub fn close(&self, code: u16) {
        self.send(Outgoing::Close(code));
    }

    /// Resolves when the queue has overflowed.
    pub fn overflowed(&self) -> WaitForCancellationFuture<'_> {
        self.0.overflow.cancelled()
    }

    /// Where what happens to the client is counted.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    fn send(&self, outgoing: Outgoing) {
        self.0.lock().outgoing.push_back(outgoing);
        self.0.added.notify_one();
    }
}

impl Queue {
    /// Waits for the next message.
    pub async fn next(&mut self) -> Outgoing {
        loop {
            if let Some(next) = self.next_now() {
                return next;
            }
            self.0.added.notified().await;
        }
    }

    /// The next message, if there is one now.
    pub fn next_now(&mut self) -> Option<Outgoing> {
        self.0.leave()
    }

    /// Cancelled when the queue has overflowed.
    pub fn overflowed(&self) -> CancellationToken {
        self.0.overflow.clone()
    }

    /// Where what happens to the client is counted.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }
}

impl Shared {
    /// Adds a text if it fits.
    fn enter(&self, text: Utf8Bytes) -> bool {
        let mut waiting = self.lock();
        let (texts, bytes) = (waiting.texts + 1, waiting.bytes + text.len());
        if texts > self.max_messages || bytes > self.max_bytes {
            return false;
        }
        self.metrics.queued(text.len());
        (waiting.texts, waiting.bytes) = (texts, bytes);
        waiting.outgoing.push_back(Outgoing::Text(text));
        true
    }

    /// Takes the oldest message.
    fn leave(&self) -> Option<Outgoing> {
        let mut waiting = self.lock();
        let next = waiting.outgoing.pop_front()?;
        if let Outgoing::Text(text) = &next {
            waiting.texts -= 1;
            waiting.bytes -= text.len();
            self.metrics.unqueued(1, text.len());
        }
        if waiting.outgoing.is_empty() {
            waiting.outgoing.shrink_to(SPARE_MESSAGES);
        }
        Some(next)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let waiting = self.lock();
        let (texts, bytes) = (waiting.texts, waiting.bytes);
        drop(waiting);
        self.metrics.unqueued(texts, bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Limits {
        Limits {
            queue_messages: 3,
            queue_bytes: 10,
            ..Limits::default()
        }
    }

    fn full(outbox: &Outbox) -> bool {
        outbox.0.overflow.is_cancelled()
    }

    #[tokio::test]
    async fn overflows_past_the_message_limit() {
        let (outbox, mut queue) = outbox(small(), &Metrics::default());
        (0..3).for_each(|_| outbox.push("a"));
        assert!(!full(&outbox));
        assert!(queue.next_now().is_some());
        outbox.push("a");
        assert!(!full(&outbox), "a message that was read frees its space");
        outbox.push("a");
        assert!(full(&outbox));
    }

    #[tokio::test]
    async fn overflows_past_the_byte_limit() {
        let (outbox, _queue) = outbox(small(), &Metrics::default());
        outbox.push("0123456789");
        assert!(!full(&outbox));
        outbox.push("!");
        assert!(full(&outbox));
    }

    #[tokio::test]
    async fn close_comes_after_queued_texts() {
        let (outbox, mut queue) = outbox(small(), &Metrics::default());
        outbox.push("last words");
        outbox.close(4504);
        assert!(matches!(queue.next().await, Outgoing::Text(_)));
        assert!(matches!(queue.next().await, Outgoing::Close(4504)));
    }

    #[tokio::test]
    async fn a_waiting_reader_gets_what_is_added() {
        let (outbox, mut queue) = outbox(small(), &Metrics::default());
        let reader = tokio::spawn(async move { queue.next().await });
        tokio::task::yield_now().await;
        outbox.push("now");
        assert!(matches!(reader.await.unwrap(), Outgoing::Text(_)));
    }

    #[test]
    fn dropped_messages_are_not_counted_as_waiting() {
        let metrics = Metrics::default();
        let (outbox, mut queue) = outbox(small(), &metrics);
        ["one", "two", "three"]
            .iter()
            .for_each(|text| outbox.push(*text));
        assert!(queue.next_now().is_some());
        drop((outbox, queue));
        let text = metrics.to_text().unwrap();
        assert!(text.contains("\nvideocalls_queued_messages 0\n"), "{text}");
        assert!(text.contains("\nvideocalls_queued_bytes 0\n"), "{text}");
    }
}
