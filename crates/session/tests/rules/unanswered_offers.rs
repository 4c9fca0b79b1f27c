//! Offers that are not answered, in dialects whose servers do not redeliver.

use videocalls_protocol::socketio_rooms::SocketIoRooms;
use videocalls_protocol::{Dialect, Event};
use videocalls_session::{Config, Input, LinkOp, LinkReport, Output, Transport};

use super::foreign_reconnecting::{connect, link_to, offers, pair, relay};
use crate::harness::{Harness, answer, offer, ops, peer, token, welcome};

/// The peer may have been away when the offer was sent, and no server tells when it is back.
#[test]
fn unanswered_offer_on_a_working_link_is_repeated_five_times_in_75_seconds() {
    let (mut harness, link) = relay();
    harness.report(link, LinkReport::NegotiationNeeded);
    harness.create_description();
    harness.take_outputs();
    for seconds in [5, 10, 15, 20, 25] {
        harness.wait(seconds * 1_000 - 1);
        assert_eq!(harness.take_outputs(), [], "{seconds}");
        harness.wait(1);
        harness.create_description();
        assert_eq!(offers(&harness.take_outputs()), 1, "{seconds}");
    }
    harness.wait(600_000);
    assert_eq!(
        harness.take_outputs(),
        [],
        "the peer never answers a second offer"
    );
    harness.signal_from("you", answer("100", 2));
    assert!(matches!(
        ops(&harness.take_outputs())[..],
        [(_, LinkOp::AcceptAnswer { .. })]
    ));
}

/// The link was not connected yet when the offer was sent, and the peer was away.
#[test]
fn negotiation_waits_until_the_link_has_connected_and_its_offer_is_repeated() {
    let mut harness = Harness::on_relay("me");
    let link = harness.accept_offer_from("you", "100");
    harness.take_outputs();
    harness.report(link, LinkReport::NegotiationNeeded);
    assert_eq!(harness.take_outputs(), []);
    harness.transport(link, Transport::Connected);
    harness.create_description();
    harness.take_outputs();
    harness.wait(4_999);
    assert_eq!(harness.take_outputs(), []);
    harness.wait(1);
    harness.create_description();
    assert_eq!(offers(&harness.take_outputs()), 1);
}

/// Whether the offer of this connection is accepted.
fn answers(outputs: &[Output], connection: &str) -> bool {
    let mut ops = ops(outputs).into_iter();
    ops.any(|(_, op)| {
        matches!(op, LinkOp::AcceptOffer { sdp, .. } if sdp.contains(&format!("o=- {connection} ")))
    })
}

/// A session whose offer has crossed one of `c1` with this version, which has lost against it.
fn after_winning_glare(seed: u32, version: u64) -> Harness {
    let config = Harness::config(SocketIoRooms::new().capabilities(), "a");
    let mut harness = Harness::with(Config { seed, ..config });
    harness.input(Input::Start);
    harness.input(Input::SignalingOpened);
    harness.devices_answer();
    harness.event(welcome("a", &[], None));
    harness.event(Event::Joined(peer("c1")));
    harness.create_description();
    harness.signal_from("c1", offer("200", version));
    harness.take_outputs();
    harness
}

/// Where clients make up their ids, both ends may take the other for the polite one, for example after
/// both have rejoined at once.
#[test]
fn losing_offer_is_accepted_if_ours_is_not_answered() {
    let mut pauses = Vec::new();
    for seed in (1..40).step_by(2) {
        let mut harness = after_winning_glare(seed, 1);
        harness.wait(4_999);
        assert_eq!(harness.take_outputs(), [], "the peer may yield yet");
        let begun = harness.now;
        let yielded = (0..5_000).any(|_| {
            harness.wait(1);
            answers(&harness.take_outputs(), "200")
        });
        assert!(yielded, "before the peer gives up");
        pauses.push(harness.now - begun);
        assert_eq!(harness.participants(), ["c1"]);
    }
    pauses.dedup();
    assert!(pauses.len() > 10, "chance has one wait longer: {pauses:?}");

    let mut harness = after_winning_glare(7, 1);
    harness.signal_from("c1", answer("201", 1));
    let link = link_to(&harness, "c1");
    connect(&mut harness, link);
    harness.signal_from("c1", offer("200", 1));
    harness.wait(60_000);
    assert_eq!(harness.take_outputs(), [], "our offer was answered");
}

#[test]
fn losing_offer_is_replaced_by_a_later_one() {
    let mut harness = after_winning_glare(7, 9);
    harness.signal_from("c1", answer("201", 1));
    harness.signal_from("c1", offer("201", 2));
    let link = link_to(&harness, "c1");
    let outputs = harness.take_outputs();
    let token = ops(&outputs).iter().find_map(|(_, op)| token(op));
    let token = token.expect("the answer is taken first");
    harness.report(link, LinkReport::AnswerApplied { token });
    assert!(answers(&harness.take_outputs(), "201"));
}

#[test]
fn losing_offer_on_a_working_link_is_accepted_if_ours_is_not_answered() {
    let (mut harness, link) = pair();
    harness.report(link, LinkReport::NegotiationNeeded);
    harness.create_description();
    harness.signal_from("c1", offer("100", 2));
    harness.take_outputs();
    harness.wait(4_999);
    assert_eq!(harness.take_outputs(), []);
    harness.wait(5_000);
    let outputs = harness.take_outputs();
    assert!(answers(&outputs, "100"));
    assert_eq!(offers(&outputs), 0);
    assert_eq!(link_to(&harness, "c1"), link);
}
