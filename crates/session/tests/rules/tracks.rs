use std::time::Duration;

use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::{Dialect, Request, TrackState};
use videocalls_session::{Config, Input, LinkOp, Muted, Output, Source, TrackKind};

use crate::desk::{Desk, LIVE, media, ops, sent, welcome};

fn toggle(on: Option<bool>) -> Input {
    let kind = TrackKind::Audio;
    Input::Toggle { kind, on }
}

/// Carries out what is asked of the tracks, and returns how the microphone was turned.
fn turn(desk: &mut Desk) -> Vec<bool> {
    let mut turns = Vec::new();
    loop {
        let asked: Vec<_> = desk.look();
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
            desk.input(Input::TrackSet { kind, token });
        }
    }
}

fn microphone(desk: &Desk) -> TrackState {
    desk.session.snapshot().microphone
}

#[test]
fn a_toggle_before_the_start_is_carried_out_once_there_is_a_microphone() {
    let mut desk = Desk::new(Rooms::default().capabilities(), "me");
    desk.input(toggle(Some(false)));
    desk.input(Input::Start);
    assert_eq!(desk.session.wants(TrackKind::Audio), Some(false));
    desk.input(Input::MediaSettled(LIVE));
    assert_eq!(turn(&mut desk), [false]);
    assert_eq!(microphone(&desk), TrackState::Muted);
}

#[test]
fn a_toggle_while_the_browser_is_asked_is_carried_out_afterwards() {
    let mut desk = Desk::new(Rooms::default().capabilities(), "me");
    desk.input(Input::Start);
    desk.input(toggle(None));
    assert_eq!(turn(&mut desk), [false; 0], "there is nothing to turn yet");
    assert_eq!(microphone(&desk), TrackState::Pending);
    desk.input(Input::MediaSettled(LIVE));
    assert_eq!(turn(&mut desk), [false]);
}

#[test]
fn what_is_turned_off_while_the_browser_is_asked_is_never_told_to_be_on() {
    let mut desk = Desk::new(Rooms::default().capabilities(), "me");
    desk.input(Input::Start);
    desk.input(Input::SignalingOpened);
    desk.event(welcome("me", &[], None));
    desk.look();
    desk.input(toggle(Some(false)));
    desk.input(Input::MediaSettled(LIVE));
    let said = desk.look();
    assert_eq!(sent(&said), [] as [&Request; 0]);
    let token = said.iter().find_map(|output| match output {
        Output::SetTrack { token, .. } => Some(*token),
        _ => None,
    });
    desk.input(Input::TrackSet {
        kind: TrackKind::Audio,
        token: token.expect("the microphone is to be turned off"),
    });
    let said = desk.look();
    assert_eq!(
        sent(&said),
        [&Request::Media(media(TrackState::Muted, TrackState::Live))]
    );
}

#[test]
fn a_toggle_in_the_call_is_told_to_the_room_once_it_is_done() {
    let mut desk = Desk::in_room("me", &[]);
    desk.look();
    desk.input(toggle(None));
    let said = desk.look();
    assert!(sent(&said).is_empty(), "not before the track has turned");
    let Some(&Output::SetTrack { kind, token, .. }) = said.first() else {
        panic!("the track is to be turned: {said:?}");
    };
    desk.input(Input::TrackSet { kind, token });
    let told = Request::Media(media(TrackState::Muted, TrackState::Live));
    assert_eq!(sent(&desk.look()), [&told]);
}

#[test]
fn ten_fast_toggles_end_in_the_state_last_asked_for() {
    for clicks in [9, 10] {
        let mut desk = Desk::in_room("me", &[]);
        desk.look();
        (0..clicks).for_each(|_| desk.input(toggle(None)));
        let turns = turn(&mut desk);
        assert!(turns.len() <= 2, "at most there and back: {turns:?}");
        let on = clicks % 2 == 0;
        assert_eq!(desk.session.wants(TrackKind::Audio), Some(on));
        let state = if on {
            TrackState::Live
        } else {
            TrackState::Muted
        };
        assert_eq!(microphone(&desk), state);
    }
}

#[test]
fn a_device_that_is_refused_is_no_reason_to_end() {
    let refused = media(TrackState::PermissionDenied, TrackState::DeviceNotFound);
    let mut late = Desk::new(Rooms::default().capabilities(), "me");
    late.input(Input::Start);
    late.input(Input::MediaSettled(refused));
    late.look();
    late.input(Input::SignalingOpened);
    let said = late.look();
    let Some(Request::Join(join)) = sent(&said).first().copied() else {
        panic!("it joins: {said:?}");
    };
    assert_eq!(join.media, refused);
}

#[test]
fn who_only_receives_is_asked_for_nothing_and_is_linked_all_the_same() {
    let mut desk = Desk::with(Config {
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
    desk.input(Input::Start);
    desk.input(toggle(Some(true)));
    let said = desk.look();
    assert!(!said.iter().any(|it| matches!(it, Output::AcquireMedia(_))));
    assert!(!said.iter().any(|it| matches!(it, Output::SetTrack { .. })));
    assert!(
        ops(&said)
            .iter()
            .any(|(_, op)| matches!(op, LinkOp::MakeOffer { .. }))
    );
    desk.input(Input::SignalingOpened);
    desk.event(welcome("me", &["you"], None));
    assert_eq!(desk.people(), ["you"]);
    assert_eq!(microphone(&desk), TrackState::NotRequested);
}
