use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::{
    Candidate, Dialect, Event, LeaveReason, ParticipantId, Request, Signal, TrackSources,
};
use videocalls_session::{
    Connection, Input, LinkId, LinkOp, LinkReport, LinkRole, Notice, Output, Problem, Transport,
};

use crate::harness::{Harness, answer, left, notices, offer, ops, peer, sdp, sent, token, welcome};

/// A session in a room with one other, connected, after their offer.
fn linked(me: &str, other: &str) -> (Harness, LinkId) {
    let mut harness = Harness::in_room(me, &[]);
    harness.event(videocalls_protocol::Event::Joined(peer(other)));
    let link = harness.accept_offer_from(other, "100");
    harness.transport(link, Transport::Connected);
    harness.take_outputs();
    (harness, link)
}

fn opened(harness: &mut Harness) -> usize {
    opened_roles(harness).len()
}

fn opened_roles(harness: &mut Harness) -> Vec<LinkRole> {
    let outputs = harness.take_outputs();
    let opened = ops(&outputs).into_iter().filter_map(|(_, op)| match op {
        LinkOp::Open(role) => Some(*role),
        _ => None,
    });
    opened.collect()
}

#[test]
fn first_link_is_prepared_while_the_socket_opens_and_used_for_the_first_participant() {
    let mut harness = Harness::new(Rooms::default().capabilities(), "me");
    harness.input(Input::Start);
    let link = harness.create_description();
    harness.input(Input::SignalingOpened);
    harness.take_outputs();
    harness.event(welcome("me", &["a", "b"], None));
    let outputs = harness.take_outputs();
    let first = sent(&outputs).into_iter().next();
    assert!(matches!(first, Some(Request::Signal { to: Some(to), .. }) if to.as_str() == "a"));
    let others = ops(&outputs).into_iter().filter(|(it, _)| *it != link);
    assert_eq!(
        others.count(),
        2,
        "one more link is opened and asked for its offer"
    );
}

#[test]
fn standby_link_answers_the_first_participant_who_joins() {
    let mut harness = Harness::in_room("me", &[]);
    let outputs = harness.take_outputs();
    let [
        ..,
        (_, LinkOp::Close),
        (standby, LinkOp::Open(LinkRole::Standby)),
    ] = ops(&outputs)[..]
    else {
        panic!("the offer made in advance is for nobody: {outputs:?}");
    };
    harness.report(standby, LinkReport::NegotiationNeeded);
    assert_eq!(
        harness.take_outputs(),
        [],
        "it has nobody to negotiate with"
    );
    harness.event(videocalls_protocol::Event::Joined(peer("you")));
    assert_eq!(harness.accept_offer_from("you", "100"), standby);
    harness.event(left("you", LeaveReason::Bye));
    let outputs = harness.take_outputs();
    assert!(
        matches!(
            ops(&outputs)[..],
            [.., (_, LinkOp::Close), (_, LinkOp::Open(LinkRole::Standby))]
        ),
        "alone again: {outputs:?}"
    );
}

#[test]
fn roster_with_duplicates_and_ourselves_opens_one_link_per_participant() {
    let mut harness = Harness::in_room("me", &["a", "a", "me"]);
    assert_eq!(opened(&mut harness), 1);
    assert_eq!(harness.participants(), ["a"]);
}

#[test]
fn participant_without_seat_stays_while_their_media_arrives() {
    let (mut harness, link) = linked("me", "you");
    harness.event(left("you", LeaveReason::Lost));
    harness.wait(60_000);
    assert_eq!(harness.participants(), ["you"]);
    harness.transport(link, Transport::Disconnected);
    harness.wait(3_999);
    harness.transport(link, Transport::Connected);
    harness.wait(60_000);
    assert_eq!(harness.participants(), ["you"], "it recovered in time");
    harness.transport(link, Transport::Disconnected);
    harness.wait(4_000);
    assert_eq!(harness.participants(), [""; 0]);
    assert_eq!(harness.session.next_timeout(), None);
}

#[test]
fn participant_without_seat_is_offered_no_new_link() {
    let (mut harness, link) = linked("me", "you");
    harness.report(link, LinkReport::NegotiationNeeded);
    let outputs = harness.take_outputs();
    let token = ops(&outputs).iter().find_map(|(_, op)| token(op));
    harness.event(left("you", LeaveReason::Lost));
    let token = token.expect("an offer to make");
    harness.report(link, LinkReport::Failed { token });
    assert_eq!(harness.participants(), [""; 0]);
    assert!(!opened_roles(&mut harness).contains(&LinkRole::Offerer));
}

#[test]
fn participant_who_says_goodbye_or_is_interrupted_leaves_at_once() {
    let (mut harness, _) = linked("me", "you");
    harness.event(left("you", LeaveReason::Bye));
    let outputs = harness.take_outputs();
    assert!(matches!(
        ops(&outputs)[..],
        [(_, LinkOp::Close), (_, LinkOp::Open(_))]
    ));
    assert_eq!(harness.participants(), [""; 0]);
    let (mut harness, link) = linked("me", "you");
    harness.transport(link, Transport::Disconnected);
    harness.event(left("you", LeaveReason::Lost));
    assert_eq!(harness.participants(), [""; 0]);
}

#[test]
fn link_that_does_not_connect_is_replaced_by_the_impolite_end_first() {
    let mut harness = Harness::in_room("a", &["b"]);
    harness.take_outputs();
    harness.wait(10_000);
    assert_eq!(
        opened(&mut harness),
        1,
        "the end with the lesser id is impolite"
    );
    let mut harness = Harness::in_room("c", &["b"]);
    harness.take_outputs();
    harness.wait(10_000);
    assert_eq!(
        opened(&mut harness),
        0,
        "the polite end lets the peer replace it first"
    );
    harness.wait(10_000);
    assert_eq!(opened(&mut harness), 1, "but not for ever");
}

#[test]
fn lost_link_is_replaced_and_its_participant_stays() {
    let (mut harness, link) = linked("a", "b");
    harness.transport(link, Transport::Disconnected);
    harness.transport(link, Transport::Failed);
    harness.event(Event::Pong);
    harness.wait(11_999);
    assert_eq!(opened(&mut harness), 0, "two restarts of ICE may heal it");
    harness.wait(1);
    let outputs = harness.take_outputs();
    assert!(ops(&outputs).contains(&(link, &LinkOp::Close)));
    assert!(
        !notices(&outputs)
            .iter()
            .any(|it| matches!(it, Notice::ParticipantLeft { .. }))
    );
    assert_eq!(harness.participants(), ["b"]);
    let view = &harness.session.snapshot().participants[0];
    assert_eq!(view.connection, Connection::Connecting);
}

#[test]
fn browser_that_always_fails_is_asked_only_now_and_then() {
    let mut harness = Harness::in_room("c", &["b"]);
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
    assert!((3..12).contains(&asked), "asked {asked} times in a minute");
}

#[test]
fn broken_link_that_waits_to_be_replaced_negotiates_nothing() {
    let mut harness = Harness::in_room("c", &["b"]);
    harness.take_outputs();
    harness.signal_from("b", offer("100", 1));
    let mut last = None;
    while let Some((link, token)) = ops(&harness.take_outputs())
        .iter()
        .find_map(|(link, op)| token(op).map(|token| (*link, token)))
    {
        last = Some(link);
        harness.report(link, LinkReport::Failed { token });
    }
    let link = last.expect("it was tried");
    harness.report(link, LinkReport::NegotiationNeeded);
    assert_eq!(harness.take_outputs(), []);
    harness.wait(60_000);
    assert_eq!(opened(&mut harness), 1, "it is replaced after a pause");
}

#[test]
fn failed_negotiation_is_reported_and_replaces_the_link() {
    let (mut harness, link) = linked("c", "b");
    harness.signal_from("b", offer("100", 2));
    let outputs = harness.take_outputs();
    let token = ops(&outputs)
        .iter()
        .find_map(|(_, op)| token(op))
        .expect("an offer to take");
    harness.report(link, LinkReport::Failed { token });
    let outputs = harness.take_outputs();
    let told = Notice::Problem {
        problem: Problem::NegotiationFailed,
        participant: Some(ParticipantId::new("b")),
    };
    assert!(notices(&outputs).contains(&&told));
    assert!(matches!(
        ops(&outputs)[..],
        [(_, LinkOp::Close), (_, LinkOp::Open(LinkRole::Offerer)), ..]
    ));
    harness.signal_from("b", offer("100", 3));
    assert_eq!(
        harness.take_outputs(),
        [],
        "it comes from a connection that is replaced"
    );
}

#[test]
fn late_signals_of_a_replaced_connection_are_ignored() {
    let (mut harness, _) = linked("me", "you");
    harness.accept_offer_from("you", "200");
    harness.take_outputs();
    harness.signal_from("you", offer("100", 2));
    harness.signal_from("you", answer("100", 3));
    harness.signal_from("you", candidate("100"));
    assert_eq!(harness.take_outputs(), []);
    harness.signal_from("you", candidate("200"));
    assert_eq!(ops(&harness.take_outputs()).len(), 1);
}

#[test]
fn repeated_offer_is_accepted_once() {
    let (mut harness, _) = linked("me", "you");
    harness.signal_from("you", offer("100", 1));
    assert_eq!(harness.take_outputs(), []);
    harness.signal_from("you", offer("100", 2));
    assert_eq!(ops(&harness.take_outputs()).len(), 1);
    harness.signal_from("you", offer("100", 2));
    assert_eq!(harness.take_outputs(), []);
}

#[test]
fn early_candidates_wait_for_the_description_of_their_generation() {
    let mut harness = Harness::in_room("me", &[]);
    harness.event(videocalls_protocol::Event::Joined(peer("you")));
    harness.signal_from("you", candidate("100"));
    harness.signal_from("you", candidate("99"));
    harness.take_outputs();
    harness.signal_from("you", offer("100", 1));
    let outputs = harness.take_outputs();
    let added = ops(&outputs);
    let added = added
        .iter()
        .filter(|(_, op)| matches!(op, LinkOp::AddCandidate(_)));
    assert_eq!(added.count(), 1, "the other one is of another generation");
}

#[test]
fn signals_of_someone_not_on_the_roster_are_ignored() {
    let (mut harness, _) = linked("me", "you");
    harness.signal_from("they", offer("300", 1));
    harness.signal_from("they", candidate("300"));
    assert_eq!(harness.take_outputs(), []);
}

#[test]
fn end_of_candidates_names_its_generation() {
    let (mut harness, link) = linked("me", "you");
    harness.report(link, LinkReport::Candidate(Candidate::default()));
    let outputs = harness.take_outputs();
    let [
        Request::Signal {
            signal: Signal::Candidate(end),
            ..
        },
    ] = sent(&outputs)[..]
    else {
        panic!("the mark is sent: {outputs:?}");
    };
    assert_eq!(end.candidate, "");
    assert!(end.username_fragment.is_some());
}

#[test]
fn description_waits_for_its_candidates_without_trickle() {
    let mut capabilities = Rooms::default().capabilities();
    capabilities.trickle = false;
    let mut harness = Harness::new(capabilities, "me");
    harness.input(Input::Start);
    harness.devices_answer();
    harness.input(Input::SignalingOpened);
    let link = harness.create_description();
    harness.event(welcome("me", &["you"], None));
    harness.take_outputs();
    let known = Candidate {
        candidate: "candidate:1 1 udp 1 h 9 typ host".into(),
        ..Candidate::default()
    };
    harness.report(link, LinkReport::Candidate(known));
    assert_eq!(harness.take_outputs(), []);
    harness.report(link, LinkReport::Candidate(Candidate::default()));
    let outputs = harness.take_outputs();
    let [
        Request::Signal {
            signal: Signal::Offer { sdp, .. },
            ..
        },
    ] = sent(&outputs)[..]
    else {
        panic!("the offer alone is sent: {outputs:?}");
    };
    assert!(sdp.contains("a=candidate:1 "));
}

#[test]
fn late_report_of_the_browser_is_ignored() {
    let (mut harness, link) = linked("me", "you");
    harness.signal_from("you", offer("100", 2));
    let outputs = harness.take_outputs();
    let first = ops(&outputs)
        .iter()
        .find_map(|(_, op)| token(op))
        .expect("an offer to take");
    let made = || LinkReport::DescriptionCreated {
        token: first,
        sdp: sdp("5", 9),
        sources: TrackSources::default(),
    };
    harness.report(link, made());
    harness.take_outputs();
    harness.report(link, made());
    harness.report(link, LinkReport::Failed { token: first });
    harness.report(link, LinkReport::AnswerApplied { token: first });
    assert_eq!(harness.take_outputs(), []);
}

#[test]
fn report_of_an_earlier_operation_is_not_taken_for_a_later_one() {
    let (mut harness, link) = linked("me", "you");
    harness.signal_from("you", offer("100", 2));
    let outputs = harness.take_outputs();
    let first = ops(&outputs).iter().find_map(|(_, op)| token(op));
    let first = first.expect("an offer to take");
    let made = LinkReport::DescriptionCreated {
        token: first,
        sdp: sdp("5", 2),
        sources: TrackSources::default(),
    };
    harness.report(link, made.clone());
    harness.signal_from("you", offer("100", 3));
    harness.take_outputs();
    harness.report(link, made);
    harness.report(link, LinkReport::Failed { token: first });
    assert_eq!(
        harness.take_outputs(),
        [],
        "the second answer is still in the making"
    );
}

fn candidate(generation: &str) -> Signal {
    Signal::Candidate(Candidate {
        candidate: "candidate:1 1 udp 1 h 9 typ host".into(),
        sdp_mid: Some("0".into()),
        sdp_m_line_index: Some(0),
        username_fragment: Some(generation.into()),
    })
}
