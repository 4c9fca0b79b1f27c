use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::{Dialect, Event, Refusal, Request, Verdict};
use videocalls_session::{CallState, EndReason, Input, Notice, Output, Problem};

use crate::desk::{Desk, notices, sent, welcome};

fn started() -> Desk {
    let mut desk = Desk::new(Rooms::default().capabilities(), "me");
    desk.input(Input::Start);
    desk
}

fn end(desk: &Desk) -> Option<EndReason> {
    match desk.session.snapshot().state {
        CallState::Ended(reason) => Some(reason),
        _ => None,
    }
}

#[test]
fn a_socket_that_does_not_open_in_15_seconds_ends_the_call() {
    let mut desk = started();
    desk.wait(14_999);
    assert_eq!(end(&desk), None);
    desk.wait(1);
    assert_eq!(end(&desk), Some(EndReason::Unreachable));
}

#[test]
fn a_server_that_says_no_welcome_in_5_seconds_ends_the_call() {
    let mut desk = started();
    desk.wait(14_000);
    desk.input(Input::SignalingOpened);
    desk.wait(4_999);
    assert_eq!(end(&desk), None);
    desk.wait(1);
    assert_eq!(end(&desk), Some(EndReason::ServerSilent));
}

#[test]
fn silence_for_two_pings_and_a_bit_means_that_the_server_has_gone() {
    let mut desk = started();
    desk.input(Input::SignalingOpened);
    desk.event(welcome("me", &[], Some(10_000)));
    desk.wait(20_000);
    desk.event(Event::Ping);
    desk.wait(23_999);
    assert_eq!(end(&desk), None);
    assert_eq!(desk.session.snapshot().state, CallState::Connected);
    desk.wait(1);
    assert_eq!(desk.session.snapshot().state, CallState::Reconnecting);
}

#[test]
fn a_ping_is_answered() {
    let mut desk = Desk::in_room("me", &[]);
    desk.look();
    desk.event(Event::Ping);
    assert_eq!(sent(&desk.look()), [&Request::Pong]);
}

#[test]
fn a_refusal_is_final_by_word_or_by_close_code_at_any_time() {
    for refusal in [Refusal::RoomFull, Refusal::Kicked, Refusal::Forbidden] {
        let by_word = Input::SignalingEvent(Event::Refused(refusal));
        let by_code = Input::SignalingClosed(Verdict::Terminal(refusal));
        for how in [by_word, by_code] {
            let mut joining = started();
            joining.input(Input::SignalingOpened);
            for mut desk in [started(), joining, Desk::in_room("me", &["you"])] {
                desk.look();
                desk.input(how.clone());
                assert_eq!(end(&desk), Some(EndReason::Refused(refusal)));
                let said = desk.look();
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
    let mut desk = started();
    desk.input(Input::SignalingClosed(Verdict::Backoff));
    assert_eq!(end(&desk), Some(EndReason::Unreachable));
    let mut desk = Desk::in_room("me", &[]);
    desk.input(Input::SignalingClosed(Verdict::Backoff));
    assert_eq!(end(&desk), None);
}

#[test]
fn fifty_unreadable_messages_are_too_many() {
    let mut desk = Desk::in_room("me", &[]);
    let complaint = Input::SignalingProblem(Problem::MalformedMessage);
    (0..49).for_each(|_| desk.input(complaint.clone()));
    assert_eq!(end(&desk), None);
    desk.input(complaint);
    assert_eq!(end(&desk), Some(EndReason::ProtocolError));
}

#[test]
fn the_end_gives_everything_back_once_and_nothing_comes_after_it() {
    let mut desk = Desk::in_room("me", &["you", "they"]);
    desk.look();
    desk.input(Input::End(EndReason::Left));
    let said = desk.look();
    assert_eq!(sent(&said), [&Request::Bye]);
    let closed = said.iter().filter(|it| matches!(it, Output::Link { .. }));
    assert_eq!(closed.count(), 2);
    assert!(said.contains(&Output::CloseSignaling) && said.contains(&Output::ReleaseMedia));
    assert_eq!(
        said.last(),
        Some(&Output::Notify(Notice::Ended(EndReason::Left)))
    );
    assert_eq!(desk.session.next_timeout(), None);
    assert_eq!(desk.people(), [""; 0]);
    for late in [
        Input::End(EndReason::Aborted),
        Input::Start,
        Input::SignalingOpened,
        Input::SignalingEvent(Event::Ping),
        Input::SignalingClosed(Verdict::Backoff),
        Input::Timeout,
    ] {
        desk.input(late);
        assert_eq!(desk.look(), []);
    }
    assert_eq!(end(&desk), Some(EndReason::Left), "the first reason stays");
}

#[test]
fn a_second_start_changes_nothing() {
    let mut desk = started();
    desk.look();
    desk.input(Input::Start);
    assert_eq!(desk.look(), []);
}

#[test]
fn a_call_can_be_called_off_before_it_begins() {
    let mut desk = Desk::new(Rooms::default().capabilities(), "me");
    desk.input(Input::End(EndReason::Aborted));
    let said = desk.look();
    assert!(sent(&said).is_empty() && !said.contains(&Output::CloseSignaling));
    assert_eq!(
        notices(&said).last(),
        Some(&&Notice::Ended(EndReason::Aborted))
    );
    desk.input(Input::Start);
    assert_eq!(desk.look(), []);
}

#[test]
fn nothing_happens_before_the_start() {
    let mut desk = Desk::new(Rooms::default().capabilities(), "me");
    desk.input(Input::SignalingOpened);
    desk.event(welcome("me", &["you"], None));
    desk.input(Input::Timeout);
    assert_eq!(desk.look(), []);
}
