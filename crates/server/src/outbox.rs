use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

use crate::config::Limits;

/// The sending end of a client's queue of outgoing messages. Pushing never waits: a queue that would
/// exceed its limits is marked as overflowed instead and accepts nothing more.
#[derive(Clone)]
pub struct Outbox {
    sender: UnboundedSender<Outgoing>,
    shared: Arc<Shared>,
}

/// The receiving end of the queue, for whoever writes to the client.
pub struct Queue {
    receiver: UnboundedReceiver<Outgoing>,
    shared: Arc<Shared>,
}

/// What can be written to a client.
pub enum Outgoing {
    /// A text message.
    Text(Utf8Bytes),
    /// A WebSocket ping.
    Ping,
    /// The end, with a close code.
    Close(u16),
}

/// The channel itself is unbounded, because a close must always fit; texts are counted here.
struct Shared {
    messages: AtomicUsize,
    bytes: AtomicUsize,
    limits: Limits,
    overflow: CancellationToken,
}

/// Creates a queue with the message and byte limits of one client.
pub fn outbox(limits: Limits) -> (Outbox, Queue) {
    let (sender, receiver) = unbounded_channel();
    let shared = Arc::new(Shared {
        messages: AtomicUsize::new(0),
        bytes: AtomicUsize::new(0),
        limits,
        overflow: CancellationToken::new(),
    });
    let receiving = Arc::clone(&shared);
    (
        Outbox { sender, shared },
        Queue {
            receiver,
            shared: receiving,
        },
    )
}

impl Outbox {
    /// Adds a text, or marks the queue as overflowed if it is full.
    pub fn push(&self, text: impl Into<Utf8Bytes>) {
        let text = text.into();
        if self.shared.overflow.is_cancelled() {
            return;
        }
        if self.shared.enter(text.len()) {
            self.send(Outgoing::Text(text));
        } else {
            self.shared.overflow.cancel();
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
        self.shared.overflow.cancelled()
    }

    /// Fails only if the receiving end is gone, and its client with it.
    fn send(&self, outgoing: Outgoing) {
        let _gone = self.sender.send(outgoing);
    }
}

impl Queue {
    /// Waits for the next message; `None` when all sending ends are gone.
    pub async fn next(&mut self) -> Option<Outgoing> {
        let next = self.receiver.recv().await;
        self.release(next)
    }

    /// The next message, if there is one now.
    pub fn next_now(&mut self) -> Option<Outgoing> {
        let next = self.receiver.try_recv().ok();
        self.release(next)
    }

    fn release(&self, next: Option<Outgoing>) -> Option<Outgoing> {
        if let Some(Outgoing::Text(text)) = &next {
            self.shared.leave(text.len());
        }
        next
    }

    /// Cancelled when the queue has overflowed.
    pub fn overflowed(&self) -> CancellationToken {
        self.shared.overflow.clone()
    }
}

impl Shared {
    fn enter(&self, bytes: usize) -> bool {
        let messages = self.messages.fetch_add(1, Ordering::Relaxed) + 1;
        let bytes = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        messages <= self.limits.queue_messages && bytes <= self.limits.queue_bytes
    }

    fn leave(&self, bytes: usize) {
        self.messages.fetch_sub(1, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
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
        outbox.shared.overflow.is_cancelled()
    }

    #[tokio::test]
    async fn overflows_past_the_message_limit() {
        let (outbox, mut queue) = outbox(small());
        (0..3).for_each(|_| outbox.push("a"));
        assert!(!full(&outbox));
        assert!(queue.next().await.is_some());
        outbox.push("a");
        assert!(!full(&outbox), "a message that was read frees its space");
        outbox.push("a");
        assert!(full(&outbox));
    }

    #[tokio::test]
    async fn overflows_past_the_byte_limit() {
        let (outbox, _queue) = outbox(small());
        outbox.push("0123456789");
        assert!(!full(&outbox));
        outbox.push("!");
        assert!(full(&outbox));
    }

    #[tokio::test]
    async fn close_comes_after_queued_texts() {
        let (outbox, mut queue) = outbox(small());
        outbox.push("last words");
        outbox.close(4504);
        assert!(matches!(queue.next().await, Some(Outgoing::Text(_))));
        assert!(matches!(queue.next().await, Some(Outgoing::Close(4504))));
    }
}
