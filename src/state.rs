//! The state of the call page as plain data, and the actions that change it.

use videocalls_client::{
    CallState, DisplayName, MEDIA_PENDING_HELP, ParticipantView, RoomName, RoomState, Snapshot,
    TrackKind, TrackState,
};

use crate::messages;

/// What the join page asks for and a call needs.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinOptions {
    /// The room to join.
    pub room: RoomName,
    /// The name that the others see.
    pub name: DisplayName,
}

/// A call as its page shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct CallView {
    /// Whether the call is active or has ended.
    pub phase: CallPhase,
    /// Problems of an active call that have not been dismissed; oldest first.
    pub toasts: Vec<Toast>,
    /// The latest event in the room, for a screen reader and a short note on screen.
    pub announcement: Announcement,
    /// Devices that were turned off while the browser still asks for them.
    off_when_ready: Vec<TrackKind>,
    /// The number of videos that the browser does not play before a click or a key press.
    blocked_videos: u32,
}

/// A problem that is shown until it is solved or dismissed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Toast {
    /// What happened and what to do.
    pub sentence: &'static str,
    /// The missing device, for a problem with a device.
    pub device: Option<TrackKind>,
}

/// Whether a call is active or has ended.
#[derive(Clone, Debug, PartialEq)]
pub enum CallPhase {
    /// Joining or joined.
    Active(Snapshot),
    /// Ended, or failed to start.
    Ended {
        /// The reason, for the person in the call.
        sentence: &'static str,
        /// Whether the call failed rather than being ended by the person.
        failed: bool,
    },
}

/// A message that is announced once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Announcement {
    /// Increases with each announcement, so that two equal texts are announced twice.
    pub serial: u32,
    /// The text.
    pub text: String,
}

/// What changes a [`CallView`].
#[derive(Clone, Debug)]
pub enum CallAction {
    /// The call has changed.
    SnapshotChanged(Snapshot),
    /// A problem occurred in an active call.
    ToastAdded(Toast),
    /// The browser blocks the playback of a video until a click or a key press, or no longer does.
    AutoplayBlocked(bool),
    /// The call could not start; the text says why.
    JoinFailed(&'static str),
    /// The person turned a device on or off.
    ToggleRequested {
        /// The device.
        kind: TrackKind,
        /// Whether it should be on.
        on: bool,
    },
    /// The person dismissed the toast with this text.
    ToastDismissed(&'static str),
}

impl Default for CallView {
    fn default() -> Self {
        Self {
            phase: CallPhase::Active(Snapshot {
                state: CallState::Connecting,
                me: None,
                participants: Vec::new(),
                microphone: TrackState::Pending,
                camera: TrackState::Pending,
                is_hand_raised: false,
                grants: None,
                room: RoomState::default(),
                knocks: Vec::new(),
            }),
            toasts: Vec::new(),
            announcement: Announcement::default(),
            off_when_ready: Vec::new(),
            blocked_videos: 0,
        }
    }
}

impl CallView {
    /// The view after an action.
    #[must_use]
    pub fn after(self, action: CallAction) -> Self {
        match action {
            CallAction::SnapshotChanged(snapshot) => self.with_snapshot(snapshot),
            CallAction::ToastAdded(toast) => self.with_toast(toast),
            CallAction::AutoplayBlocked(blocked) => self.with_autoplay_blocked(blocked),
            CallAction::JoinFailed(sentence) => self.ended(sentence, true),
            CallAction::ToggleRequested { kind, on } => self.with_toggle(kind, on),
            CallAction::ToastDismissed(sentence) => self.without_toast(sentence),
        }
    }

    /// The name of the call's state.
    pub fn state(&self) -> &'static str {
        match &self.phase {
            CallPhase::Active(snapshot) => snapshot.state.as_str(),
            CallPhase::Ended { .. } => "ended",
        }
    }

    /// The number of tiles.
    pub fn tiles(&self) -> usize {
        match &self.phase {
            CallPhase::Active(snapshot) => snapshot.participants.len() + 1,
            CallPhase::Ended { .. } => 0,
        }
    }

    /// Whether the browser blocks the sound of a participant until a click or a key press.
    pub fn is_autoplay_blocked(&self) -> bool {
        self.blocked_videos > 0
    }

    /// Whether the person has turned a device off.
    pub fn is_off(&self, kind: TrackKind) -> bool {
        match self.device(kind) {
            TrackState::Muted => true,
            TrackState::Pending => self.off_when_ready.contains(&kind),
            _ => false,
        }
    }

    /// The state of the own microphone or camera.
    pub fn device(&self, kind: TrackKind) -> TrackState {
        match (&self.phase, kind) {
            (CallPhase::Active(snapshot), TrackKind::Audio) => snapshot.microphone,
            (CallPhase::Active(snapshot), TrackKind::Video) => snapshot.camera,
            (CallPhase::Ended { .. }, _) => TrackState::Unavailable,
        }
    }

    fn with_snapshot(self, snapshot: Snapshot) -> Self {
        if let CallState::Ended(reason) = snapshot.state {
            return self.ended(reason.help(), !reason.is_wanted());
        }
        let text = match &self.phase {
            CallPhase::Active(before) => announcement(before, &snapshot),
            CallPhase::Ended { .. } => None,
        };
        let mut view = Self {
            phase: CallPhase::Active(snapshot),
            ..self
        };
        let mut toasts = std::mem::take(&mut view.toasts);
        toasts.retain(|toast| view.is_current(toast));
        view.toasts = toasts;
        match text {
            Some(text) => view.announced(text),
            None => view,
        }
    }

    fn with_toast(mut self, toast: Toast) -> Self {
        if !self.toasts.contains(&toast) {
            self.toasts.push(toast);
        }
        self
    }

    /// Whether a toast is still true: its device is missing, or the permission prompt is still open.
    fn is_current(&self, toast: &Toast) -> bool {
        let is_asked = |&kind: &TrackKind| self.device(kind) == TrackState::Pending;
        match toast.device {
            Some(kind) => !self.device(kind).has_device(),
            None if toast.sentence == MEDIA_PENDING_HELP => TrackKind::ALL.iter().any(is_asked),
            None => true,
        }
    }

    fn with_autoplay_blocked(mut self, blocked: bool) -> Self {
        self.blocked_videos = match blocked {
            true => self.blocked_videos + 1,
            false => self.blocked_videos.saturating_sub(1),
        };
        self
    }

    fn without_toast(mut self, sentence: &'static str) -> Self {
        self.toasts.retain(|other| other.sentence != sentence);
        self
    }

    /// Shows the reason alone: toasts and announcements of the call are dropped.
    fn ended(self, sentence: &'static str, failed: bool) -> Self {
        Self {
            phase: CallPhase::Ended { sentence, failed },
            ..Self::default()
        }
    }

    fn with_toggle(mut self, kind: TrackKind, on: bool) -> Self {
        self.off_when_ready.retain(|&other| other != kind);
        if !on {
            self.off_when_ready.push(kind);
        }
        self
    }

    fn announced(self, text: String) -> Self {
        let serial = self.announcement.serial + 1;
        Self {
            announcement: Announcement { serial, text },
            ..self
        }
    }
}

/// Describes what changed in the room between two snapshots.
fn announcement(before: &Snapshot, after: &Snapshot) -> Option<String> {
    let others = after.participants.len();
    match (before.state, after.state) {
        (CallState::Connecting | CallState::Idle, CallState::Connected) => {
            Some(messages::joined_room(others))
        }
        (CallState::Reconnecting, CallState::Connected) => Some("Reconnected.".to_owned()),
        _ => {
            let joined = added(&before.participants, &after.participants);
            let left = added(&after.participants, &before.participants);
            let sentences = [
                messages::people_did(&joined, "joined"),
                messages::people_did(&left, "left"),
            ];
            let sentences: Vec<String> = sentences.into_iter().flatten().collect();
            (!sentences.is_empty()).then(|| sentences.join(" "))
        }
    }
}

/// The names of the participants in `after` who are not in `before`.
fn added<'a>(before: &[ParticipantView], after: &'a [ParticipantView]) -> Vec<&'a str> {
    let is_new = |new: &&ParticipantView| before.iter().all(|old| old.id != new.id);
    after.iter().filter(is_new).map(messages::name).collect()
}

#[cfg(test)]
mod tests {
    use videocalls_client::{Connection, EndReason, MediaState, ParticipantId};

    use super::*;

    fn person(id: &str, name: &str) -> ParticipantView {
        ParticipantView {
            id: ParticipantId::new(id),
            name: DisplayName::new(name).ok(),
            connection: Connection::Connected,
            media: MediaState::LIVE,
            away: false,
            not_receiving: Vec::new(),
            is_hand_raised: false,
        }
    }

    fn with(state: CallState, participants: &[ParticipantView]) -> CallAction {
        CallAction::SnapshotChanged(Snapshot {
            state,
            me: Some(ParticipantId::new("me")),
            participants: participants.to_vec(),
            microphone: TrackState::Live,
            camera: TrackState::Live,
            is_hand_raised: false,
            grants: None,
            room: RoomState::default(),
            knocks: Vec::new(),
        })
    }

    fn after(actions: impl IntoIterator<Item = CallAction>) -> CallView {
        actions
            .into_iter()
            .fold(CallView::default(), CallView::after)
    }

    fn toast(sentence: &'static str, device: Option<TrackKind>) -> CallAction {
        CallAction::ToastAdded(Toast { sentence, device })
    }

    fn shown(view: &CallView) -> Vec<&'static str> {
        view.toasts.iter().map(|toast| toast.sentence).collect()
    }

    #[test]
    fn counts_earlier_participants_and_names_later_ones() {
        let (ann, bo) = (person("1", "Ann"), person("2", "Bo"));
        let view = after([with(CallState::Connected, std::slice::from_ref(&ann))]);
        assert_eq!(
            view.announcement.text,
            "You joined. One other person is here."
        );
        let view = view.after(with(CallState::Connected, &[ann.clone(), bo.clone()]));
        assert_eq!(view.announcement.text, "Bo joined.");
        let serial = view.announcement.serial;
        let view = view.after(with(CallState::Connected, &[ann.clone(), bo.clone()]));
        assert_eq!(view.announcement.serial, serial, "nothing has changed");
        let view = view.after(with(CallState::Connected, &[]));
        assert_eq!(view.announcement.text, "Ann and Bo left.");
    }

    #[test]
    fn shows_a_toast_once_until_it_is_dismissed() {
        let sentences = ["no camera", "no sound", "no camera"];
        let view = after(sentences.map(|it| toast(it, None)));
        assert_eq!(shown(&view), ["no camera", "no sound"]);
        let view = view.after(CallAction::ToastDismissed("no camera"));
        assert_eq!(shown(&view), ["no sound"]);
    }

    #[test]
    fn removes_a_toast_when_its_problem_is_solved() {
        let view = after([
            toast("no camera", Some(TrackKind::Video)),
            toast(MEDIA_PENDING_HELP, None),
            toast("something else", None),
        ]);
        assert_eq!(shown(&view).len(), 3);
        let view = view.after(with(CallState::Connected, &[]));
        assert_eq!(shown(&view), ["something else"]);
    }

    #[test]
    fn autoplay_is_blocked_while_any_video_is() {
        let view = after([true, true, false].map(CallAction::AutoplayBlocked));
        assert!(view.is_autoplay_blocked());
        let view = view.after(CallAction::AutoplayBlocked(false));
        assert!(!view.is_autoplay_blocked());
        assert!(
            !view
                .after(CallAction::AutoplayBlocked(false))
                .is_autoplay_blocked()
        );
    }

    #[test]
    fn shows_only_the_reason_after_the_end() {
        let ended = |reason| with(CallState::Ended(reason), &[]);
        let view = after([toast("no camera", None), ended(EndReason::Unreachable)]);
        let sentence = EndReason::Unreachable.help();
        assert_eq!(
            view.phase,
            CallPhase::Ended {
                sentence,
                failed: true
            }
        );
        assert_eq!(view.toasts, []);
        assert_eq!(view.state(), "ended");
        let view = after([ended(EndReason::Left)]);
        assert!(matches!(view.phase, CallPhase::Ended { failed: false, .. }));
    }

    #[test]
    fn shows_the_requested_state_during_the_permission_prompt_and_the_device_after() {
        let off = CallAction::ToggleRequested {
            kind: TrackKind::Audio,
            on: false,
        };
        let view = after([off]);
        assert!(view.is_off(TrackKind::Audio) && !view.is_off(TrackKind::Video));
        let view = view.after(CallAction::ToggleRequested {
            kind: TrackKind::Audio,
            on: true,
        });
        assert!(!view.is_off(TrackKind::Audio));
        let view = view.after(CallAction::ToggleRequested {
            kind: TrackKind::Audio,
            on: false,
        });
        let view = view.after(with(CallState::Connected, &[]));
        assert!(!view.is_off(TrackKind::Audio), "the track is live");
    }
}
