use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::{Dialect, MediaState, Request, TrackState};
use videocalls_session::{Config, EndReason, Input, Notice, Output, Source, TrackKind};

use crate::desk::{Desk, LIVE, media, notices, sent, welcome};

const CAMERA: TrackKind = TrackKind::Video;
const ASKED: MediaState = media(TrackState::NotRequested, TrackState::Pending);

/// In a room, for so long that what ends was not short-lived.
fn in_room() -> Desk {
    let mut desk = Desk::in_room("me", &[]);
    desk.wait(1_000);
    desk.look();
    desk
}

fn with_camera_from(source: Source) -> Desk {
    let mut desk = Desk::with(Config {
        video: source,
        ..Desk::config(Rooms::default().capabilities(), "me")
    });
    desk.input(Input::Start);
    desk.input(Input::SignalingOpened);
    desk.event(welcome("me", &[], None));
    desk
}

/// In a room, without a camera for this reason.
fn without_camera(why: TrackState) -> Desk {
    let mut desk = with_camera_from(Source::Device);
    desk.input(settled(why));
    desk.look();
    desk
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
fn asked_and_told(desk: &mut Desk) -> (Vec<MediaState>, Vec<TrackState>) {
    let said = desk.look();
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

fn camera(desk: &Desk) -> TrackState {
    desk.session.snapshot().camera
}

#[test]
fn a_device_that_goes_away_is_asked_for_again_and_the_room_is_told() {
    let mut desk = in_room();
    desk.input(Input::TrackEnded(CAMERA));
    assert_eq!(
        asked_and_told(&mut desk),
        (vec![ASKED], vec![TrackState::Pending])
    );
    desk.input(settled(TrackState::Live));
    assert_eq!(asked_and_told(&mut desk), (vec![], vec![TrackState::Live]));
    assert_eq!(desk.session.snapshot().microphone, TrackState::Live);
}

#[test]
fn what_was_off_when_its_device_went_is_off_when_it_comes_back() {
    for absence in [None, Some(TrackState::DeviceNotFound)] {
        let mut desk = in_room();
        desk.input(toggle(Some(false)));
        let token = desk.look().iter().find_map(|output| match output {
            Output::SetTrack { token, .. } => Some(*token),
            _ => None,
        });
        let token = token.expect("the camera is turned off");
        let kind = CAMERA;
        desk.input(Input::TrackSet { kind, token });
        desk.input(Input::TrackEnded(CAMERA));
        if let Some(why) = absence {
            desk.input(settled(why));
            desk.input(Input::DeviceAppeared(CAMERA));
        }
        desk.look();
        desk.input(settled(TrackState::Live));
        let off = |it: &Output| matches!(it, Output::SetTrack { on: false, .. });
        assert!(desk.look().iter().any(off), "after {absence:?}");
        assert_eq!(desk.session.wants(CAMERA), Some(false));
    }
}

#[test]
fn a_device_that_fails_at_once_is_not_asked_for_for_ever() {
    let mut desk = in_room();
    desk.input(Input::TrackEnded(CAMERA));
    desk.input(settled(TrackState::Live));
    desk.look();
    desk.input(Input::TrackEnded(CAMERA));
    assert_eq!(
        asked_and_told(&mut desk),
        (vec![], vec![TrackState::Unavailable])
    );
    desk.input(Input::DeviceAppeared(CAMERA));
    assert_eq!(asked_and_told(&mut desk).0, [ASKED]);
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
        let mut desk = without_camera(why);
        desk.input(other.clone());
        assert_eq!(asked_and_told(&mut desk).0, [], "{why:?}, {other:?}");
        desk.input(cure.clone());
        desk.input(cure.clone());
        assert_eq!(asked_and_told(&mut desk).0, [ASKED], "{why:?}, {cure:?}");
        desk.input(cure.clone());
        desk.input(toggle(Some(true)));
        assert_eq!(asked_and_told(&mut desk).0, [], "one question at a time");
    }
}

#[test]
fn a_toggle_asks_for_what_is_missing_once_at_a_time() {
    for on in [None, Some(true)] {
        let mut desk = without_camera(TrackState::PermissionDenied);
        desk.input(toggle(Some(false)));
        assert_eq!(desk.session.wants(CAMERA), None);
        assert_eq!(asked_and_told(&mut desk).0, []);
        desk.input(toggle(on));
        assert_eq!(desk.session.wants(CAMERA), Some(true));
        desk.input(toggle(Some(true)));
        assert_eq!(asked_and_told(&mut desk).0, [ASKED]);
        desk.input(settled(TrackState::PermissionDenied));
        assert_eq!(desk.session.wants(CAMERA), None);
        desk.input(toggle(on));
        assert_eq!(asked_and_told(&mut desk).0, [ASKED]);
    }
}

#[test]
fn what_the_page_brings_is_never_replaced_by_a_device() {
    for source in [Source::Page, Source::Nothing] {
        let mut desk = with_camera_from(source);
        desk.input(settled(TrackState::Live));
        desk.wait(1_000);
        desk.look();
        for input in [
            Input::TrackEnded(CAMERA),
            Input::DeviceAppeared(CAMERA),
            Input::PermissionGranted(CAMERA),
            toggle(None),
            toggle(Some(true)),
        ] {
            desk.input(input);
        }
        assert_eq!(asked_and_told(&mut desk).0, []);
        assert_eq!(desk.session.wants(CAMERA), None);
        let state = match source {
            Source::Page => TrackState::Unavailable,
            _ => TrackState::NotRequested,
        };
        assert_eq!(camera(&desk), state);
    }
}

#[test]
fn what_comes_when_nobody_waits_for_it_is_to_be_given_back() {
    let mut desk = with_camera_from(Source::Device);
    assert!(desk.session.awaits(CAMERA));
    desk.input(settled(TrackState::Live));
    assert!(!desk.session.awaits(CAMERA), "there is one");
    desk.wait(1_000);
    desk.input(Input::TrackEnded(CAMERA));
    assert!(desk.session.awaits(CAMERA));
    desk.input(Input::Sleep);
    assert!(!desk.session.awaits(CAMERA), "nobody sees the page");
    desk.input(Input::Wake);
    assert!(desk.session.awaits(CAMERA));
    desk.input(Input::End(EndReason::Left));
    assert!(!desk.session.awaits(CAMERA), "it is over");
}

#[test]
fn what_the_system_silences_for_long_is_told_and_what_it_gives_back_too() {
    let mut desk = in_room();
    desk.input(muted(true));
    desk.wait(4_900);
    desk.input(muted(false));
    desk.wait(4_900);
    desk.input(muted(true));
    desk.wait(4_900);
    assert_eq!(asked_and_told(&mut desk).1, []);
    desk.wait(100);
    assert_eq!(asked_and_told(&mut desk).1, [TrackState::Unavailable]);
    assert_eq!(desk.session.wants(CAMERA), Some(true));
    desk.input(muted(false));
    assert_eq!(asked_and_told(&mut desk).1, [TrackState::Live]);
}

#[test]
fn a_new_track_is_not_silenced_by_the_one_before() {
    let mut desk = in_room();
    desk.input(muted(true));
    desk.input(Input::TrackEnded(CAMERA));
    desk.input(settled(TrackState::Live));
    desk.wait(10_000);
    assert_eq!(camera(&desk), TrackState::Live);
}

#[test]
fn who_does_not_answer_the_browser_is_told_so_once() {
    let said = |desk: &mut Desk| notices(&desk.look()).contains(&&Notice::MediaPending);
    let mut desk = with_camera_from(Source::Device);
    desk.wait(4_900);
    assert!(!said(&mut desk));
    desk.wait(100);
    assert!(said(&mut desk));
    desk.wait(60_000);
    assert!(!said(&mut desk));

    let mut answered = with_camera_from(Source::Page);
    let first = media(TrackState::Live, TrackState::Pending);
    answered.input(Input::MediaSettled(first));
    answered.wait(60_000);
    assert!(!said(&mut answered), "the page is not the browser");
    assert_eq!(camera(&answered), TrackState::Pending);
    answered.input(Input::MediaSettled(LIVE));
    assert_eq!(camera(&answered), TrackState::Live);
}
