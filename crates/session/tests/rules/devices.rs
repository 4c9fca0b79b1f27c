use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::{Dialect, Request, Source, TrackState, UnavailableReason};
use videocalls_session::{Config, EndReason, Input, Notice, Output, SourceConfig, Supply, WhenOff};

use crate::harness::{DEVICE, Harness, notices, sent, welcome};

const CAMERA: Source = Source::Camera;
const FAILED: TrackState = TrackState::Unavailable(UnavailableReason::Failed);
const DENIED: TrackState = TrackState::Unavailable(UnavailableReason::PermissionDenied);

/// A session in a room, whose tracks are old enough not to count as short-lived.
fn in_room() -> Harness {
    let mut harness = Harness::in_room("me", &[]);
    harness.wait(1_000);
    harness.take_outputs();
    harness
}

fn with_camera(camera: SourceConfig) -> Harness {
    let mut harness = Harness::with(Config {
        camera,
        ..Harness::config(Rooms::default().capabilities(), "me")
    });
    harness.input(Input::Start);
    harness.input(Input::SignalingOpened);
    harness.event(welcome("me", &[], None));
    harness.answer(Source::Microphone, TrackState::Live);
    harness
}

fn with_camera_from(supply: Supply) -> Harness {
    with_camera(SourceConfig { supply, ..DEVICE })
}

/// A session in a room, without a camera for this reason.
fn without_camera(why: TrackState) -> Harness {
    let mut harness = with_camera(DEVICE);
    harness.answer(CAMERA, why);
    harness.take_outputs();
    harness
}

fn toggle(on: Option<bool>) -> Input {
    let source = CAMERA;
    Input::Toggle { source, on }
}

fn muted(muted: bool) -> Input {
    let source = CAMERA;
    Input::TrackMuted { source, muted }
}

/// The requested sources and the announced camera states since the outputs were last taken.
fn requested_and_announced(harness: &mut Harness) -> (Vec<Source>, Vec<TrackState>) {
    let outputs = harness.take_outputs();
    let announced = sent(&outputs)
        .into_iter()
        .filter_map(|request| match request {
            Request::Media(media) => Some(media.of(CAMERA)),
            _ => None,
        });
    let announced = announced.collect();
    let requested = outputs.iter().flat_map(|output| match output {
        Output::Acquire { sources, .. } => sources.clone(),
        _ => Vec::new(),
    });
    (requested.collect(), announced)
}

fn camera(harness: &Harness) -> TrackState {
    harness.session.snapshot().local.of(CAMERA)
}

#[test]
fn camera_that_is_off_is_released_and_requested_again() {
    let mut harness = in_room();
    harness.input(toggle(None));
    let outputs = harness.take_outputs();
    assert_eq!(outputs.first(), Some(&Output::Release(CAMERA)));
    assert_eq!(camera(&harness), TrackState::Off);
    harness.input(toggle(None));
    assert_eq!(requested_and_announced(&mut harness).0, [CAMERA]);
    assert_eq!(harness.session.wants(CAMERA), Some(true));
    harness.answer(CAMERA, TrackState::Live);
    assert_eq!(
        requested_and_announced(&mut harness),
        (vec![], vec![TrackState::Live])
    );
}

/// On a relay, nothing tells the others that a camera is off.
#[test]
fn unannounced_camera_sends_black_for_a_moment_before_it_is_released() {
    let mut harness = Harness::on_relay("me");
    harness.take_outputs();
    harness.input(toggle(None));
    let (source, on) = (CAMERA, false);
    assert_eq!(
        harness.take_outputs().first(),
        Some(&Output::SetEnabled { source, on })
    );
    harness.wait(299);
    assert_eq!(harness.take_outputs(), []);
    harness.wait(1);
    assert_eq!(harness.take_outputs(), [Output::Release(CAMERA)]);
    for on in [true, false, true] {
        harness.input(toggle(Some(on)));
    }
    harness.answer(CAMERA, TrackState::Live);
    harness.take_outputs();
    harness.wait(1_000);
    assert_eq!(harness.take_outputs(), [], "it is on again");
}

#[test]
fn camera_that_is_turned_off_while_requested_is_released_once_it_is_there() {
    let mut harness = in_room();
    for on in [false, true, false] {
        harness.input(toggle(Some(on)));
    }
    assert_eq!(requested_and_announced(&mut harness).0, [CAMERA]);
    harness.answer(CAMERA, TrackState::Live);
    assert!(harness.take_outputs().contains(&Output::Release(CAMERA)));
    assert_eq!(camera(&harness), TrackState::Off);
}

#[test]
fn camera_that_is_off_is_not_requested_when_a_device_appears() {
    let mut harness = in_room();
    harness.input(toggle(Some(false)));
    harness.take_outputs();
    harness.input(Input::DeviceAppeared(CAMERA));
    harness.input(Input::PermissionGranted(CAMERA));
    assert_eq!(requested_and_announced(&mut harness).0, []);
}

#[test]
fn lost_device_is_requested_again_and_announced() {
    let mut harness = in_room();
    harness.input(Input::TrackEnded(CAMERA));
    assert_eq!(
        requested_and_announced(&mut harness),
        (vec![CAMERA], vec![TrackState::Requested])
    );
    harness.answer(CAMERA, TrackState::Live);
    assert_eq!(
        requested_and_announced(&mut harness),
        (vec![], vec![TrackState::Live])
    );
    let microphone = harness.session.snapshot().local.of(Source::Microphone);
    assert_eq!(microphone, TrackState::Live);
}

#[test]
fn track_that_was_muted_stays_muted_when_its_device_comes_back() {
    for absence in [
        None,
        Some(TrackState::Unavailable(UnavailableReason::DeviceNotFound)),
    ] {
        let mut harness = with_camera(DEVICE);
        harness.answer(CAMERA, TrackState::Live);
        harness.wait(1_000);
        harness.input(toggle(Some(false)));
        harness.input(Input::TrackEnded(CAMERA));
        if let Some(why) = absence {
            harness.answer(CAMERA, why);
            harness.input(Input::DeviceAppeared(CAMERA));
        }
        harness.take_outputs();
        harness.answer(CAMERA, TrackState::Live);
        let off = |it: &Output| matches!(it, Output::SetEnabled { on: false, .. });
        assert!(harness.take_outputs().iter().any(off), "after {absence:?}");
        assert_eq!(harness.session.wants(CAMERA), Some(false));
    }
}

#[test]
fn device_that_fails_at_once_is_not_requested_again() {
    let mut harness = in_room();
    harness.input(Input::TrackEnded(CAMERA));
    harness.answer(CAMERA, TrackState::Live);
    harness.take_outputs();
    harness.input(Input::TrackEnded(CAMERA));
    assert_eq!(
        requested_and_announced(&mut harness),
        (vec![], vec![FAILED])
    );
    harness.input(Input::DeviceAppeared(CAMERA));
    assert_eq!(requested_and_announced(&mut harness).0, [CAMERA]);
}

#[test]
fn missing_device_is_requested_once_its_cause_is_gone() {
    use UnavailableReason::{DeviceInUse, DeviceNotFound, Failed, PermissionDenied};
    let (appeared, granted) = (
        Input::DeviceAppeared(CAMERA),
        Input::PermissionGranted(CAMERA),
    );
    for (why, cure, other) in [
        (PermissionDenied, &granted, &appeared),
        (DeviceNotFound, &appeared, &granted),
        (DeviceInUse, &appeared, &granted),
        (Failed, &appeared, &granted),
    ] {
        let mut harness = without_camera(TrackState::Unavailable(why));
        harness.input(other.clone());
        assert_eq!(
            requested_and_announced(&mut harness).0,
            [],
            "{why:?}, {other:?}"
        );
        harness.input(cure.clone());
        harness.input(cure.clone());
        assert_eq!(
            requested_and_announced(&mut harness).0,
            [CAMERA],
            "{why:?}, {cure:?}"
        );
        harness.input(cure.clone());
        harness.input(toggle(Some(true)));
        assert_eq!(
            requested_and_announced(&mut harness).0,
            [],
            "it is requested already"
        );
    }
}

#[test]
fn toggle_requests_a_missing_device_once() {
    for on in [None, Some(true)] {
        let mut harness = without_camera(DENIED);
        harness.input(toggle(Some(false)));
        assert_eq!(harness.session.wants(CAMERA), None);
        assert_eq!(requested_and_announced(&mut harness).0, []);
        harness.input(toggle(on));
        assert_eq!(harness.session.wants(CAMERA), Some(true));
        harness.input(toggle(Some(true)));
        assert_eq!(requested_and_announced(&mut harness).0, [CAMERA]);
        harness.answer(CAMERA, DENIED);
        assert_eq!(harness.session.wants(CAMERA), None);
        harness.input(toggle(on));
        assert_eq!(requested_and_announced(&mut harness).0, [CAMERA]);
    }
}

#[test]
fn track_of_the_page_is_muted_and_never_replaced_by_a_device() {
    let mut harness = with_camera(SourceConfig {
        supply: Supply::Page,
        when_off: WhenOff::Release,
        ..DEVICE
    });
    harness.answer(CAMERA, TrackState::Live);
    harness.wait(1_000);
    harness.input(toggle(None));
    assert_eq!(camera(&harness), TrackState::Muted);
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
    assert_eq!(requested_and_announced(&mut harness).0, []);
    assert_eq!(harness.session.wants(CAMERA), None);
    assert_eq!(camera(&harness), FAILED);
}

#[test]
fn track_is_awaited_only_under_the_token_of_its_last_request() {
    let mut harness = with_camera(DEVICE);
    let awaits = |harness: &Harness, token| harness.session.awaits(CAMERA, token);
    let first = harness.token_of(CAMERA);
    assert!(awaits(&harness, first));
    harness.answer(CAMERA, TrackState::Live);
    assert!(!awaits(&harness, first), "there is a track");
    harness.wait(1_000);
    harness.input(Input::TrackEnded(CAMERA));
    assert!(!awaits(&harness, first), "this request is over");
    let second = harness.token_of(CAMERA);
    assert!(awaits(&harness, second));
    harness.input(Input::PageSuspended);
    assert!(!awaits(&harness, second), "the page is suspended");
    harness.input(Input::PageRestored);
    let third = harness.token_of(CAMERA);
    assert!(!awaits(&harness, second) && awaits(&harness, third));
    harness.input(Input::End(EndReason::Left));
    assert!(!awaits(&harness, third), "the call is over");
}

#[test]
fn late_answer_to_an_old_request_is_ignored() {
    let mut harness = in_room();
    let token = harness.token_of(CAMERA);
    for on in [false, true] {
        harness.input(toggle(Some(on)));
    }
    let answers = vec![(CAMERA, DENIED)];
    harness.input(Input::TracksSettled { token, answers });
    assert_eq!(camera(&harness), TrackState::Requested);
}

#[test]
fn track_muted_by_the_system_for_5_seconds_is_announced_as_interrupted() {
    let mut harness = in_room();
    harness.input(muted(true));
    harness.wait(4_900);
    harness.input(muted(false));
    harness.wait(4_900);
    harness.input(muted(true));
    harness.wait(4_900);
    assert_eq!(requested_and_announced(&mut harness).1, []);
    harness.wait(100);
    assert_eq!(
        requested_and_announced(&mut harness).1,
        [TrackState::Unavailable(UnavailableReason::Interrupted)]
    );
    assert_eq!(harness.session.wants(CAMERA), Some(true));
    harness.input(muted(false));
    assert_eq!(requested_and_announced(&mut harness).1, [TrackState::Live]);
}

#[test]
fn new_track_is_not_muted_by_the_system_mute_of_the_old_one() {
    let mut harness = in_room();
    harness.input(muted(true));
    harness.input(Input::TrackEnded(CAMERA));
    harness.answer(CAMERA, TrackState::Live);
    harness.wait(10_000);
    assert_eq!(camera(&harness), TrackState::Live);
}

#[test]
fn unanswered_prompt_is_notified_once() {
    let prompt_pending =
        |harness: &mut Harness| notices(&harness.take_outputs()).contains(&&Notice::MediaPending);
    let mut harness = with_camera_from(Supply::Device);
    harness.wait(4_900);
    assert!(!prompt_pending(&mut harness));
    harness.wait(100);
    assert!(prompt_pending(&mut harness));
    harness.wait(60_000);
    assert!(!prompt_pending(&mut harness));

    let mut answered = with_camera_from(Supply::Page);
    answered.wait(60_000);
    assert!(
        !prompt_pending(&mut answered),
        "the page is not a browser prompt"
    );
    assert_eq!(camera(&answered), TrackState::Requested);
    answered.answer(CAMERA, TrackState::Live);
    assert_eq!(camera(&answered), TrackState::Live);
}
