use std::time::Duration;

use videocalls_protocol::ParticipantId;

use crate::time::Timestamp;

/// How long ICE must have searched before a missing network path is reported. Its own checks take
/// 5 s on slow networks.
const MAX_SEARCH: Duration = Duration::from_secs(8);

/// The participants to whom no network path has been found since descriptions were exchanged.
/// Outlives their links: a link that does not connect is replaced.
#[derive(Debug, Default)]
pub(super) struct Routes(Vec<(ParticipantId, RouteState)>);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum RouteState {
    SearchingSince(Timestamp),
    /// It has taken too long. It is reported once the server shows that our own network works.
    AwaitsServer,
    /// The missing path was reported to the app.
    Reported,
}

impl Routes {
    /// Descriptions were exchanged: ICE searches for a path from now on, if not before.
    pub(super) fn begin(&mut self, id: &ParticipantId, now: Timestamp) {
        if self.search(id).is_none() {
            self.0.push((id.clone(), RouteState::SearchingSince(now)));
        }
    }

    /// There is a path, or the participant has left.
    pub(super) fn end(&mut self, id: &ParticipantId) {
        self.0.retain(|(other, _)| other != id);
    }

    /// A search that may fail for another reason is not to be reported.
    pub(super) fn interrupt(&mut self, which: &dyn Fn(&ParticipantId) -> bool) {
        self.0
            .retain(|(id, search)| !which(id) || *search == RouteState::Reported);
    }

    /// Whether a search has taken too long; true once per search. It is then reported by
    /// [`take_reports`](Self::take_reports).
    pub(super) fn is_due(&mut self, id: &ParticipantId, now: Timestamp) -> bool {
        let is_due = |search: RouteState| match search {
            RouteState::SearchingSince(begun) => now.since(begun) >= MAX_SEARCH,
            RouteState::AwaitsServer | RouteState::Reported => false,
        };
        let mut searches = self.0.iter_mut();
        let found = searches.find(|(other, search)| other == id && is_due(*search));
        let is_found = found.is_some();
        if let Some((_, search)) = found {
            *search = RouteState::AwaitsServer;
        }
        is_found
    }

    /// Something has arrived from the server, so our own network works: returns the participants
    /// whose missing path is to be reported now.
    pub(super) fn take_reports(&mut self) -> Vec<ParticipantId> {
        let mut missing = Vec::new();
        for (id, search) in &mut self.0 {
            if *search == RouteState::AwaitsServer {
                *search = RouteState::Reported;
                missing.push(id.clone());
            }
        }
        missing
    }

    /// Whether a search has taken too long.
    pub(super) fn is_missing(&self, id: &ParticipantId) -> bool {
        !matches!(self.search(id), None | Some(RouteState::SearchingSince(_)))
    }

    fn search(&self, id: &ParticipantId) -> Option<RouteState> {
        let mut searches = self.0.iter();
        let found = searches.find(|(other, _)| other == id);
        found.map(|(_, search)| *search)
    }
}
