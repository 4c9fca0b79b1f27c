//! The way to the server is lost, and found again.

use std::time::Duration;

use videocalls_protocol::relay::Relay;
use videocalls_protocol::{
    CloseAction, Dialect, Event, LeaveReason, ParticipantId, Refusal, Request, TrackState, Welcome,
};
use videocalls_session::{
    CallState, EndReason, Input, LinkOp, LinkReport, Notice, Output, TrackKind, Transport,
};

use crate::harness::{Harness, LIVE, left, media, notices, offer, ops, peer, sent, token, welcome};

/// In a room with `you`, with whom there is a link that works.
fn linked() -> (Harness, videocalls_session::LinkId) {
    let mut harness = Harness::in_room("me", &[]);
    harness.event(Event::Joined(peer("you")));
    let link = harness.accept_offer_from("you", "100");
    harness.transport(link, Transport::Connected);
    harness.take_outputs();
    (harness, link)
}

fn state(harness: &Harness) -> CallState {
    harness.session.snapshot().state
}

fn lose(harness: &mut Harness) {
    harness.input(Input::SignalingClosed(CloseAction::Backoff));
}

/// How often the socket was opened since the last look.
fn tries(harness: &mut Harness) -> usize {
    let out = harness.take_outputs();
    out.iter()
        .filter(|it| **it == Output::OpenSignaling)
        .count()
}

/// Opens the socket that was asked for, and is let in by a server that remembers nothing.
fn return_to(harness: &mut Harness, others: &[&str]) {
    harness.wait(1);
    harness.input(Input::SignalingOpened);
    harness.event(welcome("me", others, None));
}

fn resumed() -> Event {
    Event::Welcome(Welcome {
        id: ParticipantId::new("me"),
        peers: Vec::new(),
        resumed: true,
        heard: Some(0),
        resume: None,
        epoch: None,
        seq: None,
        ping_interval: None,
        keep_alive: None,
    })
}

#[test]
fn a_lost_socket_is_opened_again_at_once_and_no_link_is_touched() {
    let (mut harness, _) = linked();
    lose(&mut harness);
    assert_eq!(state(&harness), CallState::Reconnecting);
    harness.wait(0);
    let outputs = harness.take_outputs();
    assert!(outputs.contains(&Output::OpenSignaling));
    assert_eq!(ops(&outputs), []);
    harness.input(Input::SignalingOpened);
    assert!(matches!(
        sent(&harness.take_outputs())[..],
        [Request::Join(_)]
    ));
    harness.event(resumed());
    assert_eq!(state(&harness), CallState::Connected);
    let outputs = harness.take_outputs();
    assert_eq!((ops(&outputs), sent(&outputs)), (vec![], vec![]));
    assert_eq!(harness.participants(), ["you"]);
}

/// Turns the camera on or off, in the browser as well.
fn turn(harness: &mut Harness, on: bool) {
    let (kind, on) = (TrackKind::Video, Some(on));
    harness.input(Input::Toggle { kind, on });
    let asked = harness
        .take_outputs()
        .into_iter()
        .find_map(|output| match output {
            Output::SetTrack { token, .. } => Some(token),
            _ => None,
        });
    let token = asked.expect("the browser is asked");
    harness.input(Input::TrackSet { kind, token });
    harness.take_outputs();
}

/// What was last said of them may be lost, and is said again behind the join, which tells more.
#[test]
fn tracks_that_changed_while_the_server_was_away_are_told_once_more() {
    let off = media(TrackState::Live, TrackState::Muted);
    for (while_joining, told) in [(None, off), (Some(true), LIVE)] {
        let (mut harness, _) = linked();
        lose(&mut harness);
        turn(&mut harness, false);
        harness.wait(1);
        harness.take_outputs();
        harness.input(Input::SignalingOpened);
        let outputs = harness.take_outputs();
        assert!(matches!(sent(&outputs)[..], [Request::Join(join)] if join.media == off));
        while_joining
            .into_iter()
            .for_each(|on| turn(&mut harness, on));
        harness.event(resumed());
        assert_eq!(sent(&harness.take_outputs()), [&Request::Media(told)]);
    }
}

#[test]
fn a_server_that_is_gone_is_sought_for_a_minute_with_growing_pauses() {
    let mut harness = Harness::in_room("me", &[]);
    harness.take_outputs();
    lose(&mut harness);
    let mut count = 0;
    while state(&harness) == CallState::Reconnecting {
        harness.wait(10);
        for _ in 0..tries(&mut harness) {
            count += 1;
            lose(&mut harness);
        }
    }
    assert_eq!(state(&harness), CallState::Ended(EndReason::ServerGone));
    assert!((59_990..=60_020).contains(&harness.now), "{}", harness.now);
    assert!((15..=60).contains(&count), "{count} tries");
}

#[test]
fn as_long_as_somebody_can_be_heard_the_search_goes_on() {
    let (mut harness, link) = linked();
    let begun = harness.now;
    lose(&mut harness);
    harness.wait(600_000);
    assert_eq!(state(&harness), CallState::Reconnecting);
    assert_eq!(harness.participants(), ["you"]);
    harness.transport(link, Transport::Failed);
    harness.wait(60_000);
    assert_eq!(state(&harness), CallState::Ended(EndReason::ServerGone));
    assert!(harness.now > begun);
}

#[test]
fn a_try_that_hangs_is_given_up_after_three_seconds() {
    let mut harness = Harness::in_room("me", &[]);
    harness.take_outputs();
    lose(&mut harness);
    harness.wait(0);
    assert_eq!(tries(&mut harness), 1);
    harness.wait(2_999);
    assert_eq!(tries(&mut harness), 0);
    harness.wait(1);
    assert_eq!(tries(&mut harness), 1, "what it took is not waited again");
}

#[test]
fn a_server_that_opens_and_says_nothing_is_left_after_five_seconds() {
    let mut harness = Harness::in_room("me", &[]);
    lose(&mut harness);
    harness.wait(0);
    harness.input(Input::SignalingOpened);
    harness.take_outputs();
    harness.wait(4_999);
    assert_eq!(tries(&mut harness), 0);
    harness.wait(1);
    assert_eq!(tries(&mut harness), 1);
}

#[test]
fn a_nudge_cuts_the_wait_short() {
    let mut harness = Harness::in_room("me", &[]);
    lose(&mut harness);
    harness.take_outputs();
    harness.input(Input::NetworkChanged);
    assert_eq!(tries(&mut harness), 1);
    harness.input(Input::NetworkChanged);
    assert_eq!(tries(&mut harness), 0, "one is under way");
}

#[test]
fn in_a_call_a_nudge_asks_whether_the_server_is_alive() {
    let mut harness = Harness::in_room("me", &[]);
    harness.take_outputs();
    harness.input(Input::NetworkChanged);
    assert_eq!(sent(&harness.take_outputs()), [&Request::Ping]);
    harness.wait(1_499);
    harness.event(Event::Pong);
    harness.wait(10_000);
    assert_eq!(state(&harness), CallState::Connected);
    harness.input(Input::NetworkChanged);
    harness.wait(1_500);
    assert_eq!(state(&harness), CallState::Reconnecting);
}

#[test]
fn missing_events_are_mended_by_the_whole_roster() {
    let (mut harness, _) = linked();
    harness.event(Event::Gap);
    assert_eq!(state(&harness), CallState::Reconnecting);
    assert!(harness.take_outputs().contains(&Output::CloseSignaling));
    return_to(&mut harness, &["you", "new"]);
    assert_eq!(harness.participants(), ["you", "new"]);
}

#[test]
fn who_can_still_be_heard_is_kept_without_a_new_offer() {
    let (mut harness, link) = linked();
    lose(&mut harness);
    harness.wait(0);
    harness.take_outputs();
    return_to(&mut harness, &["you"]);
    let outputs = harness.take_outputs();
    assert_eq!(ops(&outputs), []);
    let parted = |it: &&Notice| {
        matches!(
            it,
            Notice::ParticipantLeft { .. } | Notice::ParticipantJoined(_)
        )
    };
    assert!(!notices(&outputs).iter().any(parted));
    let you = ParticipantId::new("you");
    assert_eq!(harness.session.link_of(&you), Some(link));
}

#[test]
fn who_cannot_be_heard_any_more_is_offered_a_new_link() {
    let (mut harness, link) = linked();
    lose(&mut harness);
    harness.transport(link, Transport::Failed);
    harness.take_outputs();
    return_to(&mut harness, &["you"]);
    let outputs = harness.take_outputs();
    assert!(ops(&outputs).contains(&(link, &LinkOp::Close)));
    assert!(
        ops(&outputs)
            .iter()
            .any(|(_, op)| matches!(op, LinkOp::MakeOffer { .. }))
    );
    assert_eq!(harness.participants(), ["you"]);
}

#[test]
fn after_a_restart_of_the_server_others_are_awaited_as_long_as_they_can_be_heard() {
    let (mut harness, link) = linked();
    lose(&mut harness);
    return_to(&mut harness, &[]);
    assert_eq!(
        harness.participants(),
        ["you"],
        "they have not found the way yet"
    );
    harness.event(Event::Joined(peer("you")));
    assert_eq!(harness.participants(), ["you"]);
    harness.transport(link, Transport::Disconnected);
    harness.wait(5_000);
    assert_eq!(
        harness.participants(),
        ["you"],
        "they have a seat, so the server will tell"
    );
}

#[test]
fn who_left_meanwhile_is_gone_where_the_roster_is_whole() {
    let mut harness = Harness::in_room("me", &[]);
    let roster = |others: &[&str]| match welcome("me", others, None) {
        Event::Welcome(welcome) => Event::Welcome(Welcome {
            epoch: Some("e".into()),
            ..welcome
        }),
        other => other,
    };
    lose(&mut harness);
    harness.wait(0);
    harness.input(Input::SignalingOpened);
    harness.event(roster(&[]));
    harness.event(Event::Joined(peer("you")));
    let link = harness.accept_offer_from("you", "100");
    harness.transport(link, Transport::Connected);
    lose(&mut harness);
    harness.wait(0);
    harness.input(Input::SignalingOpened);
    harness.event(roster(&[]));
    assert_eq!(harness.participants(), [""; 0]);
}

#[test]
fn an_offer_that_may_be_lost_is_made_again() {
    let (mut harness, link) = linked();
    harness.report(link, LinkReport::NegotiationNeeded);
    harness.create_description();
    harness.take_outputs();
    lose(&mut harness);
    return_to(&mut harness, &["you"]);
    let outputs = harness.take_outputs();
    assert!(matches!(ops(&outputs)[..], [(again, LinkOp::MakeOffer { .. })] if again == link));
    harness.create_description_for(&outputs);
    let outputs = harness.take_outputs();
    assert!(matches!(sent(&outputs)[..], [Request::Signal { .. }]));
    // The other one was away, and may have missed it as well.
    harness.event(Event::Back(ParticipantId::new("you")));
    assert!(
        ops(&harness.take_outputs())
            .iter()
            .any(|(_, op)| token(op).is_some())
    );
}

#[test]
fn an_offer_that_is_being_answered_when_the_way_is_lost_is_answered_on_the_way_back() {
    let mut harness = Harness::in_room("me", &[]);
    harness.event(Event::Joined(peer("ann")));
    harness.signal_from("ann", offer("100", 1));
    let asked = harness.take_outputs();
    harness.event(Event::Gap);
    return_to(&mut harness, &["ann"]);
    // Ann, who knows that we are back, offers again by the same connection.
    harness.signal_from("ann", offer("100", 2));
    let link = harness.create_description_for(&asked);
    let outputs = harness.take_outputs();
    assert!(
        matches!(ops(&outputs).last(), Some((again, LinkOp::AcceptOffer { .. })) if *again == link)
    );
    assert!(ops(&outputs).iter().all(|(_, op)| **op != LinkOp::Close));
    harness.create_description_for(&outputs);
    assert!(matches!(
        sent(&harness.take_outputs())[..],
        [Request::Signal { .. }]
    ));
}

#[test]
fn who_is_away_is_shown_so_until_they_are_back() {
    let (mut harness, _) = linked();
    let away = |harness: &Harness| harness.session.snapshot().participants[0].away;
    harness.event(Event::Away(ParticipantId::new("you")));
    assert!(away(&harness));
    harness.event(Event::Back(ParticipantId::new("you")));
    assert!(!away(&harness));
    harness.event(Event::Away(ParticipantId::new("you")));
    harness.event(left("you", LeaveReason::Lost));
    assert_eq!(harness.participants(), ["you"], "they can still be heard");
}

#[test]
fn a_full_room_is_tried_again_for_it_may_be_full_with_ourselves() {
    let mut harness = Harness::in_room("me", &[]);
    lose(&mut harness);
    harness.wait(0);
    harness.input(Input::SignalingOpened);
    harness.event(Event::Refused(Refusal::RoomFull));
    assert_eq!(state(&harness), CallState::Reconnecting);
    harness.wait(0);
    harness.take_outputs();
    while state(&harness) == CallState::Reconnecting {
        harness.wait(100);
        for _ in 0..tries(&mut harness) {
            harness.input(Input::SignalingClosed(CloseAction::Terminal(
                Refusal::RoomFull,
            )));
        }
    }
    let full = EndReason::Refused(Refusal::RoomFull);
    assert_eq!(state(&harness), CallState::Ended(full));
}

#[test]
fn every_other_refusal_is_final_on_the_way_back_too() {
    for refusal in [Refusal::Kicked, Refusal::Replaced, Refusal::TokenExpired] {
        let mut harness = Harness::in_room("me", &[]);
        lose(&mut harness);
        harness.input(Input::SignalingClosed(CloseAction::Terminal(refusal)));
        assert_eq!(
            state(&harness),
            CallState::Ended(EndReason::Refused(refusal))
        );
    }
}

#[test]
fn one_who_comes_back_as_another_starts_anew() {
    let (mut harness, link) = linked();
    lose(&mut harness);
    harness.wait(0);
    harness.input(Input::SignalingOpened);
    harness.event(welcome("somebody", &["you"], None));
    let outputs = harness.take_outputs();
    assert!(ops(&outputs).contains(&(link, &LinkOp::Close)));
    assert_eq!(harness.participants(), ["you"]);
}

#[test]
fn with_no_patience_a_lost_socket_ends_the_call() {
    let mut harness = Harness::impatient();
    lose(&mut harness);
    assert_eq!(state(&harness), CallState::Ended(EndReason::ServerGone));
}

#[test]
fn unlimited_patience_sets_no_timer() {
    let mut config = Harness::config(Relay::new("me").capabilities(), "me");
    config.patience = Duration::MAX;
    let mut harness = Harness::with(config);
    harness.input(Input::Start);
    harness.input(Input::SignalingOpened);
    harness.input(Input::MediaSettled(LIVE));
    lose(&mut harness);
    harness.wait(0);
    harness.input(Input::SignalingOpened);
    assert_eq!(state(&harness), CallState::Connected);
    harness.wait(3_600_000);
    assert_eq!(harness.session.next_timeout(), None);
}
