use std::time::Duration;

use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::{
    Capabilities, Dialect, MediaState, Request, Source, TrackState, UnavailableReason,
};
use videocalls_session::{
    Config, InitialState, Input, LinkOp, Output, SourceConfig, Supply, WhenOff,
};

use crate::harness::{DEVICE, Harness, media, ops, sent, welcome};

const MICROPHONE: Source = Source::Microphone;

fn toggle(on: Option<bool>) -> Input {
    let source = MICROPHONE;
    Input::Toggle { source, on }
}

fn rooms() -> Capabilities {
    Rooms::default().capabilities()
}

/// A session in a room whose microphone begins like this.
fn with_microphone(initially: InitialState) -> Harness {
    let mut harness = Harness::with(Config {
        microphone: SourceConfig {
            initially,
            ..DEVICE
        },
        ..Harness::config(rooms(), "me")
    });
    harness.input(Input::Start);
    harness.input(Input::SignalingOpened);
    harness.event(welcome("me", &[], None));
    harness
}

/// The states to which tracks were enabled or disabled since the outputs were last taken.
fn enabled(harness: &mut Harness) -> Vec<bool> {
    let outputs = harness.take_outputs();
    let enabled = outputs.iter().filter_map(|output| match output {
        Output::SetEnabled { on, .. } => Some(*on),
        _ => None,
    });
    enabled.collect()
}

fn microphone(harness: &Harness) -> TrackState {
    harness.session.snapshot().local.of(MICROPHONE)
}

#[test]
fn toggle_before_the_start_takes_effect_once_there_is_a_microphone() {
    let mut harness = Harness::new(rooms(), "me");
    harness.input(toggle(Some(false)));
    harness.input(Input::Start);
    assert_eq!(harness.session.wants(MICROPHONE), Some(false));
    harness.devices_answer();
    assert_eq!(enabled(&mut harness), [false]);
    assert_eq!(microphone(&harness), TrackState::Muted);
}

#[test]
fn microphone_turned_on_before_the_start_is_requested_at_the_start() {
    let mut harness = Harness::with(Config {
        microphone: SourceConfig {
            initially: InitialState::Off,
            ..DEVICE
        },
        ..Harness::config(rooms(), "me")
    });
    harness.input(toggle(Some(true)));
    assert_eq!(harness.take_outputs(), []);
    assert_eq!(harness.session.next_timeout(), None);
    harness.input(Input::Start);
    harness.devices_answer();
    assert_eq!(microphone(&harness), TrackState::Live);
}

#[test]
fn toggle_while_requested_takes_effect_once_there_is_a_microphone() {
    let mut harness = Harness::new(rooms(), "me");
    harness.input(Input::Start);
    harness.input(toggle(None));
    assert_eq!(enabled(&mut harness), [false; 0], "there is no track yet");
    assert_eq!(microphone(&harness), TrackState::Requested);
    harness.devices_answer();
    assert_eq!(enabled(&mut harness), [false]);
}

#[test]
fn track_turned_off_while_requested_is_never_announced_as_on() {
    let mut harness = with_microphone(InitialState::On);
    harness.answer(Source::Camera, TrackState::Live);
    harness.take_outputs();
    harness.input(toggle(Some(false)));
    harness.answer(MICROPHONE, TrackState::Live);
    let off = Request::Media(media(TrackState::Muted, TrackState::Live));
    assert_eq!(sent(&harness.take_outputs()), [&off]);
}

#[test]
fn toggle_is_announced_after_the_track_is_disabled() {
    let mut harness = Harness::in_room("me", &[]);
    harness.take_outputs();
    harness.input(toggle(None));
    let outputs = harness.take_outputs();
    let (source, on) = (MICROPHONE, false);
    assert_eq!(outputs.first(), Some(&Output::SetEnabled { source, on }));
    let announced = Request::Media(media(TrackState::Muted, TrackState::Live));
    assert_eq!(sent(&outputs), [&announced]);
}

#[test]
fn fast_toggles_end_in_the_state_last_asked_for() {
    for clicks in [9, 10] {
        let mut harness = Harness::in_room("me", &[]);
        harness.take_outputs();
        (0..clicks).for_each(|_| harness.input(toggle(None)));
        let on = clicks % 2 == 0;
        assert_eq!(enabled(&mut harness).last(), Some(&on));
        assert_eq!(harness.session.wants(MICROPHONE), Some(on));
        let state = if on {
            TrackState::Live
        } else {
            TrackState::Muted
        };
        assert_eq!(microphone(&harness), state);
    }
}

#[test]
fn microphone_that_begins_off_is_requested_by_the_first_toggle() {
    let mut harness = with_microphone(InitialState::Off);
    assert_eq!(microphone(&harness), TrackState::Off);
    assert_eq!(harness.session.wants(MICROPHONE), Some(false));
    harness.take_outputs();
    harness.input(toggle(Some(true)));
    let (token, sources) = (harness.token_of(MICROPHONE), vec![MICROPHONE]);
    let outputs = harness.take_outputs();
    assert!(outputs.contains(&Output::Acquire { token, sources }));
    harness.answer(MICROPHONE, TrackState::Live);
    assert_eq!(microphone(&harness), TrackState::Live);
}

#[test]
fn microphone_that_begins_muted_is_requested_and_muted() {
    let mut harness = with_microphone(InitialState::Muted);
    assert_eq!(microphone(&harness), TrackState::Requested);
    harness.devices_answer();
    assert_eq!(enabled(&mut harness), [false]);
    assert_eq!(microphone(&harness), TrackState::Muted);
}

#[test]
fn call_that_begins_with_everything_off_asks_for_nothing() {
    let off = SourceConfig {
        initially: InitialState::Off,
        ..DEVICE
    };
    let mut harness = Harness::with(Config {
        microphone: off,
        camera: off,
        ..Harness::config(rooms(), "me")
    });
    harness.input(Input::Start);
    harness.input(Input::SignalingOpened);
    let outputs = harness.take_outputs();
    assert!(
        !outputs
            .iter()
            .any(|it| matches!(it, Output::Acquire { .. }))
    );
    let Some(Request::Join(join)) = sent(&outputs).first().copied() else {
        panic!("it joins: {outputs:?}");
    };
    assert_eq!(join.media, MediaState::default());
}

#[test]
fn refused_devices_do_not_end_the_call() {
    let microphone = TrackState::Unavailable(UnavailableReason::PermissionDenied);
    let camera = TrackState::Unavailable(UnavailableReason::DeviceNotFound);
    let mut late = Harness::new(rooms(), "me");
    late.input(Input::Start);
    late.answer(Source::Microphone, microphone);
    late.answer(Source::Camera, camera);
    late.take_outputs();
    late.input(Input::SignalingOpened);
    let outputs = late.take_outputs();
    let Some(Request::Join(join)) = sent(&outputs).first().copied() else {
        panic!("it joins: {outputs:?}");
    };
    assert_eq!(join.media, media(microphone, camera));
}

#[test]
fn receive_only_call_requests_no_device_and_still_links() {
    let nothing = SourceConfig {
        supply: Supply::Nothing,
        initially: InitialState::On,
        when_off: WhenOff::Keep,
    };
    let mut harness = Harness::with(Config {
        capabilities: rooms(),
        room: None,
        name: None,
        token: None,
        own_id: None,
        microphone: nothing,
        camera: nothing,
        patience: Duration::ZERO,
        seed: 7,
        measures: true,
    });
    harness.input(Input::Start);
    harness.input(toggle(Some(true)));
    let outputs = harness.take_outputs();
    assert!(
        !outputs
            .iter()
            .any(|it| matches!(it, Output::Acquire { .. } | Output::SetEnabled { .. }))
    );
    assert!(
        ops(&outputs)
            .iter()
            .any(|(_, op)| matches!(op, LinkOp::CreateOffer { .. }))
    );
    harness.input(Input::SignalingOpened);
    harness.event(welcome("me", &["you"], None));
    assert_eq!(harness.participants(), ["you"]);
    assert_eq!(microphone(&harness), TrackState::Off);
    assert_eq!(harness.session.wants(MICROPHONE), None);
}
