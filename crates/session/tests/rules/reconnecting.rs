//! The connection to the server is lost: when and how often the session tries to reconnect.

use std::time::Duration;

use videocalls_protocol::relay::Relay;
use videocalls_protocol::{CloseAction, Dialect, Event, Refusal, Request};
use videocalls_session::{CallState, EndReason, Input, Output, Transport};

use crate::harness::{Harness, LIVE, sent};

/// How often the socket was opened since the outputs were last taken.
fn attempts(harness: &mut Harness) -> usize {
    let out = harness.take_outputs();
    out.iter()
        .filter(|it| **it == Output::OpenSignaling)
        .count()
}

#[test]
fn reconnecting_stops_after_a_minute_of_attempts() {
    let mut harness = Harness::in_room("me", &[]);
    harness.take_outputs();
    harness.lose_socket();
    let mut count = 0;
    while harness.state() == CallState::Reconnecting {
        harness.wait(10);
        for _ in 0..attempts(&mut harness) {
            count += 1;
            harness.lose_socket();
        }
    }
    assert_eq!(harness.state(), CallState::Ended(EndReason::ServerGone));
    assert!((59_990..=60_020).contains(&harness.now), "{}", harness.now);
    assert!((15..=60).contains(&count), "{count} attempts");
}

#[test]
fn reconnecting_has_no_limit_while_media_flows() {
    let (mut harness, link) = Harness::linked();
    let lost_at = harness.now;
    harness.lose_socket();
    harness.wait(600_000);
    assert_eq!(harness.state(), CallState::Reconnecting);
    assert_eq!(harness.participants(), ["you"]);
    harness.transport(link, Transport::Failed);
    harness.wait(60_000);
    assert_eq!(harness.state(), CallState::Ended(EndReason::ServerGone));
    assert!(harness.now > lost_at);
}

#[test]
fn hanging_attempt_is_given_up_after_3_seconds() {
    let mut harness = Harness::in_room("me", &[]);
    harness.take_outputs();
    harness.lose_socket();
    harness.wait(0);
    assert_eq!(attempts(&mut harness), 1);
    harness.wait(2_999);
    assert_eq!(attempts(&mut harness), 0);
    harness.wait(1);
    assert_eq!(attempts(&mut harness), 1, "the next follows at once");
}

#[test]
fn silent_server_is_given_up_5_seconds_after_the_socket_opened() {
    let mut harness = Harness::in_room("me", &[]);
    harness.lose_socket();
    harness.wait(0);
    harness.input(Input::SignalingOpened);
    harness.take_outputs();
    harness.wait(4_999);
    assert_eq!(attempts(&mut harness), 0);
    harness.wait(1);
    assert_eq!(attempts(&mut harness), 1);
}

#[test]
fn network_change_starts_the_next_attempt_at_once() {
    let mut harness = Harness::in_room("me", &[]);
    harness.lose_socket();
    harness.take_outputs();
    harness.input(Input::NetworkChanged);
    assert_eq!(attempts(&mut harness), 1);
    harness.input(Input::NetworkChanged);
    assert_eq!(attempts(&mut harness), 0, "an attempt is under way");
}

#[test]
fn network_change_pings_the_server_while_connected() {
    let mut harness = Harness::in_room("me", &[]);
    harness.take_outputs();
    harness.input(Input::NetworkChanged);
    assert_eq!(sent(&harness.take_outputs()), [&Request::Ping]);
    harness.wait(1_499);
    harness.event(Event::Pong);
    harness.wait(10_000);
    assert_eq!(harness.state(), CallState::Connected);
    harness.input(Input::NetworkChanged);
    harness.wait(1_500);
    assert_eq!(harness.state(), CallState::Reconnecting);
}

#[test]
fn full_room_is_retried_while_reconnecting() {
    let mut harness = Harness::in_room("me", &[]);
    harness.lose_socket();
    harness.wait(0);
    harness.input(Input::SignalingOpened);
    harness.event(Event::Refused(Refusal::RoomFull));
    assert_eq!(harness.state(), CallState::Reconnecting);
    harness.wait(0);
    harness.take_outputs();
    while harness.state() == CallState::Reconnecting {
        harness.wait(100);
        for _ in 0..attempts(&mut harness) {
            harness.input(Input::SignalingClosed(CloseAction::Terminal(
                Refusal::RoomFull,
            )));
        }
    }
    let full = EndReason::Refused(Refusal::RoomFull);
    assert_eq!(harness.state(), CallState::Ended(full));
}

#[test]
fn other_refusals_while_reconnecting_end_the_call() {
    for refusal in [Refusal::Removed, Refusal::Replaced, Refusal::TokenExpired] {
        let mut harness = Harness::in_room("me", &[]);
        harness.lose_socket();
        harness.input(Input::SignalingClosed(CloseAction::Terminal(refusal)));
        assert_eq!(
            harness.state(),
            CallState::Ended(EndReason::Refused(refusal))
        );
    }
}

#[test]
fn lost_socket_ends_the_call_without_patience() {
    let mut harness = Harness::impatient();
    harness.lose_socket();
    assert_eq!(harness.state(), CallState::Ended(EndReason::ServerGone));
}

#[test]
fn unlimited_patience_sets_no_timer() {
    let mut config = Harness::config(Relay::new("me").capabilities(), "me");
    config.patience = Duration::MAX;
    let mut harness = Harness::with(config);
    harness.input(Input::Start);
    harness.input(Input::SignalingOpened);
    harness.input(Input::MediaSettled(LIVE));
    harness.lose_socket();
    harness.wait(0);
    harness.input(Input::SignalingOpened);
    assert_eq!(harness.state(), CallState::Connected);
    harness.wait(3_600_000);
    assert_eq!(harness.session.next_timeout(), None);
}
