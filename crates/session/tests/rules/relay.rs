use videocalls_protocol::relay::Relay;
use videocalls_protocol::{Dialect, Request, Signal};
use videocalls_session::{Input, LinkId, LinkOp, LinkReport, LinkRole, Output, Transport};

use crate::harness::{Harness, answer, offer, ops, sent, token};

/// On a relay with one other, connected, after their offer.
fn paired(me: &str, other: &str) -> (Harness, LinkId) {
    let mut harness = Harness::on_relay(me);
    let link = harness.accept_offer_from(other, "100");
    harness.transport(link, Transport::Connected);
    harness.take_outputs();
    (harness, link)
}

#[test]
fn a_successor_waits_until_the_predecessor_is_gone() {
    let (mut harness, link) = paired("me", "you");
    harness.signal_from("heir", offer("200", 1));
    harness.wait(6_000);
    assert_eq!(harness.take_outputs(), [], "two are enough");
    harness.transport(link, Transport::Disconnected);
    assert_eq!(harness.participants(), ["heir"]);
    let outputs = harness.take_outputs();
    assert!(
        ops(&outputs)
            .iter()
            .any(|(_, op)| matches!(op, LinkOp::AcceptOffer { .. }))
    );
}

#[test]
fn a_successor_that_comes_after_the_interruption_waits_for_its_end() {
    let (mut harness, link) = paired("me", "you");
    harness.transport(link, Transport::Disconnected);
    harness.signal_from("heir", offer("200", 1));
    assert_eq!(harness.participants(), ["you"]);
    harness.wait(4_000);
    assert_eq!(harness.participants(), ["heir"]);
}

#[test]
fn an_intruder_is_forgotten() {
    let (mut harness, link) = paired("me", "you");
    harness.signal_from("third", offer("200", 1));
    harness.wait(20_000);
    harness.transport(link, Transport::Disconnected);
    harness.wait(4_000);
    assert_eq!(harness.participants(), [""; 0]);
}

#[test]
fn a_successor_gets_the_place_of_one_who_never_connected() {
    let mut harness = Harness::on_relay("me");
    harness.accept_offer_from("you", "100");
    harness.signal_from("heir", offer("200", 1));
    harness.wait(10_000);
    assert_eq!(harness.participants(), ["heir"]);
}

#[test]
fn who_is_left_alone_calls_out_again() {
    let (mut harness, link) = paired("me", "you");
    harness.transport(link, Transport::Failed);
    assert_eq!(harness.participants(), [""; 0]);
    harness.create_description();
    let outputs = harness.take_outputs();
    let called = sent(&outputs);
    assert!(matches!(
        called[..],
        [Request::Signal {
            to: None,
            signal: Signal::Offer { .. }
        }]
    ));
    assert_eq!(harness.session.next_timeout(), None, "and waits");
}

#[test]
fn an_answer_to_the_call_makes_its_sender_a_participant() {
    let mut harness = Harness::on_relay("me");
    harness.signal_from("you", answer("100", 1));
    assert_eq!(harness.participants(), ["you"]);
    let outputs = harness.take_outputs();
    let taken = ops(&outputs)
        .iter()
        .any(|(_, op)| matches!(op, LinkOp::AcceptAnswer { .. }));
    assert!(taken);
}

/// A page that always gives way answers within the moment for which its own offer is held.
#[test]
fn crossing_offers_wait_for_an_answer_to_ours() {
    for (me, patience) in [("a", 1_000), ("z", 250)] {
        let fresh = || {
            let mut harness = Harness::on_relay(me);
            let lost = harness.accept_offer_from("m", "1");
            harness.transport(lost, Transport::Connected);
            harness.transport(lost, Transport::Failed);
            harness.create_description();
            harness.take_outputs();
            harness.signal_from("m", offer("100", 2));
            harness
        };
        let mut answered = fresh();
        answered.wait(patience - 1);
        assert_eq!(answered.take_outputs(), [], "held");
        answered.signal_from("m", answer("100", 3));
        let outputs = answered.take_outputs();
        assert!(
            ops(&outputs)
                .iter()
                .any(|(_, op)| matches!(op, LinkOp::AcceptAnswer { .. }))
        );
        let mut unanswered = fresh();
        unanswered.wait(patience);
        let outputs = unanswered.take_outputs();
        assert!(
            ops(&outputs)
                .iter()
                .any(|(_, op)| matches!(op, LinkOp::AcceptOffer { .. }))
        );
    }
}

/// Frames that wait for a socket each by its own timer overtake each other.
#[test]
fn an_offer_that_has_overtaken_the_answer_before_it_is_taken_after_it() {
    let mut harness = Harness::new(Relay::new("a").capabilities(), "a");
    harness.input(Input::Start);
    harness.input(Input::SignalingOpened);
    let link = harness.create_description();
    harness.signal_from("m", offer("100", 3));
    harness.take_outputs();
    harness.signal_from("m", answer("100", 2));
    let outputs = harness.take_outputs();
    let token = ops(&outputs).iter().find_map(|(_, op)| token(op));
    let token = token.expect("the answer is taken");
    harness.report(link, LinkReport::Applied { token });
    let outputs = harness.take_outputs();
    assert!(
        ops(&outputs)
            .iter()
            .any(|(_, op)| matches!(op, LinkOp::AcceptOffer { .. }))
    );
}

/// Both gave way: their answer shows that they took our offer, which we had given up for theirs.
#[test]
fn two_who_both_gave_way_start_again_soon() {
    for (me, patience) in [("a", 0), ("z", 1_000)] {
        let mut harness = Harness::on_relay(me);
        harness.accept_offer_from("m", "100");
        harness.take_outputs();
        harness.signal_from("m", answer("101", 1));
        harness.wait(patience);
        let outputs = harness.take_outputs();
        let again = ops(&outputs);
        let again = again
            .iter()
            .find(|(_, op)| *op == &LinkOp::Open(LinkRole::Offerer));
        assert!(again.is_some(), "{me}: {outputs:?}");
    }
}

/// A videocalls.js page has one connection for everything: it answers a new offer by the old one.
#[test]
fn an_old_connection_may_answer_a_new_offer_but_not_an_old_one() {
    let mut harness = Harness::on_relay("a");
    harness.accept_offer_from("m", "100");
    harness.wait(10_000);
    harness.create_description();
    harness.take_outputs();
    harness.signal_from("m", answer("100", 2));
    assert_eq!(
        harness.take_outputs(),
        [],
        "the same ICE generation: to the old offer"
    );
    let restarted = "v=0\r\no=- 100 3 IN IP4 0.0.0.0\r\na=ice-ufrag:new\r\n".to_owned();
    harness.signal_from(
        "m",
        Signal::Answer {
            id: None,
            sdp: restarted,
        },
    );
    assert_eq!(ops(&harness.take_outputs()).len(), 1);
}

#[test]
fn a_call_to_anyone_that_the_browser_fails_is_tried_again_after_a_pause() {
    let mut harness = Harness::new(Relay::new("me").capabilities(), "me");
    harness.input(Input::Start);
    harness.input(Input::SignalingOpened);
    let mut asked = 0;
    for _ in 0..60 {
        for output in harness.take_outputs() {
            if let Output::Link { link, op } = output
                && let Some(token) = token(&op)
            {
                asked += 1;
                harness.report(link, LinkReport::Failed { token });
            }
        }
        harness.wait(1_000);
    }
    assert!((3..10).contains(&asked), "asked {asked} times in a minute");
}
