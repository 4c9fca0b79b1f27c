use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::{Dialect, MediaState, Request, TrackState};
use videocalls_session::{Config, EndReason, Input, Notice, Output, Source, TrackKind};

use crate::harness::{Harness, LIVE, media, notices, sent, welcome};

const CAMERA: TrackKind = TrackKind::Video;
const ASKED: MediaState = media(TrackState::NotRequested, TrackState::Pending);

/// In a room, for so long that what ends was not short-lived.
fn in_room() -> Harness {
    let mut harness = Harness::in_room("me", &[]);
    harness.wait(1_000);
    harness.take_outputs();
    harness
}

fn with_camera_from(source: Source) -> Harness {
    let mut harness = Harness::with(Config {
        video: source,
        ..Harness::config(Rooms::default().capabilities(), "me")
    });
    harness.input(Input::Start);
    harness.input(Input::SignalingOpened);
    harness.event(welcome("me", &[], None));
    harness
}

/// In a room, without a camera for this reason.
fn without_camera(why: TrackState) -> Harness {
    let mut harness = with_camera_from(Source::Device);
    harness.input(settled(why));
    harness.take_outputs();
    harness
}

fn settled(camera: TrackState) -> Input {
    Input::MediaSettled(media(TrackState::Live, camera))
}

fn toggle(on: Option<bool>) -> Input {
    let kind = CAMERA;
    Input::Toggle { kind, on }
}

fn muted(muted: bool) -> Input {
    let kind = CAMERA;
    Input::TrackMuted { kind, muted }
}

/// What was asked of the browser since the last look, and what the room was told.
fn asked_and_told(harness: &mut Harness) -> (Vec<MediaState>, Vec<TrackState>) {
    let said = harness.take_outputs();
    let told = sent(&said).into_iter().filter_map(|request| match request {
        Request::Media(media) => Some(media.video),
        _ => None,
    });
    let told = told.collect();
    let asked = said.iter().filter_map(|output| match output {
        Output::AcquireMedia(media) => Some(*media),
        _ => None,
    });
    (asked.collect(), told)
}

fn camera(harness: &Harness) -> TrackState {
    harness.session.snapshot().camera
}

#[test]
fn a_device_that_goes_away_is_asked_for_again_and_the_room_is_told() {
    let mut harness = in_room();
    harness.input(Input::TrackEnded(CAMERA));
    assert_eq!(
        asked_and_told(&mut harness),
        (vec![ASKED], vec![TrackState::Pending])
    );
    harness.input(settled(TrackState::Live));
    assert_eq!(
        asked_and_told(&mut harness),
        (vec![], vec![TrackState::Live])
    );
    assert_eq!(harness.session.snapshot().microphone, TrackState::Live);
}

#[test]
fn what_was_off_when_its_device_went_is_off_when_it_comes_back() {
    for absence in [None, Some(TrackState::DeviceNotFound)] {
        let mut harness = in_room();
        harness.input(toggle(Some(false)));
        let token = harness
            .take_outputs()
            .iter()
            .find_map(|output| match output {
                Output::SetTrack { token, .. } => Some(*token),
                _ => None,
            });
        let token = token.expect("the camera is turned off");
        let kind = CAMERA;
        harness.input(Input::TrackSet { kind, token });
        harness.input(Input::TrackEnded(CAMERA));
        if let Some(why) = absence {
            harness.input(settled(why));
            harness.input(Input::DeviceAppeared(CAMERA));
        }
        harness.take_outputs();
        harness.input(settled(TrackState::Live));
        let off = |it: &Output| matches!(it, Output::SetTrack { on: false, .. });
        assert!(harness.take_outputs().iter().any(off), "after {absence:?}");
        assert_eq!(harness.session.wants(CAMERA), Some(false));
    }
}

#[test]
fn a_device_that_fails_at_once_is_not_asked_for_for_ever() {
    let mut harness = in_room();
    harness.input(Input::TrackEnded(CAMERA));
    harness.input(settled(TrackState::Live));
    harness.take_outputs();
    harness.input(Input::TrackEnded(CAMERA));
    assert_eq!(
        asked_and_told(&mut harness),
        (vec![], vec![TrackState::Unavailable])
    );
    harness.input(Input::DeviceAppeared(CAMERA));
    assert_eq!(asked_and_told(&mut harness).0, [ASKED]);
}

#[test]
fn what_is_missing_is_asked_for_when_it_can_be_had_and_no_sooner() {
    use TrackState::{DeviceInUse, DeviceNotFound, PermissionDenied, Unavailable};
    let (appeared, granted) = (
        Input::DeviceAppeared(CAMERA),
        Input::PermissionGranted(CAMERA),
    );
    for (why, cure, other) in [
        (PermissionDenied, &granted, &appeared),
        (DeviceNotFound, &appeared, &granted),
        (DeviceInUse, &appeared, &granted),
        (Unavailable, &appeared, &granted),
    ] {
        let mut harness = without_camera(why);
        harness.input(other.clone());
        assert_eq!(asked_and_told(&mut harness).0, [], "{why:?}, {other:?}");
        harness.input(cure.clone());
        harness.input(cure.clone());
        assert_eq!(asked_and_told(&mut harness).0, [ASKED], "{why:?}, {cure:?}");
        harness.input(cure.clone());
        harness.input(toggle(Some(true)));
        assert_eq!(asked_and_told(&mut harness).0, [], "one question at a time");
    }
}

#[test]
fn a_toggle_asks_for_what_is_missing_once_at_a_time() {
    for on in [None, Some(true)] {
        let mut harness = without_camera(TrackState::PermissionDenied);
        harness.input(toggle(Some(false)));
        assert_eq!(harness.session.wants(CAMERA), None);
        assert_eq!(asked_and_told(&mut harness).0, []);
        harness.input(toggle(on));
        assert_eq!(harness.session.wants(CAMERA), Some(true));
        harness.input(toggle(Some(true)));
        assert_eq!(asked_and_told(&mut harness).0, [ASKED]);
        harness.input(settled(TrackState::PermissionDenied));
        assert_eq!(harness.session.wants(CAMERA), None);
        harness.input(toggle(on));
        assert_eq!(asked_and_told(&mut harness).0, [ASKED]);
    }
}

#[test]
fn what_the_page_brings_is_never_replaced_by_a_device() {
    for source in [Source::Page, Source::Nothing] {
        let mut harness = with_camera_from(source);
        harness.input(settled(TrackState::Live));
        harness.wait(1_000);
        harness.take_outputs();
        for input in [
            Input::TrackEnded(CAMERA),
            Input::DeviceAppeared(CAMERA),
            Input::PermissionGranted(CAMERA),
            toggle(None),
            toggle(Some(true)),
        ] {
            harness.input(input);
        }
        assert_eq!(asked_and_told(&mut harness).0, []);
        assert_eq!(harness.session.wants(CAMERA), None);
        let state = match source {
            Source::Page => TrackState::Unavailable,
            _ => TrackState::NotRequested,
        };
        assert_eq!(camera(&harness), state);
    }
}

#[test]
fn what_comes_when_nobody_waits_for_it_is_to_be_given_back() {
    let mut harness = with_camera_from(Source::Device);
    assert!(harness.session.awaits(CAMERA));
    harness.input(settled(TrackState::Live));
    assert!(!harness.session.awaits(CAMERA), "there is one");
    harness.wait(1_000);
    harness.input(Input::TrackEnded(CAMERA));
    assert!(harness.session.awaits(CAMERA));
    harness.input(Input::PageSuspended);
    assert!(!harness.session.awaits(CAMERA), "nobody sees the page");
    harness.input(Input::PageRestored);
    assert!(harness.session.awaits(CAMERA));
    harness.input(Input::End(EndReason::Left));
    assert!(!harness.session.awaits(CAMERA), "it is over");
}

#[test]
fn what_the_system_silences_for_long_is_told_and_what_it_gives_back_too() {
    let mut harness = in_room();
    harness.input(muted(true));
    harness.wait(4_900);
    harness.input(muted(false));
    harness.wait(4_900);
    harness.input(muted(true));
    harness.wait(4_900);
    assert_eq!(asked_and_told(&mut harness).1, []);
    harness.wait(100);
    assert_eq!(asked_and_told(&mut harness).1, [TrackState::Unavailable]);
    assert_eq!(harness.session.wants(CAMERA), Some(true));
    harness.input(muted(false));
    assert_eq!(asked_and_told(&mut harness).1, [TrackState::Live]);
}

#[test]
fn a_new_track_is_not_silenced_by_the_one_before() {
    let mut harness = in_room();
    harness.input(muted(true));
    harness.input(Input::TrackEnded(CAMERA));
    harness.input(settled(TrackState::Live));
    harness.wait(10_000);
    assert_eq!(camera(&harness), TrackState::Live);
}

#[test]
fn who_does_not_answer_the_browser_is_told_so_once() {
    let said =
        |harness: &mut Harness| notices(&harness.take_outputs()).contains(&&Notice::MediaPending);
    let mut harness = with_camera_from(Source::Device);
    harness.wait(4_900);
    assert!(!said(&mut harness));
    harness.wait(100);
    assert!(said(&mut harness));
    harness.wait(60_000);
    assert!(!said(&mut harness));

    let mut answered = with_camera_from(Source::Page);
    let first = media(TrackState::Live, TrackState::Pending);
    answered.input(Input::MediaSettled(first));
    answered.wait(60_000);
    assert!(!said(&mut answered), "the page is not the browser");
    assert_eq!(camera(&answered), TrackState::Pending);
    answered.input(Input::MediaSettled(LIVE));
    assert_eq!(camera(&answered), TrackState::Live);
}
