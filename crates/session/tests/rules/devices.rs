use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::{Dialect, MediaState, Request, TrackState};
use videocalls_session::{Config, EndReason, Input, Notice, Output, Source, TrackKind};

use crate::harness::{Harness, LIVE, media, notices, sent, welcome};

const CAMERA: TrackKind = TrackKind::Video;
const REQUESTED: MediaState = media(TrackState::NotRequested, TrackState::Pending);

/// A session in a room, whose tracks are old enough not to count as short-lived.
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

/// A session in a room, without a camera for this reason.
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

/// The device requests and the announced camera states since the outputs were last taken.
fn requested_and_announced(harness: &mut Harness) -> (Vec<MediaState>, Vec<TrackState>) {
    let outputs = harness.take_outputs();
    let announced = sent(&outputs)
        .into_iter()
        .filter_map(|request| match request {
            Request::Media(media) => Some(media.video),
            _ => None,
        });
    let announced = announced.collect();
    let requested = outputs.iter().filter_map(|output| match output {
        Output::AcquireMedia(media) => Some(*media),
        _ => None,
    });
    (requested.collect(), announced)
}

fn camera(harness: &Harness) -> TrackState {
    harness.session.snapshot().camera
}

#[test]
fn lost_device_is_requested_again_and_announced() {
    let mut harness = in_room();
    harness.input(Input::TrackEnded(CAMERA));
    assert_eq!(
        requested_and_announced(&mut harness),
        (vec![REQUESTED], vec![TrackState::Pending])
    );
    harness.input(settled(TrackState::Live));
    assert_eq!(
        requested_and_announced(&mut harness),
        (vec![], vec![TrackState::Live])
    );
    assert_eq!(harness.session.snapshot().microphone, TrackState::Live);
}

#[test]
fn track_that_was_off_stays_off_when_its_device_comes_back() {
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
        let token = token.expect("the camera is set to off");
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
fn device_that_fails_at_once_is_not_requested_again() {
    let mut harness = in_room();
    harness.input(Input::TrackEnded(CAMERA));
    harness.input(settled(TrackState::Live));
    harness.take_outputs();
    harness.input(Input::TrackEnded(CAMERA));
    assert_eq!(
        requested_and_announced(&mut harness),
        (vec![], vec![TrackState::Unavailable])
    );
    harness.input(Input::DeviceAppeared(CAMERA));
    assert_eq!(requested_and_announced(&mut harness).0, [REQUESTED]);
}

#[test]
fn missing_device_is_requested_once_its_cause_is_gone() {
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
        assert_eq!(
            requested_and_announced(&mut harness).0,
            [],
            "{why:?}, {other:?}"
        );
        harness.input(cure.clone());
        harness.input(cure.clone());
        assert_eq!(
            requested_and_announced(&mut harness).0,
            [REQUESTED],
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
        let mut harness = without_camera(TrackState::PermissionDenied);
        harness.input(toggle(Some(false)));
        assert_eq!(harness.session.wants(CAMERA), None);
        assert_eq!(requested_and_announced(&mut harness).0, []);
        harness.input(toggle(on));
        assert_eq!(harness.session.wants(CAMERA), Some(true));
        harness.input(toggle(Some(true)));
        assert_eq!(requested_and_announced(&mut harness).0, [REQUESTED]);
        harness.input(settled(TrackState::PermissionDenied));
        assert_eq!(harness.session.wants(CAMERA), None);
        harness.input(toggle(on));
        assert_eq!(requested_and_announced(&mut harness).0, [REQUESTED]);
    }
}

#[test]
fn track_of_the_page_is_never_replaced_by_a_device() {
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
        assert_eq!(requested_and_announced(&mut harness).0, []);
        assert_eq!(harness.session.wants(CAMERA), None);
        let state = match source {
            Source::Page => TrackState::Unavailable,
            _ => TrackState::NotRequested,
        };
        assert_eq!(camera(&harness), state);
    }
}

#[test]
fn track_is_awaited_only_while_pending_in_an_active_call() {
    let mut harness = with_camera_from(Source::Device);
    assert!(harness.session.awaits(CAMERA));
    harness.input(settled(TrackState::Live));
    assert!(!harness.session.awaits(CAMERA), "there is a track");
    harness.wait(1_000);
    harness.input(Input::TrackEnded(CAMERA));
    assert!(harness.session.awaits(CAMERA));
    harness.input(Input::PageSuspended);
    assert!(!harness.session.awaits(CAMERA), "the page is suspended");
    harness.input(Input::PageRestored);
    assert!(harness.session.awaits(CAMERA));
    harness.input(Input::End(EndReason::Left));
    assert!(!harness.session.awaits(CAMERA), "the call is over");
}

#[test]
fn track_muted_by_the_system_for_5_seconds_is_announced_as_unavailable() {
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
        [TrackState::Unavailable]
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
    harness.input(settled(TrackState::Live));
    harness.wait(10_000);
    assert_eq!(camera(&harness), TrackState::Live);
}

#[test]
fn unanswered_prompt_is_notified_once() {
    let prompt_pending =
        |harness: &mut Harness| notices(&harness.take_outputs()).contains(&&Notice::MediaPending);
    let mut harness = with_camera_from(Source::Device);
    harness.wait(4_900);
    assert!(!prompt_pending(&mut harness));
    harness.wait(100);
    assert!(prompt_pending(&mut harness));
    harness.wait(60_000);
    assert!(!prompt_pending(&mut harness));

    let mut answered = with_camera_from(Source::Page);
    let first = media(TrackState::Live, TrackState::Pending);
    answered.input(Input::MediaSettled(first));
    answered.wait(60_000);
    assert!(
        !prompt_pending(&mut answered),
        "the page is not a browser prompt"
    );
    assert_eq!(camera(&answered), TrackState::Pending);
    answered.input(Input::MediaSettled(LIVE));
    assert_eq!(camera(&answered), TrackState::Live);
}
