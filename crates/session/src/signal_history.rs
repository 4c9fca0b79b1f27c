use videocalls_protocol::{Candidate, ParticipantId};

use crate::link::{RemoteDescription, RemoteEnd};

/// How many early candidates are kept for all participants together.
const MAX_CANDIDATES: usize = 256;
/// How many closed remote connections are remembered.
const MAX_RETIRED: usize = 32;
/// How many answers are remembered.
const MAX_ANSWERS: usize = 64;

/// Signals that came too early, to be used later, and what is needed to recognize signals that come
/// too late.
#[derive(Debug, Default)]
pub(crate) struct SignalHistory {
    /// Candidates that came before the description that they belong to.
    candidates: Vec<(ParticipantId, Candidate)>,
    /// Remote connections that have been replaced or closed, as they were last described.
    retired: Vec<RemoteEnd>,
    /// The answers so far, where answers carry no number of the offer that they answer.
    answers: Vec<RemoteEnd>,
}

impl SignalHistory {
    /// Keeps a candidate for later. A participant who sends too many loses their own, not those of
    /// others.
    pub(crate) fn keep_candidate(&mut self, from: ParticipantId, candidate: Candidate) {
        if self.candidates.len() >= MAX_CANDIDATES {
            let own = self.candidates.iter().position(|(it, _)| *it == from);
            self.candidates.remove(own.unwrap_or_default());
        }
        self.candidates.push((from, candidate));
    }

    /// Takes out those of a participant's early candidates that fit now.
    pub(crate) fn take_candidates(
        &mut self,
        from: &ParticipantId,
        fits: impl Fn(&Candidate) -> bool,
    ) -> Vec<Candidate> {
        self.candidates
            .extract_if(.., |(sender, candidate)| sender == from && fits(candidate))
            .map(|(_, candidate)| candidate)
            .collect()
    }

    pub(crate) fn forget_candidates(&mut self, from: &ParticipantId) {
        self.candidates.retain(|(sender, _)| sender != from);
    }

    /// Remembers a remote connection that is closed, or was never used.
    pub(crate) fn retire(&mut self, end: RemoteEnd) {
        self.retired.push(end);
        if self.retired.len() > MAX_RETIRED {
            self.retired.remove(0);
        }
    }

    /// A remote connection is in use after all.
    pub(crate) fn reinstate(&mut self, end: &RemoteEnd) {
        self.retired.retain(|it| !it.is_same_connection(end));
    }

    /// Whether an offer is by a connection that is closed or replaced.
    pub(crate) fn is_late_offer(&self, offer: &RemoteDescription) -> bool {
        let mut retired = self.retired.iter();
        retired.any(|it| it.is_same_connection(&offer.end))
    }

    /// Whether an answer that carries no number came before, or is by a connection that is closed.
    /// `current` is the connection that we are linked to.
    ///
    /// A page that has one connection for everything may answer a new offer of ours by its old
    /// connection. Other ICE credentials than before mean an ICE restart (RFC 8839 section 4.4.3),
    /// and show that this is no late answer to an old offer.
    pub(crate) fn is_late_answer(
        &mut self,
        answer: &RemoteDescription,
        current: Option<&RemoteEnd>,
    ) -> bool {
        if answer.id.is_some() {
            return false;
        }
        let end = &answer.end;
        let is_current = current.is_some_and(|current| current.is_same_connection(end));
        let is_late = self.retired.iter().chain(&self.answers).any(|known| {
            let is_old = known.ufrag() == end.ufrag() || !end.is_newer_than(known);
            end.is_repetition_of(known) || known.is_same_connection(end) && is_old && !is_current
        });
        self.answers.push(end.clone());
        if self.answers.len() > MAX_ANSWERS {
            self.answers.remove(0);
        }
        is_late
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn participant_who_sends_too_many_candidates_loses_only_their_own() {
        let (quiet, loud) = (ParticipantId::new("quiet"), ParticipantId::new("loud"));
        let mut history = SignalHistory::default();
        history.keep_candidate(quiet.clone(), Candidate::default());
        for _ in 0..2 * MAX_CANDIDATES {
            history.keep_candidate(loud.clone(), Candidate::default());
        }
        assert_eq!(history.take_candidates(&quiet, |_| true).len(), 1);
        let kept = history.take_candidates(&loud, |_| true).len();
        assert_eq!(kept, MAX_CANDIDATES - 1);
    }
}
