//! Moderation, and the lobby.

use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::{
    Ask, Dialect, Event, Grant, Grants, Knock, Moderation, ParticipantId, Refusal, Request,
    RoomState, Terms, Welcome,
};
use videocalls_session::{CallState, EndReason, Input, Notice, Problem, TrackKind};

use crate::harness::{Harness, LIVE, notices, sent, welcome};

fn id(id: &str) -> ParticipantId {
    ParticipantId::new(id)
}

fn knock(name: &str) -> Knock {
    Knock {
        id: id(name),
        name: None,
    }
}

fn waiting() -> Harness {
    let mut harness = Harness::new(Rooms::default().capabilities(), "me");
    harness.input(Input::Start);
    harness.input(Input::SignalingOpened);
    harness.input(Input::MediaSettled(LIVE));
    harness.event(Event::Waiting {
        ping_interval: Some(5_000),
        token_expires_in: None,
    });
    harness
}

/// A call with these terms.
fn joined(terms: Terms) -> Harness {
    let mut harness = Harness::new(Rooms::default().capabilities(), "me");
    harness.input(Input::Start);
    harness.input(Input::SignalingOpened);
    harness.input(Input::MediaSettled(LIVE));
    let Event::Welcome(plain) = welcome("me", &["you"], None) else {
        panic!("a welcome");
    };
    harness.event(Event::Welcome(Welcome { terms, ..plain }));
    harness
}

fn has(harness: &mut Harness, notice: &Notice) -> bool {
    notices(&harness.take_outputs()).contains(&notice)
}

#[test]
fn someone_in_the_lobby_waits_until_they_are_admitted() {
    let mut harness = waiting();
    assert_eq!(harness.state(), CallState::Waiting);
    for _ in 0..30 {
        harness.wait(5_000);
        harness.event(Event::Ping);
    }
    assert_eq!(harness.state(), CallState::Waiting);
    harness.event(welcome("me", &["you"], None));
    assert_eq!(harness.state(), CallState::Connected);
    assert_eq!(harness.participants(), ["you"]);
}

#[test]
fn someone_in_the_lobby_who_is_denied_is_told_so() {
    let mut harness = waiting();
    harness.event(Event::Refused(Refusal::Denied));
    let denied = EndReason::Refused(Refusal::Denied);
    assert_eq!(harness.state(), CallState::Ended(denied));
}

#[test]
fn someone_in_the_lobby_reconnects_and_leaves_with_a_goodbye() {
    let mut harness = waiting();
    harness.lose_socket();
    harness.wait(0);
    harness.input(Input::SignalingOpened);
    harness.event(Event::Waiting {
        ping_interval: Some(5_000),
        token_expires_in: None,
    });
    assert_eq!(harness.state(), CallState::Waiting);
    harness.wait(12_000);
    assert_eq!(harness.state(), CallState::Reconnecting);
    harness.input(Input::SignalingOpened);
    harness.event(Event::Waiting {
        ping_interval: Some(5_000),
        token_expires_in: None,
    });
    harness.take_outputs();
    harness.input(Input::End(EndReason::Left));
    assert_eq!(sent(&harness.take_outputs()), [&Request::Bye]);
}

#[test]
fn a_moderation_is_sent_to_the_server() {
    let mut harness = joined(Terms::default());
    harness.take_outputs();
    harness.input(Input::Moderate(Moderation::Remove(id("you"))));
    let request = Request::Moderate(Moderation::Remove(id("you")));
    assert_eq!(sent(&harness.take_outputs()), [&request]);
    let code = "not-permitted".to_owned();
    harness.event(Event::Rejected { code });
    let problem = Notice::Problem {
        problem: Problem::NotPermitted,
        participant: None,
    };
    assert!(has(&mut harness, &problem));
}

#[test]
fn a_moderator_sees_the_state_of_the_room_and_who_waits() {
    let terms = Terms {
        grants: Some(Grants::from_names(["join", "publish", "moderate"])),
        token_expires_in: None,
        room: RoomState {
            locked: true,
            lobby: false,
        },
        knocks: vec![knock("bob")],
    };
    let mut harness = joined(terms);
    assert!(has(&mut harness, &Notice::Knock(knock("bob"))));
    let snapshot = harness.session.snapshot();
    assert!(snapshot.room.locked);
    assert!(
        snapshot
            .grants
            .is_some_and(|grants| grants.has(Grant::Moderate))
    );
    assert_eq!(snapshot.knocks, [knock("bob")]);

    harness.event(Event::Knock(knock("eve")));
    harness.event(Event::Knock(knock("eve")));
    harness.event(Event::KnockEnded(id("bob")));
    harness.event(Event::KnockEnded(id("bob")));
    let outputs = harness.take_outputs();
    let (new, ended) = (Notice::Knock(knock("eve")), Notice::KnockEnded(id("bob")));
    assert_eq!(notices(&outputs), [&new, &ended]);
    assert_eq!(harness.session.snapshot().knocks, [knock("eve")]);
    harness.event(Event::Room(RoomState::default()));
    assert!(!harness.session.snapshot().room.locked);
}

#[test]
fn a_request_to_mute_turns_the_track_off_until_its_owner_turns_it_on() {
    let mut harness = joined(Terms::default());
    for (ask, kind) in [
        (Ask::Mute, TrackKind::Audio),
        (Ask::StopVideo, TrackKind::Video),
    ] {
        assert_eq!(harness.session.wants(kind), Some(true));
        let from = id("you");
        harness.event(Event::Asked { from, ask });
        assert_eq!(harness.session.wants(kind), Some(false));
        let from = id("you");
        assert!(has(&mut harness, &Notice::Asked { from, ask }));
        harness.input(Input::Toggle {
            kind,
            on: Some(true),
        });
        assert_eq!(harness.session.wants(kind), Some(true));
    }
}

#[test]
fn what_may_not_be_sent_is_off_and_stays_off() {
    let mut harness = joined(Terms {
        grants: Some(Grants::from_names(["join", "publish-microphone"])),
        ..Terms::default()
    });
    assert_eq!(harness.session.wants(TrackKind::Audio), Some(true));
    assert_eq!(harness.session.wants(TrackKind::Video), Some(false));
    harness.take_outputs();
    harness.input(Input::Toggle {
        kind: TrackKind::Video,
        on: None,
    });
    assert_eq!(harness.session.wants(TrackKind::Video), Some(false));
    let problem = Notice::Problem {
        problem: Problem::NotPermitted,
        participant: None,
    };
    assert!(has(&mut harness, &problem));
    let grants = Some(Grants::from_names(["join", "publish"]));
    harness.event(Event::TokenAccepted {
        expires_in: None,
        grants,
    });
    harness.input(Input::Toggle {
        kind: TrackKind::Video,
        on: None,
    });
    assert_eq!(harness.session.wants(TrackKind::Video), Some(true));
}
