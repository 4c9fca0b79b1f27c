use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::{CloseAction, Dialect, Event, Refusal, Request, Signal};
use videocalls_session::{CallState, EndReason, Input, LinkReport, Notice, Output, Problem};

use crate::harness::{Harness, notices, offer, ops, peer, sent, token, welcome};

fn started() -> Harness {
    let mut harness = Harness::new(Rooms::default().capabilities(), "me");
    harness.input(Input::Start);
    harness
}

fn end(harness: &Harness) -> Option<EndReason> {
    match harness.session.snapshot().state {
        CallState::Ended(reason) => Some(reason),
        _ => None,
    }
}

#[test]
fn call_ends_when_the_socket_does_not_open_within_15_seconds() {
    let mut harness = started();
    harness.wait(14_999);
    assert_eq!(end(&harness), None);
    harness.wait(1);
    assert_eq!(end(&harness), Some(EndReason::Unreachable));
}

#[test]
fn call_ends_when_the_server_does_not_answer_the_join_within_5_seconds() {
    let mut harness = started();
    harness.wait(14_000);
    harness.input(Input::SignalingOpened);
    harness.wait(4_999);
    assert_eq!(end(&harness), None);
    harness.wait(1);
    assert_eq!(end(&harness), Some(EndReason::ServerSilent));
}

#[test]
fn reconnects_after_more_than_two_missed_pings() {
    let mut harness = started();
    harness.input(Input::SignalingOpened);
    harness.event(welcome("me", &[], Some(10_000)));
    harness.wait(20_000);
    harness.event(Event::Ping);
    harness.wait(23_999);
    assert_eq!(end(&harness), None);
    assert_eq!(harness.session.snapshot().state, CallState::Connected);
    harness.wait(1);
    assert_eq!(harness.session.snapshot().state, CallState::Reconnecting);
}

#[test]
fn ping_is_answered_with_a_pong() {
    let mut harness = Harness::in_room("me", &[]);
    harness.take_outputs();
    harness.event(Event::Ping);
    assert_eq!(sent(&harness.take_outputs()), [&Request::Pong]);
}

#[test]
fn refusal_by_message_or_close_code_ends_the_call() {
    for refusal in [Refusal::RoomFull, Refusal::Removed, Refusal::Forbidden] {
        let by_message = Input::SignalingEvent(Event::Refused(refusal));
        let by_code = Input::SignalingClosed(CloseAction::Terminal(refusal));
        for how in [by_message, by_code] {
            let mut joining = started();
            joining.input(Input::SignalingOpened);
            for mut harness in [started(), joining, Harness::in_room("me", &["you"])] {
                harness.take_outputs();
                harness.input(how.clone());
                assert_eq!(end(&harness), Some(EndReason::Refused(refusal)));
                let outputs = harness.take_outputs();
                assert!(
                    !sent(&outputs).contains(&&Request::Bye),
                    "the server has ended it already"
                );
            }
        }
    }
}

#[test]
fn lost_socket_ends_the_call_only_before_it_is_joined() {
    let mut harness = started();
    harness.input(Input::SignalingClosed(CloseAction::Backoff));
    assert_eq!(end(&harness), Some(EndReason::Unreachable));
    let mut harness = Harness::in_room("me", &[]);
    harness.input(Input::SignalingClosed(CloseAction::Backoff));
    assert_eq!(end(&harness), None);
}

/// Feeds a number of messages that can't be decoded, with a delay in milliseconds after each.
fn unreadable(harness: &mut Harness, count: u32, delay: u64) {
    for _ in 0..count {
        harness.input(Input::SignalingProblem(Problem::MalformedMessage));
        harness.wait(delay);
    }
}

fn rejected() -> Event {
    Event::Rejected {
        code: "too-fast".into(),
    }
}

#[test]
fn only_unreadable_messages_for_half_a_minute_end_the_call() {
    let mut harness = Harness::in_room("me", &[]);
    unreadable(&mut harness, 60, 500);
    assert_eq!(end(&harness), None);
    unreadable(&mut harness, 1, 0);
    assert_eq!(end(&harness), Some(EndReason::ProtocolError));
}

#[test]
fn unreadable_messages_between_readable_ones_do_not_end_the_call() {
    let mut harness = Harness::in_room("me", &[]);
    for _ in 0..10 {
        unreadable(&mut harness, 100, 100);
        harness.event(Event::Ping);
    }
    assert_eq!(end(&harness), None);
}

#[test]
fn unreadable_messages_of_a_flood_are_reported_fifty_times() {
    let mut harness = Harness::in_room("me", &[]);
    harness.take_outputs();
    unreadable(&mut harness, 200, 0);
    assert_eq!(notices(&harness.take_outputs()).len(), 50);
}

#[test]
fn unreadable_messages_on_a_relay_do_not_end_the_call() {
    let mut harness = Harness::on_relay("me");
    unreadable(&mut harness, 1_000, 500);
    assert_eq!(end(&harness), None);
}

#[test]
fn rejected_messages_over_hours_do_not_end_the_call() {
    let mut harness = Harness::in_room("me", &[]);
    for _ in 0..500 {
        harness.event(rejected());
        harness.wait(60_000);
    }
    assert_eq!(end(&harness), None);
}

#[test]
fn rejections_and_unreadable_messages_are_counted_apart() {
    let mut harness = Harness::in_room("me", &[]);
    for _ in 0..49 {
        harness.event(rejected());
        unreadable(&mut harness, 1, 700);
    }
    assert_eq!(end(&harness), None);
}

#[test]
fn unknown_messages_are_ignored() {
    let mut harness = Harness::in_room("me", &[]);
    harness.take_outputs();
    (0..1_000).for_each(|_| harness.event(Event::Unknown { bytes: 15 }));
    assert_eq!(harness.take_outputs(), []);
    assert_eq!(harness.session.snapshot().state, CallState::Connected);
}

#[test]
fn unreadable_descriptions_of_a_peer_do_not_end_the_call() {
    let mut harness = Harness::in_room("me", &["you"]);
    for id in 0..200 {
        let signal = Signal::Offer {
            id: Some(id),
            sdp: "v=0".into(),
        };
        harness.signal_from("you", signal);
    }
    assert_eq!(harness.session.snapshot().state, CallState::Connected);
}

#[test]
fn offers_that_the_browser_refuses_do_not_end_the_call() {
    let mut harness = Harness::in_room("me", &[]);
    harness.event(Event::Joined(peer("you")));
    for connection in 100..300 {
        harness.take_outputs();
        harness.signal_from("you", offer(&connection.to_string(), 1));
        let outputs = harness.take_outputs();
        let asked = ops(&outputs)
            .into_iter()
            .find_map(|(link, op)| Some((link, token(op)?)));
        if let Some((link, token)) = asked {
            harness.report(link, LinkReport::Failed { token });
        }
        harness.wait(100);
    }
    assert_eq!(harness.session.snapshot().state, CallState::Connected);
}

#[test]
fn end_releases_everything_and_is_followed_by_no_output() {
    let mut harness = Harness::in_room("me", &["you", "they"]);
    harness.take_outputs();
    harness.input(Input::End(EndReason::Left));
    let outputs = harness.take_outputs();
    assert_eq!(sent(&outputs), [&Request::Bye]);
    let closed = outputs
        .iter()
        .filter(|it| matches!(it, Output::Link { .. }));
    assert_eq!(closed.count(), 2);
    assert!(outputs.contains(&Output::CloseSignaling) && outputs.contains(&Output::ReleaseMedia));
    assert_eq!(
        outputs.last(),
        Some(&Output::Notify(Notice::Ended(EndReason::Left)))
    );
    assert_eq!(harness.session.next_timeout(), None);
    assert_eq!(harness.participants(), [""; 0]);
    for late in [
        Input::End(EndReason::Aborted),
        Input::Start,
        Input::SignalingOpened,
        Input::SignalingEvent(Event::Ping),
        Input::SignalingClosed(CloseAction::Backoff),
        Input::Timeout,
    ] {
        harness.input(late);
        assert_eq!(harness.take_outputs(), []);
    }
    assert_eq!(
        end(&harness),
        Some(EndReason::Left),
        "the first reason counts"
    );
}

#[test]
fn second_start_changes_nothing() {
    let mut harness = started();
    harness.take_outputs();
    harness.input(Input::Start);
    assert_eq!(harness.take_outputs(), []);
}

#[test]
fn call_can_be_cancelled_before_it_starts() {
    let mut harness = Harness::new(Rooms::default().capabilities(), "me");
    harness.input(Input::End(EndReason::Aborted));
    let outputs = harness.take_outputs();
    assert!(sent(&outputs).is_empty() && !outputs.contains(&Output::CloseSignaling));
    assert_eq!(
        notices(&outputs).last(),
        Some(&&Notice::Ended(EndReason::Aborted))
    );
    harness.input(Input::Start);
    assert_eq!(harness.take_outputs(), []);
}

#[test]
fn inputs_before_the_start_are_ignored() {
    let mut harness = Harness::new(Rooms::default().capabilities(), "me");
    harness.input(Input::SignalingOpened);
    harness.event(welcome("me", &["you"], None));
    harness.input(Input::Timeout);
    assert_eq!(harness.take_outputs(), []);
}
