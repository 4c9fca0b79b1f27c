use videocalls_protocol::{Candidate, ParticipantId};

use crate::link::{RemoteDescription, RemoteEnd};

/// How many participants are remembered.
const MAX_PARTICIPANTS: usize = 64;
/// How many early candidates of one participant are kept.
const MAX_CANDIDATES: usize = 64;
/// How many closed connections of one participant are remembered.
const MAX_RETIRED: usize = 8;
/// How many answers of one participant are remembered.
const MAX_ANSWERS: usize = 16;

/// Signals that came too early, to be used later, and what is needed to recognize signals that come
/// too late.
#[derive(Debug, Default)]
pub(crate) struct SignalHistory {
    /// In the order of their first signal.
    participants: Vec<(ParticipantId, Record)>,
}

/// What is remembered of one participant.
#[derive(Debug, Default)]
struct Record {
    /// Candidates that came before the description that they belong to.
    candidates: Vec<Candidate>,
    /// Connections that have been replaced or closed, as they were last described.
    retired: Vec<RemoteEnd>,
    /// The answers so far, where answers carry no number of the offer that they answer.
    answers: Vec<RemoteEnd>,
    /// Whether a description was unreadable.
    has_sent_unreadable: bool,
}

impl SignalHistory {
    /// Keeps a candidate for later.
    pub(crate) fn keep_candidate(&mut self, from: &ParticipantId, candidate: Candidate) {
        push_bounded(
            &mut self.record_mut(from).candidates,
            candidate,
            MAX_CANDIDATES,
        );
    }

    /// Takes out the first of a participant's early candidates that fits now.
    pub(crate) fn take_candidate(
        &mut self,
        from: &ParticipantId,
        fits: impl Fn(&Candidate) -> bool,
    ) -> Option<Candidate> {
        let candidates = &mut self.record_mut(from).candidates;
        let index = candidates.iter().position(fits)?;
        Some(candidates.remove(index))
    }

    pub(crate) fn forget_candidates(&mut self, from: &ParticipantId) {
        self.record_mut(from).candidates.clear();
    }

    /// Remembers a participant's connection that is closed, or was never used.
    pub(crate) fn retire(&mut self, of: &ParticipantId, end: RemoteEnd) {
        push_bounded(&mut self.record_mut(of).retired, end, MAX_RETIRED);
    }

    /// A participant's connection is in use after all.
    pub(crate) fn reinstate(&mut self, of: &ParticipantId, end: &RemoteEnd) {
        let retired = &mut self.record_mut(of).retired;
        retired.retain(|it| !it.is_same_connection(end));
    }

    /// Whether an offer is by a connection that is closed or replaced.
    pub(crate) fn is_late_offer(&self, from: &ParticipantId, offer: &RemoteDescription) -> bool {
        self.record(from).is_some_and(|record| {
            let mut retired = record.retired.iter();
            retired.any(|it| it.is_surely_same_connection(&offer.end))
        })
    }

    /// Whether an answer that carries no number came before, or is by a connection that is closed.
    /// `current` is the connection that we are linked to.
    ///
    /// A page that has one connection for everything may answer a new offer of ours by its old
    /// connection. Other ICE credentials than before mean an ICE restart (RFC 8839 section 4.4.3),
    /// and show that this is no late answer to an old offer.
    pub(crate) fn is_late_answer(
        &mut self,
        from: &ParticipantId,
        answer: &RemoteDescription,
        current: Option<&RemoteEnd>,
    ) -> bool {
        if answer.id.is_some() {
            return false;
        }
        let end = &answer.end;
        let is_current = current.is_some_and(|current| current.is_same_connection(end));
        let record = self.record_mut(from);
        let is_late = record.retired.iter().chain(&record.answers).any(|known| {
            let is_old = known.ufrag() == end.ufrag() || !end.is_newer_than(known);
            let is_by_closed = known.is_same_connection(end) && !is_current;
            end.is_repetition_of(known) || is_by_closed && is_old
        });
        push_bounded(&mut record.answers, end.clone(), MAX_ANSWERS);
        is_late
    }

    /// Whether a participant's unreadable description is their first. Remembers it.
    pub(crate) fn is_first_unreadable(&mut self, from: &ParticipantId) -> bool {
        !std::mem::replace(&mut self.record_mut(from).has_sent_unreadable, true)
    }

    fn record(&self, id: &ParticipantId) -> Option<&Record> {
        let mut participants = self.participants.iter();
        participants
            .find(|(known, _)| known == id)
            .map(|(_, record)| record)
    }

    fn record_mut(&mut self, id: &ParticipantId) -> &mut Record {
        let known = self.participants.iter().position(|(it, _)| it == id);
        let index = known.unwrap_or_else(|| {
            let new = (id.clone(), Record::default());
            push_bounded(&mut self.participants, new, MAX_PARTICIPANTS);
            self.participants.len() - 1
        });
        &mut self.participants[index].1
    }
}

/// Appends an item, and drops the oldest if there are too many.
fn push_bounded<T>(items: &mut Vec<T>, item: T, most: usize) {
    if items.len() >= most {
        items.remove(0);
    }
    items.push(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn participant_who_sends_too_many_candidates_loses_only_their_own() {
        let (quiet, loud) = (ParticipantId::new("quiet"), ParticipantId::new("loud"));
        let mut history = SignalHistory::default();
        history.keep_candidate(&quiet, Candidate::default());
        for _ in 0..2 * MAX_CANDIDATES {
            history.keep_candidate(&loud, Candidate::default());
        }
        let mut take = |from| history.take_candidate(from, |_| true);
        assert!(take(&quiet).is_some());
        let kept = std::iter::from_fn(|| take(&loud)).count();
        assert_eq!(kept, MAX_CANDIDATES);
    }
}
