use videocalls_protocol::relay::Relay;
use videocalls_protocol::{Dialect, Request, Signal, TrackSources};
use videocalls_session::{Input, LinkId, LinkOp, LinkReport, LinkRole, Output, Transport};

use crate::harness::{Harness, answer, offer, ops, sent, token};

/// A session on a relay with one other, connected, after their offer.
fn paired(me: &str, other: &str) -> (Harness, LinkId) {
    let mut harness = Harness::on_relay(me);
    let link = harness.accept_offer_from(other, "100");
    harness.transport(link, Transport::Connected);
    harness.take_outputs();
    (harness, link)
}

#[test]
fn newcomer_to_a_full_room_waits_until_the_other_is_interrupted() {
    let (mut harness, link) = paired("me", "you");
    harness.signal_from("new", offer("200", 1));
    harness.wait(6_000);
    assert_eq!(harness.take_outputs(), [], "the room is full");
    harness.transport(link, Transport::Disconnected);
    assert_eq!(harness.participants(), ["new"]);
    let outputs = harness.take_outputs();
    assert!(
        ops(&outputs)
            .iter()
            .any(|(_, op)| matches!(op, LinkOp::AcceptOffer { .. }))
    );
}

#[test]
fn newcomer_who_offers_during_an_interruption_waits_for_its_end() {
    let (mut harness, link) = paired("me", "you");
    harness.transport(link, Transport::Disconnected);
    harness.signal_from("new", offer("200", 1));
    assert_eq!(harness.participants(), ["you"]);
    harness.wait(4_000);
    assert_eq!(harness.participants(), ["new"]);
}

#[test]
fn offer_to_a_full_room_is_dropped_after_20_seconds() {
    let (mut harness, link) = paired("me", "you");
    harness.signal_from("third", offer("200", 1));
    harness.wait(20_000);
    harness.transport(link, Transport::Disconnected);
    harness.wait(4_000);
    assert_eq!(harness.participants(), [""; 0]);
}

#[test]
fn newcomer_replaces_a_participant_who_never_connected() {
    let mut harness = Harness::on_relay("me");
    harness.accept_offer_from("you", "100");
    harness.signal_from("new", offer("200", 1));
    harness.wait(10_000);
    assert_eq!(harness.participants(), ["new"]);
}

#[test]
fn session_left_alone_broadcasts_an_offer_again() {
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
fn answer_to_the_broadcast_offer_adds_a_participant() {
    let mut harness = Harness::on_relay("me");
    harness.signal_from("you", answer("100", 1));
    assert_eq!(harness.participants(), ["you"]);
    let outputs = harness.take_outputs();
    let taken = ops(&outputs)
        .iter()
        .any(|(_, op)| matches!(op, LinkOp::AcceptAnswer { .. }));
    assert!(taken);
}

/// A page that always yields answers within the time for which its own offer is deferred.
#[test]
fn crossing_offer_is_deferred_until_ours_is_answered_or_lost() {
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
        assert_eq!(answered.take_outputs(), [], "it is deferred");
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

/// A page that retries each frame by a timer of its own while its socket opens sends them out of
/// order.
#[test]
fn offer_that_has_overtaken_an_answer_is_accepted_after_it() {
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
    harness.report(link, LinkReport::AnswerApplied { token });
    let outputs = harness.take_outputs();
    assert!(
        ops(&outputs)
            .iter()
            .any(|(_, op)| matches!(op, LinkOp::AcceptOffer { .. }))
    );
}

/// Both ends yielded: the answer shows that the peer accepted our offer, which we gave up for theirs.
#[test]
fn link_is_replaced_soon_if_both_ends_yielded() {
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

/// A videocalls.js page has a single connection, so it answers a new offer by the old connection.
#[test]
fn old_connection_may_answer_a_new_offer_but_not_an_old_one() {
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
            sources: TrackSources::default(),
        },
    );
    assert_eq!(ops(&harness.take_outputs()).len(), 1);
}

#[test]
fn broadcast_offer_that_the_browser_fails_to_create_is_retried_after_a_pause() {
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
