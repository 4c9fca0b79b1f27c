use videocalls_protocol::{Candidate, ParticipantId};

use crate::link::{RemoteDescription, RemoteEnd};

/// How many early candidates are kept for all participants together.
const MAX_EARLY: usize = 256;
/// How many closed remote connections are remembered, so that what comes late from them is known.
const MAX_RETIRED: usize = 32;
/// How many answers are remembered, so that a repetition is known.
const MAX_ANSWERS: usize = 64;

/// What is remembered of signals that come too early, to use them later, and of connections that
/// are gone, to know what comes from them too late.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Candidates that came before the description that they belong to.
    early: Vec<(ParticipantId, Candidate)>,
    /// The connections of others that have been replaced or closed, as they were last described.
    retired: Vec<RemoteEnd>,
    /// The answers that were heard, where they carry no number of the offer that they answer.
    answers: Vec<RemoteEnd>,
}

impl Memory {
    /// Keeps a candidate for later. A flood of them pushes out its own, not those of others.
    pub(crate) fn keep_early(&mut self, from: ParticipantId, candidate: Candidate) {
        if self.early.len() >= MAX_EARLY {
            let own = self.early.iter().position(|(sender, _)| *sender == from);
            self.early.remove(own.unwrap_or_default());
        }
        self.early.push((from, candidate));
    }

    /// Takes out those of a participant's early candidates that fit now.
    pub(crate) fn take_early(
        &mut self,
        from: &ParticipantId,
        fits: impl Fn(&Candidate) -> bool,
    ) -> Vec<Candidate> {
        self.early
            .extract_if(.., |(sender, candidate)| sender == from && fits(candidate))
            .map(|(_, candidate)| candidate)
            .collect()
    }

    pub(crate) fn forget_early(&mut self, from: &ParticipantId) {
        self.early.retain(|(sender, _)| sender != from);
    }

    /// Remembers a connection of another's that is closed, or was never taken.
    pub(crate) fn retire(&mut self, end: RemoteEnd) {
        self.retired.push(end);
        if self.retired.len() > MAX_RETIRED {
            self.retired.remove(0);
        }
    }

    /// A connection is in use after all.
    pub(crate) fn reinstate(&mut self, session: &str) {
        self.retired.retain(|end| end.origin.session != session);
    }

    /// Whether an offer is by a connection that is closed, or replaced.
    pub(crate) fn is_late_offer(&self, offer: &RemoteDescription) -> bool {
        let session = &offer.end.origin.session;
        let mut retired = self.retired.iter();
        retired.any(|end| end.origin.session == *session)
    }

    /// Whether an answer, in a dialect that does not number them, was heard before or is by a
    /// connection that is closed; `current` is the one that we are linked to.
    ///
    /// A page that has one connection for everything may answer a new offer of ours by an old one;
    /// other ICE parameters than before mean a new start (RFC 8839 section 4.4.3), and tell it from
    /// a late answer to an old offer.
    pub(crate) fn is_late_answer(
        &mut self,
        answer: &RemoteDescription,
        current: Option<&RemoteEnd>,
    ) -> bool {
        if answer.id.is_some() {
            return false;
        }
        let RemoteEnd { origin, ufrag } = &answer.end;
        let goes_on = current.is_some_and(|current| current.origin.session == origin.session);
        let late = self.retired.iter().chain(&self.answers).any(|known| {
            let again = known.ufrag == *ufrag || origin.version <= known.origin.version;
            known.origin == *origin || known.origin.session == origin.session && again && !goes_on
        });
        self.answers.push(answer.end.clone());
        if self.answers.len() > MAX_ANSWERS {
            self.answers.remove(0);
        }
        late
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_early_candidates_pushes_out_its_own() {
        let (quiet, loud) = (ParticipantId::new("quiet"), ParticipantId::new("loud"));
        let mut memory = Memory::default();
        memory.keep_early(quiet.clone(), Candidate::default());
        for _ in 0..2 * MAX_EARLY {
            memory.keep_early(loud.clone(), Candidate::default());
        }
        assert_eq!(memory.take_early(&quiet, |_| true).len(), 1);
        assert_eq!(memory.take_early(&loud, |_| true).len(), MAX_EARLY - 1);
    }
}
