use videocalls_protocol::{Candidate, Signal};

use crate::link::Audience;
use crate::sdp;
use crate::time::Timestamp;
use crate::work::Work;

/// What a link says: its descriptions, as soon as there is somebody to hear them, and the ways to
/// reach it, inside them or behind them.
#[derive(Debug)]
pub(crate) struct Voice {
    /// Whether candidates may follow their description. If not, it waits for them.
    trickle: bool,
    /// The descriptions that wait.
    held: Vec<Signal>,
    /// The candidates that wait to be put into them.
    unsent: Vec<Candidate>,
    /// The ICE generation of the latest local description.
    generation: Option<String>,
    /// The generations whose candidates are all known. A rollback may lead back to one.
    finished: Vec<Option<String>>,
    spoke: Option<Timestamp>,
}

impl Voice {
    pub(crate) fn new(trickle: bool) -> Self {
        Self {
            trickle,
            held: Vec::new(),
            unsent: Vec::new(),
            generation: None,
            finished: Vec::new(),
            spoke: None,
        }
    }

    /// When the latest description went out; `None` as long as it waits.
    pub(crate) fn spoke_at(&self) -> Option<Timestamp> {
        self.spoke.filter(|_| self.held.is_empty())
    }

    /// The browser has made a local description, to be said or not.
    pub(crate) fn describe(&mut self, sdp: &str) {
        self.generation = sdp::ufrag(sdp);
    }

    pub(crate) fn say(&mut self, work: &mut Work, audience: &Audience, signal: Signal) {
        self.held.push(signal);
        self.speak(work, audience);
    }

    /// The browser has found one more way to be reached, or the last.
    pub(crate) fn gathered(
        &mut self,
        work: &mut Work,
        audience: &Audience,
        mut candidate: Candidate,
    ) {
        if candidate.candidate.is_empty() {
            self.finished.push(self.generation.clone());
            candidate = self.end_of_candidates();
        }
        if self.trickle && self.spoke_at().is_some() {
            work.signal(
                audience.participant().cloned(),
                Signal::Candidate(candidate),
            );
        } else {
            self.unsent.push(candidate);
            self.speak(work, audience);
        }
    }

    /// Whether the latest description is to wait for its candidates.
    pub(crate) fn waits(&self) -> bool {
        !self.trickle && !self.finished.contains(&self.generation)
    }

    /// Takes the candidates that are known for all there are.
    pub(crate) fn finish(&mut self, work: &mut Work, audience: &Audience) {
        self.finished.push(self.generation.clone());
        self.speak(work, audience);
    }

    /// Sends the descriptions that wait, with the candidates known by now inside, if there is
    /// somebody to send them to.
    pub(crate) fn speak(&mut self, work: &mut Work, audience: &Audience) {
        if self.waits() || self.held.is_empty() || *audience == Audience::Nobody {
            return;
        }
        let to = audience.participant();
        let candidates = std::mem::take(&mut self.unsent);
        for mut signal in std::mem::take(&mut self.held) {
            if let Signal::Offer { sdp, .. } | Signal::Answer { sdp, .. } = &mut signal {
                *sdp = sdp::with_candidates(sdp, &candidates);
            }
            work.signal(to.cloned(), signal);
        }
        if self.trickle && self.finished.contains(&self.generation) {
            work.signal(to.cloned(), Signal::Candidate(self.end_of_candidates()));
        }
        self.spoke = Some(work.now);
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
