use std::ops::ControlFlow::{self, Break, Continue};

use tracing::warn;
use videocalls_protocol::rooms::{close, refusal_name, write_event};
use videocalls_protocol::{DecodeError, Event, Refusal};

use crate::outbox::Outbox;
use crate::socket::End;

/// Answers messages that can't be carried out, and ends a connection that sends too many of them.
pub(crate) struct ErrorBudget {
    left: u32,
    outbox: Outbox,
}

impl ErrorBudget {
    pub(crate) fn new(allowed: u32, outbox: Outbox) -> Self {
        Self {
            left: allowed,
            outbox,
        }
    }

    /// Answers a message of an unknown type. It may be of a later version, so it does not count.
    pub(crate) fn unknown(&self, bytes: usize) {
        warn!(bytes, "unknown message");
        reject(&self.outbox, "unknown-type");
    }

    pub(crate) fn malformed(&mut self, bytes: usize, error: &DecodeError) -> ControlFlow<End> {
        warn!(bytes, %error, "malformed message");
        self.count()
    }

    pub(crate) fn too_long(&mut self, bytes: usize) -> ControlFlow<End> {
        warn!(bytes, "signal too long");
        self.count()
    }

    fn count(&mut self) -> ControlFlow<End> {
        reject(&self.outbox, "malformed");
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return Break(End::Close(close::TOO_MANY_ERRORS));
        }
        Continue(())
    }
}

/// Answers that one message was not carried out.
pub(crate) fn reject(outbox: &Outbox, code: &str) {
    let code = code.to_owned();
    outbox.push(write_event(&Event::Rejected { code }, None));
}

/// Answers that the connection is refused, and ends it with the code of the refusal.
pub(crate) fn refuse(outbox: &Outbox, refusal: Refusal) -> End {
    warn!(?refusal, "refused");
    outbox.metrics().refused(refusal_name(refusal));
    outbox.push(write_event(&Event::Refused(refusal), None));
    End::Close(close::code(refusal))
}
