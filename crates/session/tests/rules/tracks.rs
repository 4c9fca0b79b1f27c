use std::time::Duration;

use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::{Dialect, Request, TrackState};
use videocalls_session::{Config, Input, LinkOp, Muted, Output, Source, TrackKind};

use crate::harness::{Harness, LIVE, media, ops, sent, welcome};

fn toggle(on: Option<bool>) -> Input {
    let kind = TrackKind::Audio;
    Input::Toggle { kind, on }
}

/// Reports each `SetTrack` as carried out, and returns the states that were set.
fn set_tracks(harness: &mut Harness) -> Vec<bool> {
    let mut states = Vec::new();
    loop {
        let requests: Vec<_> = harness.take_outputs();
        let requests = requests.iter().filter_map(|output| match output {
            Output::SetTrack { kind, on, token } => Some((*kind, *on, *token)),
            _ => None,
        });
        let requests: Vec<_> = requests.collect();
        if requests.is_empty() {
            return states;
        }
        for (kind, on, token) in requests {
            states.push(on);
            harness.input(Input::TrackSet { kind, token });
        }
    }
}

fn microphone(harness: &Harness) -> TrackState {
    harness.session.snapshot().microphone
}

#[test]
fn toggle_before_the_start_takes_effect_once_there_is_a_microphone() {
    let mut harness = Harness::new(Rooms::default().capabilities(), "me");
    harness.input(toggle(Some(false)));
    harness.input(Input::Start);
    assert_eq!(harness.session.wants(TrackKind::Audio), Some(false));
    harness.input(Input::MediaSettled(LIVE));
    assert_eq!(set_tracks(&mut harness), [false]);
    assert_eq!(microphone(&harness), TrackState::Muted);
}

#[test]
fn toggle_while_pending_takes_effect_once_there_is_a_microphone() {
    let mut harness = Harness::new(Rooms::default().capabilities(), "me");
    harness.input(Input::Start);
    harness.input(toggle(None));
    assert_eq!(
        set_tracks(&mut harness),
        [false; 0],
        "there is no track yet"
    );
    assert_eq!(microphone(&harness), TrackState::Pending);
    harness.input(Input::MediaSettled(LIVE));
    assert_eq!(set_tracks(&mut harness), [false]);
}

#[test]
fn track_turned_off_while_pending_is_never_announced_as_on() {
    let mut harness = Harness::new(Rooms::default().capabilities(), "me");
    harness.input(Input::Start);
    harness.input(Input::SignalingOpened);
    harness.event(welcome("me", &[], None));
    harness.take_outputs();
    harness.input(toggle(Some(false)));
    harness.input(Input::MediaSettled(LIVE));
    let outputs = harness.take_outputs();
    assert_eq!(sent(&outputs), [] as [&Request; 0]);
    let token = outputs.iter().find_map(|output| match output {
        Output::SetTrack { token, .. } => Some(*token),
        _ => None,
    });
    harness.input(Input::TrackSet {
        kind: TrackKind::Audio,
        token: token.expect("the microphone is set to off"),
    });
    let outputs = harness.take_outputs();
    assert_eq!(
        sent(&outputs),
        [&Request::Media(media(TrackState::Muted, TrackState::Live))]
    );
}

#[test]
fn toggle_is_announced_once_the_track_is_set() {
    let mut harness = Harness::in_room("me", &[]);
    harness.take_outputs();
    harness.input(toggle(None));
    let outputs = harness.take_outputs();
    assert!(sent(&outputs).is_empty(), "not before the track is set");
    let Some(&Output::SetTrack { kind, token, .. }) = outputs.first() else {
        panic!("the track is to be set: {outputs:?}");
    };
    harness.input(Input::TrackSet { kind, token });
    let announced = Request::Media(media(TrackState::Muted, TrackState::Live));
    assert_eq!(sent(&harness.take_outputs()), [&announced]);
}

#[test]
fn fast_toggles_end_in_the_state_last_asked_for() {
    for clicks in [9, 10] {
        let mut harness = Harness::in_room("me", &[]);
        harness.take_outputs();
        (0..clicks).for_each(|_| harness.input(toggle(None)));
        let states = set_tracks(&mut harness);
        assert!(states.len() <= 2, "at most once off and on: {states:?}");
        let on = clicks % 2 == 0;
        assert_eq!(harness.session.wants(TrackKind::Audio), Some(on));
        let state = if on {
            TrackState::Live
        } else {
            TrackState::Muted
        };
        assert_eq!(microphone(&harness), state);
    }
}

#[test]
fn refused_devices_do_not_end_the_call() {
    let refused = media(TrackState::PermissionDenied, TrackState::DeviceNotFound);
    let mut late = Harness::new(Rooms::default().capabilities(), "me");
    late.input(Input::Start);
    late.input(Input::MediaSettled(refused));
    late.take_outputs();
    late.input(Input::SignalingOpened);
    let outputs = late.take_outputs();
    let Some(Request::Join(join)) = sent(&outputs).first().copied() else {
        panic!("it joins: {outputs:?}");
    };
    assert_eq!(join.media, refused);
}

#[test]
fn receive_only_call_requests_no_device_and_still_links() {
    let mut harness = Harness::with(Config {
        capabilities: Rooms::default().capabilities(),
        room: None,
        name: None,
        token: None,
        fetches_token: false,
        own_id: None,
        audio: Source::Nothing,
        video: Source::Nothing,
        muted: Muted::default(),
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
            .any(|it| matches!(it, Output::AcquireMedia(_)))
    );
    assert!(
        !outputs
            .iter()
            .any(|it| matches!(it, Output::SetTrack { .. }))
    );
    assert!(
        ops(&outputs)
            .iter()
            .any(|(_, op)| matches!(op, LinkOp::CreateOffer { .. }))
    );
    harness.input(Input::SignalingOpened);
    harness.event(welcome("me", &["you"], None));
    assert_eq!(harness.participants(), ["you"]);
    assert_eq!(microphone(&harness), TrackState::NotRequested);
}

#[test]
fn intention_changes_with_the_toggle_and_not_once_the_track_is_set() {
    let mut harness = Harness::in_room("me", &[]);
    for expected in [false, true, false] {
        harness.input(toggle(None));
        assert_eq!(harness.session.wants(TrackKind::Audio), Some(expected));
        assert_eq!(microphone(&harness), TrackState::Live);
    }
}
