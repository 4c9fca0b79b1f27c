use std::time::Duration;

use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::{Dialect, Request, TrackState};
use videocalls_session::{Config, Input, LinkOp, Muted, Output, Source, TrackKind};

use crate::harness::{Harness, LIVE, media, ops, sent, welcome};

fn toggle(on: Option<bool>) -> Input {
    let kind = TrackKind::Audio;
    Input::Toggle { kind, on }
}

/// Carries out what is asked of the tracks, and returns how the microphone was turned.
fn turn(harness: &mut Harness) -> Vec<bool> {
    let mut turns = Vec::new();
    loop {
        let asked: Vec<_> = harness.take_outputs();
        let asked = asked.iter().filter_map(|output| match output {
            Output::SetTrack { kind, on, token } => Some((*kind, *on, *token)),
            _ => None,
        });
        let asked: Vec<_> = asked.collect();
        if asked.is_empty() {
            return turns;
        }
        for (kind, on, token) in asked {
            turns.push(on);
            harness.input(Input::TrackSet { kind, token });
        }
    }
}

fn microphone(harness: &Harness) -> TrackState {
    harness.session.snapshot().microphone
}

#[test]
fn a_toggle_before_the_start_is_carried_out_once_there_is_a_microphone() {
    let mut harness = Harness::new(Rooms::default().capabilities(), "me");
    harness.input(toggle(Some(false)));
    harness.input(Input::Start);
    assert_eq!(harness.session.wants(TrackKind::Audio), Some(false));
    harness.input(Input::MediaSettled(LIVE));
    assert_eq!(turn(&mut harness), [false]);
    assert_eq!(microphone(&harness), TrackState::Muted);
}

#[test]
fn a_toggle_while_the_browser_is_asked_is_carried_out_afterwards() {
    let mut harness = Harness::new(Rooms::default().capabilities(), "me");
    harness.input(Input::Start);
    harness.input(toggle(None));
    assert_eq!(
        turn(&mut harness),
        [false; 0],
        "there is nothing to turn yet"
    );
    assert_eq!(microphone(&harness), TrackState::Pending);
    harness.input(Input::MediaSettled(LIVE));
    assert_eq!(turn(&mut harness), [false]);
}

#[test]
fn what_is_turned_off_while_the_browser_is_asked_is_never_told_to_be_on() {
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
        token: token.expect("the microphone is to be turned off"),
    });
    let outputs = harness.take_outputs();
    assert_eq!(
        sent(&outputs),
        [&Request::Media(media(TrackState::Muted, TrackState::Live))]
    );
}

#[test]
fn a_toggle_in_the_call_is_told_to_the_room_once_it_is_done() {
    let mut harness = Harness::in_room("me", &[]);
    harness.take_outputs();
    harness.input(toggle(None));
    let outputs = harness.take_outputs();
    assert!(sent(&outputs).is_empty(), "not before the track has turned");
    let Some(&Output::SetTrack { kind, token, .. }) = outputs.first() else {
        panic!("the track is to be turned: {outputs:?}");
    };
    harness.input(Input::TrackSet { kind, token });
    let told = Request::Media(media(TrackState::Muted, TrackState::Live));
    assert_eq!(sent(&harness.take_outputs()), [&told]);
}

#[test]
fn ten_fast_toggles_end_in_the_state_last_asked_for() {
    for clicks in [9, 10] {
        let mut harness = Harness::in_room("me", &[]);
        harness.take_outputs();
        (0..clicks).for_each(|_| harness.input(toggle(None)));
        let turns = turn(&mut harness);
        assert!(turns.len() <= 2, "at most there and back: {turns:?}");
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
fn a_device_that_is_refused_is_no_reason_to_end() {
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
fn who_only_receives_is_asked_for_nothing_and_is_linked_all_the_same() {
    let mut harness = Harness::with(Config {
        capabilities: Rooms::default().capabilities(),
        room: None,
        name: None,
        token: None,
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
            .any(|(_, op)| matches!(op, LinkOp::MakeOffer { .. }))
    );
    harness.input(Input::SignalingOpened);
    harness.event(welcome("me", &["you"], None));
    assert_eq!(harness.participants(), ["you"]);
    assert_eq!(microphone(&harness), TrackState::NotRequested);
}

#[test]
fn queued_toggles_tell_the_intention_that_they_lead_to() {
    let mut harness = Harness::in_room("me", &[]);
    let after = |harness: &Harness, queued: &[Input]| {
        let intention = harness.session.wants_after(queued, TrackKind::Audio);
        intention.expect("there is a microphone")
    };
    assert!(after(&harness, &[]));
    assert!(!after(&harness, &[toggle(None)]));
    assert!(after(&harness, &[toggle(None), toggle(None)]));
    assert!(!after(
        &harness,
        &[toggle(Some(false)), toggle(Some(false))]
    ));
    let camera = Input::Toggle {
        kind: TrackKind::Video,
        on: None,
    };
    assert!(after(&harness, &[camera]), "it is another track");
    for queued in [vec![toggle(None)], vec![toggle(None), toggle(None)]] {
        let expected = after(&harness, &queued);
        queued.into_iter().for_each(|input| harness.input(input));
        assert_eq!(harness.session.wants(TrackKind::Audio), Some(expected));
    }
    harness.input(Input::TrackEnded(TrackKind::Audio));
    harness.input(Input::MediaSettled(media(
        TrackState::DeviceNotFound,
        TrackState::NotRequested,
    )));
    assert_eq!(harness.session.wants(TrackKind::Audio), None);
    assert!(after(&harness, &[toggle(None)]), "it is requested again");
}
