use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::{CloseAction, Dialect, Event, Refusal, Request};
use videocalls_session::{CallState, EndReason, Input, Notice, Output, Problem};

use crate::harness::{Harness, notices, sent, welcome};

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
fn a_socket_that_does_not_open_in_15_seconds_ends_the_call() {
    let mut harness = started();
    harness.wait(14_999);
    assert_eq!(end(&harness), None);
    harness.wait(1);
    assert_eq!(end(&harness), Some(EndReason::Unreachable));
}

#[test]
fn a_server_that_says_no_welcome_in_5_seconds_ends_the_call() {
    let mut harness = started();
    harness.wait(14_000);
    harness.input(Input::SignalingOpened);
    harness.wait(4_999);
    assert_eq!(end(&harness), None);
    harness.wait(1);
    assert_eq!(end(&harness), Some(EndReason::ServerSilent));
}

#[test]
fn silence_for_two_pings_and_a_bit_means_that_the_server_has_gone() {
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
fn a_ping_is_answered() {
    let mut harness = Harness::in_room("me", &[]);
    harness.look();
    harness.event(Event::Ping);
    assert_eq!(sent(&harness.look()), [&Request::Pong]);
}

#[test]
fn a_refusal_is_final_by_word_or_by_close_code_at_any_time() {
    for refusal in [Refusal::RoomFull, Refusal::Kicked, Refusal::Forbidden] {
        let by_word = Input::SignalingEvent(Event::Refused(refusal));
        let by_code = Input::SignalingClosed(CloseAction::Terminal(refusal));
        for how in [by_word, by_code] {
            let mut joining = started();
            joining.input(Input::SignalingOpened);
            for mut harness in [started(), joining, Harness::in_room("me", &["you"])] {
                harness.look();
                harness.input(how.clone());
                assert_eq!(end(&harness), Some(EndReason::Refused(refusal)));
                let said = harness.look();
                assert!(
                    !sent(&said).contains(&&Request::Bye),
                    "no goodbye to a closed door"
                );
            }
        }
    }
}

#[test]
fn a_lost_socket_ends_the_call_by_what_it_was_lost_from() {
    let mut harness = started();
    harness.input(Input::SignalingClosed(CloseAction::Backoff));
    assert_eq!(end(&harness), Some(EndReason::Unreachable));
    let mut harness = Harness::in_room("me", &[]);
    harness.input(Input::SignalingClosed(CloseAction::Backoff));
    assert_eq!(end(&harness), None);
}

#[test]
fn fifty_unreadable_messages_are_too_many() {
    let mut harness = Harness::in_room("me", &[]);
    let complaint = Input::SignalingProblem(Problem::MalformedMessage);
    (0..49).for_each(|_| harness.input(complaint.clone()));
    assert_eq!(end(&harness), None);
    harness.input(complaint);
    assert_eq!(end(&harness), Some(EndReason::ProtocolError));
}

#[test]
fn the_end_gives_everything_back_once_and_nothing_comes_after_it() {
    let mut harness = Harness::in_room("me", &["you", "they"]);
    harness.look();
    harness.input(Input::End(EndReason::Left));
    let said = harness.look();
    assert_eq!(sent(&said), [&Request::Bye]);
    let closed = said.iter().filter(|it| matches!(it, Output::Link { .. }));
    assert_eq!(closed.count(), 2);
    assert!(said.contains(&Output::CloseSignaling) && said.contains(&Output::ReleaseMedia));
    assert_eq!(
        said.last(),
        Some(&Output::Notify(Notice::Ended(EndReason::Left)))
    );
    assert_eq!(harness.session.next_timeout(), None);
    assert_eq!(harness.people(), [""; 0]);
    for late in [
        Input::End(EndReason::Aborted),
        Input::Start,
        Input::SignalingOpened,
        Input::SignalingEvent(Event::Ping),
        Input::SignalingClosed(CloseAction::Backoff),
        Input::Timeout,
    ] {
        harness.input(late);
        assert_eq!(harness.look(), []);
    }
    assert_eq!(
        end(&harness),
        Some(EndReason::Left),
        "the first reason stays"
    );
}

#[test]
fn a_second_start_changes_nothing() {
    let mut harness = started();
    harness.look();
    harness.input(Input::Start);
    assert_eq!(harness.look(), []);
}

#[test]
fn a_call_can_be_called_off_before_it_begins() {
    let mut harness = Harness::new(Rooms::default().capabilities(), "me");
    harness.input(Input::End(EndReason::Aborted));
    let said = harness.look();
    assert!(sent(&said).is_empty() && !said.contains(&Output::CloseSignaling));
    assert_eq!(
        notices(&said).last(),
        Some(&&Notice::Ended(EndReason::Aborted))
    );
    harness.input(Input::Start);
    assert_eq!(harness.look(), []);
}

#[test]
fn nothing_happens_before_the_start() {
    let mut harness = Harness::new(Rooms::default().capabilities(), "me");
    harness.input(Input::SignalingOpened);
    harness.event(welcome("me", &["you"], None));
    harness.input(Input::Timeout);
    assert_eq!(harness.look(), []);
}
