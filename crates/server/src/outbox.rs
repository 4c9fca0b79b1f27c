use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

use crate::Limits;

/// The near end of the queue to one socket. Pushing never waits: a queue that would outgrow its
/// limits is marked as overflown instead, and takes nothing more.
#[derive(Clone)]
pub(crate) struct Outbox {
    sender: UnboundedSender<Outgoing>,
    shared: Arc<Shared>,
}

/// The far end of the queue, in the hands of the one who writes to the socket.
pub(crate) struct Queue {
    receiver: UnboundedReceiver<Outgoing>,
    shared: Arc<Shared>,
}

/// What can be written to a socket.
pub(crate) enum Outgoing {
    Text(Utf8Bytes),
    Ping,
    Close(u16),
}

/// The channel itself has no bound, since a close always fits; text is counted here.
struct Shared {
    messages: AtomicUsize,
    bytes: AtomicUsize,
    limits: Limits,
    overflow: CancellationToken,
}

pub(crate) fn outbox(limits: Limits) -> (Outbox, Queue) {
    let (sender, receiver) = unbounded_channel();
    let shared = Arc::new(Shared {
        messages: AtomicUsize::new(0),
        bytes: AtomicUsize::new(0),
        limits,
        overflow: CancellationToken::new(),
    });
    let far = Arc::clone(&shared);
    (
        Outbox { sender, shared },
        Queue {
            receiver,
            shared: far,
        },
    )
}

impl Outbox {
    /// Adds a text, unless the queue is full: then its reader is too slow to be kept.
    pub(crate) fn push(&self, text: impl Into<Utf8Bytes>) {
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

    /// Asks for a WebSocket pong.
    pub(crate) fn ping(&self) {
        self.send(Outgoing::Ping);
    }

    /// Ends the queue: what is in it is written, then the socket is closed with this code.
    pub(crate) fn close(&self, code: u16) {
        self.send(Outgoing::Close(code));
    }

    /// Resolves when the queue has outgrown its limits.
    pub(crate) fn overflown(&self) -> WaitForCancellationFuture<'_> {
        self.shared.overflow.cancelled()
    }

    /// A queue without a far end belongs to a socket that is gone; nobody waits for the rest.
    fn send(&self, outgoing: Outgoing) {
        let _gone = self.sender.send(outgoing);
    }
}

impl Queue {
    /// The next in line, or `None` when nobody can add to the queue any more.
    pub(crate) async fn next(&mut self) -> Option<Outgoing> {
        let next = self.receiver.recv().await;
        self.taken(next)
    }

    /// The next in line, or `None` when nobody is.
    pub(crate) fn next_now(&mut self) -> Option<Outgoing> {
        let next = self.receiver.try_recv().ok();
        self.taken(next)
    }

    fn taken(&self, next: Option<Outgoing>) -> Option<Outgoing> {
        if let Some(Outgoing::Text(text)) = &next {
            self.shared.leave(text.len());
        }
        next
    }

    /// Resolves when the queue has outgrown its limits.
    pub(crate) fn overflown(&self) -> CancellationToken {
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
    async fn the_queue_holds_as_many_messages_as_its_limit() {
        let (outbox, mut queue) = outbox(small());
        (0..3).for_each(|_| outbox.push("a"));
        assert!(!full(&outbox));
        assert!(queue.next().await.is_some());
        outbox.push("a");
        assert!(!full(&outbox), "a message that was taken makes room");
        outbox.push("a");
        assert!(full(&outbox));
    }

    #[tokio::test]
    async fn the_queue_holds_as_many_bytes_as_its_limit() {
        let (outbox, _queue) = outbox(small());
        outbox.push("0123456789");
        assert!(!full(&outbox));
        outbox.push("!");
        assert!(full(&outbox));
    }

    #[tokio::test]
    async fn a_close_comes_after_the_rest() {
        let (outbox, mut queue) = outbox(small());
        outbox.push("last words");
        outbox.close(4504);
        assert!(matches!(queue.next().await, Some(Outgoing::Text(_))));
        assert!(matches!(queue.next().await, Some(Outgoing::Close(4504))));
    }
}
