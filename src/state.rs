//! What the call page shows, as plain data, and how it changes.

use videocalls_client::{
    CallState, DisplayName, MEDIA_PENDING_HELP, ParticipantView, RoomName, Snapshot, TrackKind,
    TrackState,
};

use crate::words;

/// Who goes where: what the lobby asks for, and a call needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The room to join.
    pub room: RoomName,
    /// What the others are to call this person.
    pub name: DisplayName,
}

/// A call as its page shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct CallView {
    /// Where the call stands.
    pub course: Course,
    /// What went wrong in a call that goes on, and was not yet dismissed; oldest first.
    pub notices: Vec<Complaint>,
    /// What happened last in the room.
    pub news: News,
    /// The devices that are to be off when they come; the browser is still asked for them.
    wanted_off: Vec<TrackKind>,
    /// How many videos the browser holds back until there is a click or a key.
    held: u32,
}

/// What went wrong, and is shown for as long as it is so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Complaint {
    /// The words.
    pub sentence: &'static str,
    /// The device that is missing, if it is about one.
    pub device: Option<TrackKind>,
}

/// Where a call stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Course {
    /// It is being joined, or goes on.
    Going(Snapshot),
    /// It is over, or never began.
    Over {
        /// Why, for the person.
        sentence: &'static str,
        /// Whether this is a failure, and not what the person asked for.
        failed: bool,
    },
}

/// Something to be announced once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct News {
    /// Grows with each, so that the same words twice are two announcements.
    pub serial: u32,
    /// The words.
    pub text: String,
}

/// What changes a [`CallView`].
#[derive(Clone, Debug)]
pub enum CallAction {
    /// The call is like this now.
    Seen(Snapshot),
    /// Something went wrong, and the call goes on.
    Complained(Complaint),
    /// The browser holds a video back until there is a click or a key, or no longer does.
    Held(bool),
    /// The call could not begin.
    Refused(&'static str),
    /// The person wants a device on or off.
    Wished {
        /// The device.
        kind: TrackKind,
        /// Whether it is to be on.
        on: bool,
    },
    /// The person has read a notice.
    Dismissed(&'static str),
}

impl Default for CallView {
    fn default() -> Self {
        Self {
            course: Course::Going(Snapshot {
                state: CallState::Connecting,
                me: None,
                participants: Vec::new(),
                microphone: TrackState::Pending,
                camera: TrackState::Pending,
            }),
            notices: Vec::new(),
            news: News::default(),
            wanted_off: Vec::new(),
            held: 0,
        }
    }
}

impl CallView {
    /// The view after an action.
    #[must_use]
    pub fn after(self, action: CallAction) -> Self {
        match action {
            CallAction::Seen(snapshot) => self.seen(snapshot),
            CallAction::Complained(complaint) => self.complained(complaint),
            CallAction::Held(held) => self.held(held),
            CallAction::Refused(sentence) => self.over(sentence, true),
            CallAction::Wished { kind, on } => self.wished(kind, on),
            CallAction::Dismissed(sentence) => self.dismissed(sentence),
        }
    }

    /// The word for where the call stands.
    pub fn state(&self) -> &'static str {
        match &self.course {
            Course::Going(snapshot) => snapshot.state.as_str(),
            Course::Over { .. } => "ended",
        }
    }

    /// How many tiles there are.
    pub fn tiles(&self) -> usize {
        match &self.course {
            Course::Going(snapshot) => snapshot.participants.len() + 1,
            Course::Over { .. } => 0,
        }
    }

    /// Whether someone can't be heard before a click or a key.
    pub fn is_held(&self) -> bool {
        self.held > 0
    }

    /// Whether a device is off because its owner wants it so.
    pub fn is_off(&self, kind: TrackKind) -> bool {
        match self.device(kind) {
            TrackState::Muted => true,
            TrackState::Pending => self.wanted_off.contains(&kind),
            _ => false,
        }
    }

    /// How the own microphone or camera is.
    pub fn device(&self, kind: TrackKind) -> TrackState {
        match (&self.course, kind) {
            (Course::Going(snapshot), TrackKind::Audio) => snapshot.microphone,
            (Course::Going(snapshot), TrackKind::Video) => snapshot.camera,
            (Course::Over { .. }, _) => TrackState::Unavailable,
        }
    }

    fn seen(self, snapshot: Snapshot) -> Self {
        if let CallState::Ended(reason) = snapshot.state {
            return self.over(reason.help(), !reason.is_wanted());
        }
        let news = match &self.course {
            Course::Going(before) => news(before, &snapshot),
            Course::Over { .. } => None,
        };
        let mut view = Self {
            course: Course::Going(snapshot),
            ..self
        };
        let mut notices = std::mem::take(&mut view.notices);
        notices.retain(|notice| view.still_holds(notice));
        view.notices = notices;
        match news {
            Some(text) => view.announced(text),
            None => view,
        }
    }

    fn complained(mut self, complaint: Complaint) -> Self {
        if !self.notices.contains(&complaint) {
            self.notices.push(complaint);
        }
        self
    }

    /// Nobody is to read of a missing device that is there again, or of a question long answered.
    fn still_holds(&self, complaint: &Complaint) -> bool {
        let is_asked = |&kind: &TrackKind| self.device(kind) == TrackState::Pending;
        match complaint.device {
            Some(kind) => !self.device(kind).has_device(),
            None if complaint.sentence == MEDIA_PENDING_HELP => TrackKind::ALL.iter().any(is_asked),
            None => true,
        }
    }

    fn held(mut self, held: bool) -> Self {
        let others = self.held.saturating_sub(1);
        self.held = if held { self.held + 1 } else { others };
        self
    }

    fn dismissed(mut self, sentence: &'static str) -> Self {
        self.notices.retain(|other| other.sentence != sentence);
        self
    }

    /// The end says all there is to say.
    fn over(self, sentence: &'static str, failed: bool) -> Self {
        Self {
            course: Course::Over { sentence, failed },
            ..Self::default()
        }
    }

    fn wished(mut self, kind: TrackKind, on: bool) -> Self {
        self.wanted_off.retain(|&other| other != kind);
        if !on {
            self.wanted_off.push(kind);
        }
        self
    }

    fn announced(self, text: String) -> Self {
        let serial = self.news.serial + 1;
        Self {
            news: News { serial, text },
            ..self
        }
    }
}

/// What has happened between two looks at a room.
fn news(before: &Snapshot, after: &Snapshot) -> Option<String> {
    let there = after.participants.len();
    match (before.state, after.state) {
        (CallState::Connecting | CallState::Idle, CallState::Connected) => {
            Some(words::entered(there))
        }
        (CallState::Reconnecting, CallState::Connected) => Some("Back in the call.".to_owned()),
        _ => {
            let joined = missing_from(&before.participants, &after.participants);
            let left = missing_from(&after.participants, &before.participants);
            let sentences = [
                words::together(&joined, "joined"),
                words::together(&left, "left"),
            ];
            let sentences: Vec<String> = sentences.into_iter().flatten().collect();
            (!sentences.is_empty()).then(|| sentences.join(" "))
        }
    }
}

/// The names of those in `others` who are not in `these`.
fn missing_from<'a>(these: &[ParticipantView], others: &'a [ParticipantView]) -> Vec<&'a str> {
    let is_new = |other: &&ParticipantView| these.iter().all(|this| this.id != other.id);
    others.iter().filter(is_new).map(words::name).collect()
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
        }
    }

    fn with(state: CallState, participants: &[ParticipantView]) -> CallAction {
        CallAction::Seen(Snapshot {
            state,
            me: Some(ParticipantId::new("me")),
            participants: participants.to_vec(),
            microphone: TrackState::Live,
            camera: TrackState::Live,
        })
    }

    fn after(actions: impl IntoIterator<Item = CallAction>) -> CallView {
        actions
            .into_iter()
            .fold(CallView::default(), CallView::after)
    }

    fn complained(sentence: &'static str, device: Option<TrackKind>) -> CallAction {
        CallAction::Complained(Complaint { sentence, device })
    }

    fn shown(view: &CallView) -> Vec<&'static str> {
        view.notices.iter().map(|notice| notice.sentence).collect()
    }

    #[test]
    fn the_people_who_were_there_first_are_counted_and_later_ones_are_named() {
        let (ann, bo) = (person("1", "Ann"), person("2", "Bo"));
        let view = after([with(CallState::Connected, std::slice::from_ref(&ann))]);
        assert_eq!(view.news.text, "You are in. One other person is here.");
        let view = view.after(with(CallState::Connected, &[ann.clone(), bo.clone()]));
        assert_eq!(view.news.text, "Bo joined.");
        let serial = view.news.serial;
        let view = view.after(with(CallState::Connected, &[ann.clone(), bo.clone()]));
        assert_eq!(view.news.serial, serial, "nothing happened");
        let view = view.after(with(CallState::Connected, &[]));
        assert_eq!(view.news.text, "Ann and Bo left.");
    }

    #[test]
    fn a_notice_is_shown_once_and_until_it_is_dismissed() {
        let sentences = ["no camera", "no sound", "no camera"];
        let view = after(sentences.map(|it| complained(it, None)));
        assert_eq!(shown(&view), ["no camera", "no sound"]);
        let view = view.after(CallAction::Dismissed("no camera"));
        assert_eq!(shown(&view), ["no sound"]);
    }

    #[test]
    fn a_notice_goes_when_what_it_says_is_no_longer_so() {
        let view = after([
            complained("no camera", Some(TrackKind::Video)),
            complained(MEDIA_PENDING_HELP, None),
            complained("something else", None),
        ]);
        assert_eq!(shown(&view).len(), 3);
        let view = view.after(with(CallState::Connected, &[]));
        assert_eq!(shown(&view), ["something else"]);
    }

    #[test]
    fn sound_is_held_back_for_as_long_as_one_video_is() {
        let view = after([true, true, false].map(CallAction::Held));
        assert!(view.is_held());
        let view = view.after(CallAction::Held(false));
        assert!(!view.is_held());
        assert!(!view.after(CallAction::Held(false)).is_held());
    }

    #[test]
    fn the_end_says_why_and_takes_the_notices_with_it() {
        let ended = |reason| with(CallState::Ended(reason), &[]);
        let view = after([complained("no camera", None), ended(EndReason::Unreachable)]);
        let sentence = EndReason::Unreachable.help();
        assert_eq!(
            view.course,
            Course::Over {
                sentence,
                failed: true
            }
        );
        assert_eq!(view.notices, []);
        assert_eq!(view.state(), "ended");
        let view = after([ended(EndReason::Left)]);
        assert!(matches!(view.course, Course::Over { failed: false, .. }));
    }

    #[test]
    fn a_wish_shows_while_the_browser_is_asked_and_the_device_shows_after() {
        let off = CallAction::Wished {
            kind: TrackKind::Audio,
            on: false,
        };
        let view = after([off]);
        assert!(view.is_off(TrackKind::Audio) && !view.is_off(TrackKind::Video));
        let view = view.after(CallAction::Wished {
            kind: TrackKind::Audio,
            on: true,
        });
        assert!(!view.is_off(TrackKind::Audio));
        let view = view.after(CallAction::Wished {
            kind: TrackKind::Audio,
            on: false,
        });
        let view = view.after(with(CallState::Connected, &[]));
        assert!(!view.is_off(TrackKind::Audio), "the track is live");
    }
}
