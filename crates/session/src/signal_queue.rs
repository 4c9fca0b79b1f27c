use videocalls_protocol::{Candidate, Signal};

use crate::context::Context;
use crate::link::Target;
use crate::sdp;
use crate::time::Timestamp;

/// What a link says: its descriptions, as soon as there is somebody to hear them, and the ways to
/// reach it, inside them or behind them.
#[derive(Debug)]
pub(crate) struct SignalQueue {
    /// Whether candidates may follow their description. If not, it waits for them.
    trickle: bool,
    /// The descriptions that wait.
    queued: Vec<Signal>,
    /// The candidates that wait to be put into them.
    unsent: Vec<Candidate>,
    /// The ICE generation of the latest local description.
    generation: Option<String>,
    /// The generations whose candidates are all known. A rollback may lead back to one.
    finished: Vec<Option<String>>,
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

    /// When the latest description went out; `None` as long as it waits.
    pub(crate) fn sent_at(&self) -> Option<Timestamp> {
        self.sent.filter(|_| self.queued.is_empty())
    }

    /// The browser has made a local description, to be said or not.
    pub(crate) fn set_local_description(&mut self, sdp: &str) {
        self.generation = sdp::ufrag(sdp);
    }

    pub(crate) fn push(&mut self, ctx: &mut Context, target: &Target, signal: Signal) {
        self.queued.push(signal);
        self.flush(ctx, target);
    }

    /// The browser has found one more way to be reached, or the last.
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

    /// Takes the candidates that are known for all there are.
    pub(crate) fn finish(&mut self, ctx: &mut Context, target: &Target) {
        self.finished.push(self.generation.clone());
        self.flush(ctx, target);
    }

    /// Sends the descriptions that wait, with the candidates known by now inside, if there is
    /// somebody to send them to.
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
        self.sent = Some(ctx.now);
    }

    /// The browser's mark does not say which generation it ends, and the other end may have a
    /// connection that is waiting for another one.
    fn end_of_candidates(&self) -> Candidate {
        Candidate {
            username_fragment: self.generation.clone(),
            ..Candidate::default()
        }
    }
}
