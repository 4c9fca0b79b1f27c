//! The way to the server is lost, and found again.

use videocalls_protocol::{
    Event, LeaveReason, ParticipantId, Refusal, Request, TrackState, Verdict, Welcome,
};
use videocalls_session::{
    CallState, EndReason, Input, LinkOp, LinkReport, Notice, Output, TrackKind, Transport,
};

use crate::desk::{Desk, LIVE, left, media, notices, offer, ops, peer, sent, token, welcome};

/// In a room with `you`, with whom there is a link that works.
fn linked() -> (Desk, videocalls_session::LinkId) {
    let mut desk = Desk::in_room("me", &[]);
    desk.event(Event::Joined(peer("you")));
    let link = desk.answer_to("you", "100");
    desk.transport(link, Transport::Connected);
    desk.look();
    (desk, link)
}

fn state(desk: &Desk) -> CallState {
    desk.session.snapshot().state
}

fn lose(desk: &mut Desk) {
    desk.input(Input::SignalingClosed(Verdict::Backoff));
}

/// How often the socket was opened since the last look.
fn tries(desk: &mut Desk) -> usize {
    let out = desk.look();
    out.iter()
        .filter(|it| **it == Output::OpenSignaling)
        .count()
}

/// Opens the socket that was asked for, and is let in by a server that remembers nothing.
fn return_to(desk: &mut Desk, others: &[&str]) {
    desk.wait(1);
    desk.input(Input::SignalingOpened);
    desk.event(welcome("me", others, None));
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
    let (mut desk, _) = linked();
    lose(&mut desk);
    assert_eq!(state(&desk), CallState::Reconnecting);
    desk.wait(0);
    let said = desk.look();
    assert!(said.contains(&Output::OpenSignaling));
    assert_eq!(ops(&said), []);
    desk.input(Input::SignalingOpened);
    assert!(matches!(sent(&desk.look())[..], [Request::Join(_)]));
    desk.event(resumed());
    assert_eq!(state(&desk), CallState::Connected);
    let said = desk.look();
    assert_eq!((ops(&said), sent(&said)), (vec![], vec![]));
    assert_eq!(desk.people(), ["you"]);
}

/// Turns the camera on or off, in the browser as well.
fn turn(desk: &mut Desk, on: bool) {
    let (kind, on) = (TrackKind::Video, Some(on));
    desk.input(Input::Toggle { kind, on });
    let asked = desk.look().into_iter().find_map(|output| match output {
        Output::SetTrack { token, .. } => Some(token),
        _ => None,
    });
    let token = asked.expect("the browser is asked");
    desk.input(Input::TrackSet { kind, token });
    desk.look();
}

/// What was last said of them may be lost, and is said again behind the join, which tells more.
#[test]
fn tracks_that_changed_while_the_server_was_away_are_told_once_more() {
    let off = media(TrackState::Live, TrackState::Muted);
    for (while_joining, told) in [(None, off), (Some(true), LIVE)] {
        let (mut desk, _) = linked();
        lose(&mut desk);
        turn(&mut desk, false);
        desk.wait(1);
        desk.look();
        desk.input(Input::SignalingOpened);
        let said = desk.look();
        assert!(matches!(sent(&said)[..], [Request::Join(join)] if join.media == off));
        while_joining.into_iter().for_each(|on| turn(&mut desk, on));
        desk.event(resumed());
        assert_eq!(sent(&desk.look()), [&Request::Media(told)]);
    }
}

#[test]
fn a_server_that_is_gone_is_sought_for_a_minute_with_growing_pauses() {
    let mut desk = Desk::in_room("me", &[]);
    desk.look();
    lose(&mut desk);
    let mut count = 0;
    while state(&desk) == CallState::Reconnecting {
        desk.wait(10);
        for _ in 0..tries(&mut desk) {
            count += 1;
            lose(&mut desk);
        }
    }
    assert_eq!(state(&desk), CallState::Ended(EndReason::ServerGone));
    assert!((59_990..=60_020).contains(&desk.now), "{}", desk.now);
    assert!((15..=60).contains(&count), "{count} tries");
}

#[test]
fn as_long_as_somebody_can_be_heard_the_search_goes_on() {
    let (mut desk, link) = linked();
    let begun = desk.now;
    lose(&mut desk);
    desk.wait(600_000);
    assert_eq!(state(&desk), CallState::Reconnecting);
    assert_eq!(desk.people(), ["you"]);
    desk.transport(link, Transport::Failed);
    desk.wait(60_000);
    assert_eq!(state(&desk), CallState::Ended(EndReason::ServerGone));
    assert!(desk.now > begun);
}

#[test]
fn a_try_that_hangs_is_given_up_after_three_seconds() {
    let mut desk = Desk::in_room("me", &[]);
    desk.look();
    lose(&mut desk);
    desk.wait(0);
    assert_eq!(tries(&mut desk), 1);
    desk.wait(2_999);
    assert_eq!(tries(&mut desk), 0);
    desk.wait(1);
    assert_eq!(tries(&mut desk), 1, "what it took is not waited again");
}

#[test]
fn a_server_that_opens_and_says_nothing_is_left_after_five_seconds() {
    let mut desk = Desk::in_room("me", &[]);
    lose(&mut desk);
    desk.wait(0);
    desk.input(Input::SignalingOpened);
    desk.look();
    desk.wait(4_999);
    assert_eq!(tries(&mut desk), 0);
    desk.wait(1);
    assert_eq!(tries(&mut desk), 1);
}

#[test]
fn a_nudge_cuts_the_wait_short() {
    let mut desk = Desk::in_room("me", &[]);
    lose(&mut desk);
    desk.look();
    desk.input(Input::Nudge);
    assert_eq!(tries(&mut desk), 1);
    desk.input(Input::Nudge);
    assert_eq!(tries(&mut desk), 0, "one is under way");
}

#[test]
fn in_a_call_a_nudge_asks_whether_the_server_is_alive() {
    let mut desk = Desk::in_room("me", &[]);
    desk.look();
    desk.input(Input::Nudge);
    assert_eq!(sent(&desk.look()), [&Request::Ping]);
    desk.wait(1_499);
    desk.event(Event::Pong);
    desk.wait(10_000);
    assert_eq!(state(&desk), CallState::Connected);
    desk.input(Input::Nudge);
    desk.wait(1_500);
    assert_eq!(state(&desk), CallState::Reconnecting);
}

#[test]
fn missing_events_are_mended_by_the_whole_roster() {
    let (mut desk, _) = linked();
    desk.event(Event::Gap);
    assert_eq!(state(&desk), CallState::Reconnecting);
    assert!(desk.look().contains(&Output::CloseSignaling));
    return_to(&mut desk, &["you", "new"]);
    assert_eq!(desk.people(), ["you", "new"]);
}

#[test]
fn who_can_still_be_heard_is_kept_without_a_new_offer() {
    let (mut desk, link) = linked();
    lose(&mut desk);
    desk.wait(0);
    desk.look();
    return_to(&mut desk, &["you"]);
    let said = desk.look();
    assert_eq!(ops(&said), []);
    let parted = |it: &&Notice| {
        matches!(
            it,
            Notice::ParticipantLeft { .. } | Notice::ParticipantJoined(_)
        )
    };
    assert!(!notices(&said).iter().any(parted));
    let you = ParticipantId::new("you");
    assert_eq!(desk.session.link_of(&you), Some(link));
}

#[test]
fn who_cannot_be_heard_any_more_is_offered_a_new_link() {
    let (mut desk, link) = linked();
    lose(&mut desk);
    desk.transport(link, Transport::Failed);
    desk.look();
    return_to(&mut desk, &["you"]);
    let said = desk.look();
    assert!(ops(&said).contains(&(link, &LinkOp::Close)));
    assert!(
        ops(&said)
            .iter()
            .any(|(_, op)| matches!(op, LinkOp::MakeOffer { .. }))
    );
    assert_eq!(desk.people(), ["you"]);
}

#[test]
fn after_a_restart_of_the_server_others_are_awaited_as_long_as_they_can_be_heard() {
    let (mut desk, link) = linked();
    lose(&mut desk);
    return_to(&mut desk, &[]);
    assert_eq!(desk.people(), ["you"], "they have not found the way yet");
    desk.event(Event::Joined(peer("you")));
    assert_eq!(desk.people(), ["you"]);
    desk.transport(link, Transport::Disconnected);
    desk.wait(5_000);
    assert_eq!(
        desk.people(),
        ["you"],
        "they have a seat, so the server will tell"
    );
}

#[test]
fn who_left_meanwhile_is_gone_where_the_roster_is_whole() {
    let mut desk = Desk::in_room("me", &[]);
    let roster = |others: &[&str]| match welcome("me", others, None) {
        Event::Welcome(welcome) => Event::Welcome(Welcome {
            epoch: Some("e".into()),
            ..welcome
        }),
        other => other,
    };
    lose(&mut desk);
    desk.wait(0);
    desk.input(Input::SignalingOpened);
    desk.event(roster(&[]));
    desk.event(Event::Joined(peer("you")));
    let link = desk.answer_to("you", "100");
    desk.transport(link, Transport::Connected);
    lose(&mut desk);
    desk.wait(0);
    desk.input(Input::SignalingOpened);
    desk.event(roster(&[]));
    assert_eq!(desk.people(), [""; 0]);
}

#[test]
fn an_offer_that_may_be_lost_is_made_again() {
    let (mut desk, link) = linked();
    desk.report(link, LinkReport::NegotiationNeeded);
    desk.make();
    desk.look();
    lose(&mut desk);
    return_to(&mut desk, &["you"]);
    let said = desk.look();
    assert!(matches!(ops(&said)[..], [(again, LinkOp::MakeOffer { .. })] if again == link));
    desk.make_of(&said);
    let said = desk.look();
    assert!(matches!(sent(&said)[..], [Request::Signal { .. }]));
    // The other one was away, and may have missed it as well.
    desk.event(Event::Back(ParticipantId::new("you")));
    assert!(ops(&desk.look()).iter().any(|(_, op)| token(op).is_some()));
}

#[test]
fn an_offer_that_is_being_answered_when_the_way_is_lost_is_answered_on_the_way_back() {
    let mut desk = Desk::in_room("me", &[]);
    desk.event(Event::Joined(peer("ann")));
    desk.hear("ann", offer("100", 1));
    let asked = desk.look();
    desk.event(Event::Gap);
    return_to(&mut desk, &["ann"]);
    // Ann, who knows that we are back, offers again by the same connection.
    desk.hear("ann", offer("100", 2));
    let link = desk.make_of(&asked);
    let said = desk.look();
    assert!(
        matches!(ops(&said).last(), Some((again, LinkOp::AcceptOffer { .. })) if *again == link)
    );
    assert!(ops(&said).iter().all(|(_, op)| **op != LinkOp::Close));
    desk.make_of(&said);
    assert!(matches!(sent(&desk.look())[..], [Request::Signal { .. }]));
}

#[test]
fn who_is_away_is_shown_so_until_they_are_back() {
    let (mut desk, _) = linked();
    let away = |desk: &Desk| desk.session.snapshot().participants[0].away;
    desk.event(Event::Away(ParticipantId::new("you")));
    assert!(away(&desk));
    desk.event(Event::Back(ParticipantId::new("you")));
    assert!(!away(&desk));
    desk.event(Event::Away(ParticipantId::new("you")));
    desk.event(left("you", LeaveReason::Lost));
    assert_eq!(desk.people(), ["you"], "they can still be heard");
}

#[test]
fn a_full_room_is_tried_again_for_it_may_be_full_with_ourselves() {
    let mut desk = Desk::in_room("me", &[]);
    lose(&mut desk);
    desk.wait(0);
    desk.input(Input::SignalingOpened);
    desk.event(Event::Refused(Refusal::RoomFull));
    assert_eq!(state(&desk), CallState::Reconnecting);
    desk.wait(0);
    desk.look();
    while state(&desk) == CallState::Reconnecting {
        desk.wait(100);
        for _ in 0..tries(&mut desk) {
            desk.input(Input::SignalingClosed(Verdict::Terminal(Refusal::RoomFull)));
        }
    }
    let full = EndReason::Refused(Refusal::RoomFull);
    assert_eq!(state(&desk), CallState::Ended(full));
}

#[test]
fn every_other_refusal_is_final_on_the_way_back_too() {
    for refusal in [Refusal::Kicked, Refusal::Replaced, Refusal::TokenExpired] {
        let mut desk = Desk::in_room("me", &[]);
        lose(&mut desk);
        desk.input(Input::SignalingClosed(Verdict::Terminal(refusal)));
        assert_eq!(state(&desk), CallState::Ended(EndReason::Refused(refusal)));
    }
}

#[test]
fn one_who_comes_back_as_another_starts_anew() {
    let (mut desk, link) = linked();
    lose(&mut desk);
    desk.wait(0);
    desk.input(Input::SignalingOpened);
    desk.event(welcome("somebody", &["you"], None));
    let said = desk.look();
    assert!(ops(&said).contains(&(link, &LinkOp::Close)));
    assert_eq!(desk.people(), ["you"]);
}

#[test]
fn with_no_patience_a_lost_socket_ends_the_call() {
    let mut desk = Desk::impatient();
    lose(&mut desk);
    assert_eq!(state(&desk), CallState::Ended(EndReason::ServerGone));
}
