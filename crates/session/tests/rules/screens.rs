//! Sharing a screen: when the person is asked, and what becomes of the screen and its sound.

use videocalls_protocol::{Request, Source, TrackState, UnavailableReason};
use videocalls_session::{Input, LinkReport, Output};

use crate::harness::{Harness, sent};

const SHARED: [Source; 2] = [Source::Screen, Source::ScreenAudio];
const CANCELLED: TrackState = TrackState::Unavailable(UnavailableReason::Failed);

fn share(on: bool) -> Input {
    let source = Source::Screen;
    let on = Some(on);
    Input::Toggle { source, on }
}

fn in_room() -> Harness {
    let mut harness = Harness::in_room("me", &[]);
    harness.take_outputs();
    harness
}

/// The person has chosen a screen, with or without its sound.
fn sharing(sound: TrackState) -> Harness {
    let mut harness = in_room();
    harness.input(share(true));
    choose(&mut harness, TrackState::Live, sound);
    harness.take_outputs();
    harness
}

fn choose(harness: &mut Harness, screen: TrackState, sound: TrackState) {
    let token = harness.token_of(Source::Screen);
    let answers = vec![(Source::Screen, screen), (Source::ScreenAudio, sound)];
    harness.input(Input::TracksSettled { token, answers });
}

fn states(harness: &Harness) -> [TrackState; 2] {
    let local = harness.session.snapshot().local;
    SHARED.map(|source| local.of(source))
}

fn released(outputs: &[Output]) -> Vec<Source> {
    let released = outputs.iter().filter_map(|output| match output {
        Output::Release(source) => Some(*source),
        _ => None,
    });
    released.collect()
}

#[test]
fn screen_and_its_sound_are_requested_together_and_announced() {
    let mut harness = in_room();
    harness.input(share(true));
    let token = harness.token_of(Source::Screen);
    let sources = SHARED.to_vec();
    let outputs = harness.take_outputs();
    assert!(outputs.contains(&Output::Acquire { token, sources }));
    choose(&mut harness, TrackState::Live, TrackState::Live);
    assert_eq!(states(&harness), [TrackState::Live; 2]);
    let announced = harness.session.snapshot().local;
    let outputs = harness.take_outputs();
    assert_eq!(sent(&outputs), [&Request::Media(announced)]);
}

#[test]
fn second_request_for_a_screen_changes_nothing() {
    let mut harness = in_room();
    harness.input(share(true));
    harness.take_outputs();
    harness.input(share(true));
    assert_eq!(harness.take_outputs(), []);
    choose(&mut harness, TrackState::Live, TrackState::Off);
    harness.take_outputs();
    harness.input(share(true));
    assert_eq!(harness.take_outputs(), []);
}

#[test]
fn screen_without_sound_is_shared_alone() {
    let harness = sharing(TrackState::Off);
    assert_eq!(states(&harness), [TrackState::Live, TrackState::Off]);
}

#[test]
fn stopped_screen_takes_its_sound_along() {
    let mut harness = sharing(TrackState::Live);
    harness.input(share(false));
    let outputs = harness.take_outputs();
    assert_eq!(released(&outputs), SHARED);
    assert_eq!(states(&harness), [TrackState::Off; 2]);
    let announced = harness.session.snapshot().local;
    assert_eq!(sent(&outputs), [&Request::Media(announced)]);
}

/// The browser shows a button of its own, which ends the track.
#[test]
fn screen_that_the_browser_ends_is_over_for_all() {
    let mut harness = sharing(TrackState::Live);
    harness.wait(10_000);
    harness.take_outputs();
    harness.input(Input::TrackEnded(Source::Screen));
    let outputs = harness.take_outputs();
    assert_eq!(released(&outputs), SHARED);
    assert_eq!(states(&harness), [TrackState::Off; 2]);
    assert!(
        !outputs
            .iter()
            .any(|it| matches!(it, Output::Acquire { .. }))
    );
}

#[test]
fn refused_screen_is_off() {
    let mut harness = in_room();
    harness.input(share(true));
    choose(&mut harness, CANCELLED, TrackState::Off);
    assert_eq!(states(&harness), [TrackState::Off; 2]);
    harness.take_outputs();
    harness.input(share(true));
    let outputs = harness.take_outputs();
    assert!(
        outputs
            .iter()
            .any(|it| matches!(it, Output::Acquire { .. }))
    );
}

#[test]
fn screen_that_is_stopped_while_the_person_chooses_is_released_once_it_is_there() {
    let mut harness = in_room();
    harness.input(share(true));
    harness.input(share(false));
    harness.take_outputs();
    choose(&mut harness, TrackState::Live, TrackState::Live);
    assert_eq!(released(&harness.take_outputs()), SHARED);
    assert_eq!(states(&harness), [TrackState::Off; 2]);
}

#[test]
fn sound_of_a_screen_can_be_muted() {
    let mut harness = sharing(TrackState::Live);
    let source = Source::ScreenAudio;
    harness.input(Input::Toggle { source, on: None });
    assert_eq!(states(&harness), [TrackState::Live, TrackState::Muted]);
}

#[test]
fn sound_of_a_screen_that_ends_leaves_the_picture() {
    let mut harness = sharing(TrackState::Live);
    harness.input(Input::TrackEnded(Source::ScreenAudio));
    assert_eq!(states(&harness), [TrackState::Live, TrackState::Off]);
}

#[test]
fn screen_is_not_shared_again_when_a_suspended_page_is_restored() {
    let mut harness = sharing(TrackState::Live);
    harness.input(Input::PageSuspended);
    harness.take_outputs();
    harness.input(Input::PageRestored);
    let outputs = harness.take_outputs();
    let asked = outputs.iter().any(
        |it| matches!(it, Output::Acquire { sources, .. } if sources.contains(&Source::Screen)),
    );
    assert!(!asked);
    assert_eq!(states(&harness), [TrackState::Off; 2]);
}

/// On a relay, only the received tracks show what a participant sends.
#[test]
fn received_screen_is_live_where_no_states_are_reported() {
    let mut harness = Harness::on_relay("me");
    let link = harness.accept_offer_from("you", "100");
    let screen = |harness: &Harness| {
        let participants = harness.session.snapshot().participants;
        participants[0].tracks.of(Source::Screen)
    };
    assert_eq!(screen(&harness), TrackState::Off);
    let received = vec![Source::Microphone, Source::Camera, Source::Screen];
    harness.report(link, LinkReport::TracksChanged(received));
    assert_eq!(screen(&harness), TrackState::Live);
    harness.report(link, LinkReport::TracksChanged(vec![Source::Microphone]));
    assert_eq!(screen(&harness), TrackState::Off);
}
