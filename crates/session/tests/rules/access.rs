//! Access tokens that the page supplies one after another.

use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::{CloseAction, Dialect, Event, Grants, Refusal, Request, Terms, Welcome};
use videocalls_session::{CallState, EndReason, Input, Output};

use crate::harness::{Harness, sent, welcome};

/// A call whose page can supply tokens.
fn started() -> Harness {
    let mut config = Harness::config(Rooms::default().capabilities(), "me");
    config.fetches_token = true;
    let mut harness = Harness::with(config);
    harness.input(Input::Start);
    harness
}

fn supply(harness: &mut Harness, token: &str) -> Vec<Output> {
    harness.take_outputs();
    harness.input(Input::TokenFetched(Some(token.to_owned())));
    harness.take_outputs()
}

fn fetches(outputs: &[Output]) -> usize {
    let fetch = |output: &&Output| **output == Output::FetchToken;
    outputs.iter().filter(fetch).count()
}

fn opens(outputs: &[Output]) -> bool {
    outputs.contains(&Output::OpenSignaling)
}

fn welcome_for(millis: u32) -> Event {
    let Event::Welcome(plain) = welcome("me", &[], None) else {
        panic!("a welcome");
    };
    Event::Welcome(Welcome {
        terms: Terms {
            token_expires_in: Some(millis),
            ..Terms::default()
        },
        ..plain
    })
}

fn accepted(millis: u32) -> Event {
    Event::TokenAccepted {
        expires_in: Some(millis),
        grants: Some(Grants::default()),
    }
}

/// A call with a token that expires in ten seconds.
fn joined() -> Harness {
    let mut harness = started();
    supply(&mut harness, "first");
    harness.input(Input::SignalingOpened);
    harness.event(welcome_for(10_000));
    harness.take_outputs();
    harness
}

fn end(harness: &Harness) -> Option<EndReason> {
    match harness.state() {
        CallState::Ended(reason) => Some(reason),
        _ => None,
    }
}

#[test]
fn the_first_token_is_fetched_before_the_socket_opens() {
    let mut harness = started();
    let outputs = harness.take_outputs();
    assert_eq!(fetches(&outputs), 1);
    assert!(!opens(&outputs));
    assert!(opens(&supply(&mut harness, "first")));
    harness.input(Input::SignalingOpened);
    let outputs = harness.take_outputs();
    let [Request::Join(join)] = sent(&outputs)[..] else {
        panic!("{outputs:?}");
    };
    assert_eq!(join.token.as_deref(), Some("first"));
}

#[test]
fn a_page_without_a_token_ends_the_call_before_it_begins() {
    let mut harness = started();
    harness.input(Input::TokenFetched(None));
    assert_eq!(end(&harness), Some(EndReason::TokenFailed));
}

#[test]
fn a_token_is_renewed_at_80_percent_of_its_life() {
    let mut harness = joined();
    harness.wait(7_999);
    assert_eq!(fetches(&harness.take_outputs()), 0);
    harness.wait(1);
    assert_eq!(fetches(&harness.take_outputs()), 1);
    let outputs = supply(&mut harness, "second");
    assert_eq!(sent(&outputs), [&Request::Token("second".into())]);
    harness.event(accepted(10_000));
    harness.wait(7_999);
    assert_eq!(fetches(&harness.take_outputs()), 0);
    harness.wait(1);
    assert_eq!(fetches(&harness.take_outputs()), 1);
    assert_eq!(harness.state(), CallState::Connected);
}

#[test]
fn a_token_that_has_expired_is_renewed_at_once_and_once() {
    let mut harness = joined();
    harness.event(Event::TokenExpired);
    harness.event(Event::TokenExpired);
    assert_eq!(fetches(&harness.take_outputs()), 1);
}

#[test]
fn a_page_that_has_no_token_now_is_asked_again() {
    let mut harness = joined();
    harness.wait(8_000);
    harness.take_outputs();
    harness.input(Input::TokenFetched(None));
    assert_eq!(end(&harness), None);
    harness.wait(5_000);
    assert_eq!(fetches(&harness.take_outputs()), 1);
}

#[test]
fn reconnects_with_the_token_as_long_as_it_lasts() {
    let mut harness = joined();
    harness.wait(1_000);
    harness.lose_socket();
    harness.wait(0);
    let outputs = harness.take_outputs();
    assert!(opens(&outputs));
    assert_eq!(fetches(&outputs), 0);
}

#[test]
fn reconnects_with_another_token_when_the_last_one_is_old() {
    let mut harness = joined();
    harness.input(Input::SignalingClosed(CloseAction::Terminal(
        Refusal::TokenExpired,
    )));
    harness.wait(0);
    let outputs = harness.take_outputs();
    assert!(!opens(&outputs));
    assert_eq!(fetches(&outputs), 1);
    assert!(opens(&supply(&mut harness, "second")));
    harness.input(Input::SignalingOpened);
    harness.event(welcome_for(10_000));
    assert_eq!(harness.state(), CallState::Connected);
}

#[test]
fn a_page_without_another_token_ends_a_call_whose_token_was_refused() {
    let mut harness = joined();
    let expired = Refusal::TokenExpired;
    harness.input(Input::SignalingClosed(CloseAction::Terminal(expired)));
    harness.wait(0);
    assert_eq!(end(&harness), None);
    harness.input(Input::TokenFetched(None));
    assert_eq!(end(&harness), Some(EndReason::Refused(expired)));
}

#[test]
fn a_page_without_a_token_for_a_moment_reconnects_when_it_has_one() {
    let mut harness = joined();
    harness.wait(8_000);
    harness.lose_socket();
    harness.wait(0);
    harness.input(Input::TokenFetched(None));
    harness.take_outputs();
    harness.wait(3_000);
    assert_eq!(fetches(&harness.take_outputs()), 1);
    assert!(opens(&supply(&mut harness, "second")));
}

#[test]
fn a_new_token_that_has_expired_ends_the_call() {
    let mut harness = started();
    supply(&mut harness, "first");
    harness.input(Input::SignalingOpened);
    harness.event(Event::Refused(Refusal::TokenExpired));
    let expired = EndReason::Refused(Refusal::TokenExpired);
    assert_eq!(end(&harness), Some(expired));
}

#[test]
fn a_token_that_can_not_be_renewed_ends_the_call_when_it_expires() {
    let mut harness = Harness::in_room("me", &[]);
    harness.event(Event::TokenExpired);
    assert_eq!(fetches(&harness.take_outputs()), 0);
    assert_eq!(harness.state(), CallState::Connected);
    harness.event(Event::Refused(Refusal::TokenExpired));
    let expired = EndReason::Refused(Refusal::TokenExpired);
    assert_eq!(end(&harness), Some(expired));
}

#[test]
fn a_connection_that_is_lost_during_a_renewal_waits_for_the_token() {
    let mut harness = joined();
    harness.wait(8_000);
    assert_eq!(fetches(&harness.take_outputs()), 1);
    harness.lose_socket();
    harness.wait(0);
    let outputs = harness.take_outputs();
    assert_eq!((fetches(&outputs), opens(&outputs)), (0, false));
    assert!(opens(&supply(&mut harness, "second")));
}
