use videocalls_protocol::{Candidate, Signal};

use super::Target;
use crate::context::Context;
use crate::sdp;
use crate::time::Timestamp;

/// The outgoing signals of a link: its descriptions, which wait until there is a recipient, and its
/// candidates, inside the descriptions or after them.
#[derive(Debug)]
pub(crate) struct SignalQueue {
    /// Whether candidates may be sent after their description. If not, it waits for them.
    trickle: bool,
    /// The descriptions that wait.
    queued: Vec<Signal>,
    /// The candidates that wait to be sent inside a description.
    unsent: Vec<Candidate>,
    /// The ICE generation of the latest local description.
    generation: Option<String>,
    /// The ICE generations whose candidates are all known. A rollback may lead back to one.
    finished: Vec<Option<String>>,
    /// When a description was last sent.
    sent: Option<Timestamp>,
}

impl SignalQueue {
    pub(crate) fn new(trickle: bool) -> Self {
        Self {
            trickle,
            queued: Vec::new(),
            unsent: Vec::new(),
            generation: None,
            finished: Vec::new(),
            sent: None,
        }
    }

    /// When the latest description was sent; `None` while it waits.
    pub(crate) fn sent_at(&self) -> Option<Timestamp> {
        self.sent.filter(|_| self.queued.is_empty())
    }

    /// The browser has a new local description, whether it is sent or not.
    pub(crate) fn set_local_description(&mut self, sdp: &str) {
        self.generation = sdp::ufrag(sdp);
    }

    pub(crate) fn push(&mut self, ctx: &mut Context, target: &Target, signal: Signal) {
        self.queued.push(signal);
        self.flush(ctx, target);
    }

    /// The browser has gathered a candidate; an empty one marks the end.
    pub(crate) fn gathered(
        &mut self,
        ctx: &mut Context,
        target: &Target,
        mut candidate: Candidate,
    ) {
        if candidate.candidate.is_empty() {
            self.finished.push(self.generation.clone());
            candidate = self.end_of_candidates();
        }
        if self.trickle && self.sent_at().is_some() {
            ctx.signal(target.participant().cloned(), Signal::Candidate(candidate));
        } else {
            self.unsent.push(candidate);
            self.flush(ctx, target);
        }
    }

    /// Whether the latest description is to wait for its candidates.
    pub(crate) fn awaits_candidates(&self) -> bool {
        !self.trickle && !self.finished.contains(&self.generation)
    }

    /// Waits for no more candidates than are known.
    pub(crate) fn finish(&mut self, ctx: &mut Context, target: &Target) {
        self.finished.push(self.generation.clone());
        self.flush(ctx, target);
    }

    /// Sends the descriptions that wait, with the candidates known by now inside, if there is a
    /// recipient.
    pub(crate) fn flush(&mut self, ctx: &mut Context, target: &Target) {
        if self.awaits_candidates() || self.queued.is_empty() || *target == Target::Nobody {
            return;
        }
        let to = target.participant();
        let candidates = std::mem::take(&mut self.unsent);
        for mut signal in std::mem::take(&mut self.queued) {
            if let Signal::Offer { sdp, .. } | Signal::Answer { sdp, .. } = &mut signal {
                *sdp = sdp::with_candidates(sdp, &candidates);
            }
            ctx.signal(to.cloned(), signal);
        }
        if self.trickle && self.finished.contains(&self.generation) {
            ctx.signal(to.cloned(), Signal::Candidate(self.end_of_candidates()));
        }
        self.sent = Some(ctx.now());
    }

    /// The mark of the last candidate, with its ICE generation: the browser's mark has none, and the
    /// peer may have a connection that expects another generation.
    fn end_of_candidates(&self) -> Candidate {
        Candidate {
            username_fragment: self.generation.clone(),
            ..Candidate::default()
        }
    }
}
