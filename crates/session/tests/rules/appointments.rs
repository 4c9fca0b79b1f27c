//! Where one always offers, once it is in, and the other always answers.

use videocalls_protocol::appointments::Appointments;
use videocalls_protocol::{Dialect, DisplayName, Event, ParticipantId, Peer, Request, Signal};
use videocalls_session::{LinkId, LinkOp, LinkReport, LinkRole, Transport};

use crate::harness::{Harness, answer, offer, ops, peer, sent, started, token, welcome};

/// The tokens hold `{"uuid":1}` and `{"proId":1}`.
fn arrived(token: &str) -> Harness {
    let dialect = Appointments::new(token).expect("it is a token");
    started(dialect.capabilities())
}

/// With the offer made, and not let in yet.
fn client() -> Harness {
    let mut harness = arrived("h.eyJ1dWlkIjoxfQ.s");
    harness.create_description();
    harness
}

fn professional() -> Harness {
    let mut harness = arrived("h.eyJwcm9JZCI6MX0.s");
    harness.event(welcome("professional", &[], None));
    harness
}

fn introduced(harness: &mut Harness, signal: Signal) {
    let name = DisplayName::new("Jim").ok();
    harness.event(Event::Found(Peer {
        name,
        ..peer("client")
    }));
    harness.signal_from("client", signal);
}

fn link_to(harness: &Harness, id: &str) -> LinkId {
    let link = harness.session.link_of(&ParticipantId::new(id));
    link.expect("there is a link")
}

#[test]
fn a_client_calls_out_when_it_is_let_in() {
    let mut harness = client();
    let outputs = harness.take_outputs();
    let early = sent(&outputs);
    assert!(
        matches!(early[..], [Request::Join(_)]),
        "not before: {early:?}"
    );
    harness.event(welcome("client", &[], None));
    let outputs = harness.take_outputs();
    assert!(matches!(
        sent(&outputs)[..],
        [Request::Signal {
            to: None,
            signal: Signal::Offer { .. }
        }]
    ));
    assert_eq!(
        harness.session.next_timeout(),
        None,
        "and waits, however long"
    );
}

#[test]
fn an_answer_is_taken_however_late_it_comes() {
    let mut harness = client();
    harness.event(welcome("client", &[], None));
    harness.wait(3_600_000);
    harness.take_outputs();
    harness.signal_from("professional", answer("100", 1));
    let outputs = harness.take_outputs();
    assert!(matches!(
        ops(&outputs)[..],
        [(_, LinkOp::AcceptAnswer { .. })]
    ));
    assert_eq!(harness.participants(), ["professional"]);
    harness.signal_from("professional", answer("100", 1));
    harness.signal_from("professional", answer("99", 1));
    assert_eq!(harness.take_outputs(), [], "one is enough");
}

/// The server gives the offer that it has kept to a professional who comes back.
#[test]
fn an_answer_to_an_offer_that_was_answered_is_a_reason_to_offer_anew() {
    let mut harness = client();
    harness.event(welcome("client", &[], None));
    harness.signal_from("professional", answer("100", 1));
    let outputs = harness.take_outputs();
    let token = ops(&outputs).iter().rev().find_map(|(_, op)| token(op));
    let token = token.expect("the answer is taken");
    let old = link_to(&harness, "professional");
    harness.report(old, LinkReport::Applied { token });
    harness.transport(old, Transport::Connected);
    harness.signal_from("professional", answer("100", 1));
    assert_eq!(
        link_to(&harness, "professional"),
        old,
        "a repetition is none"
    );
    harness.take_outputs();
    harness.signal_from("professional", answer("200", 1));
    harness.create_description();
    let outputs = harness.take_outputs();
    assert!(ops(&outputs).contains(&(old, &LinkOp::Close)));
    let offered = sent(&outputs);
    assert!(matches!(
        offered[..],
        [Request::Signal {
            signal: Signal::Offer { .. },
            ..
        }]
    ));
    assert_eq!(harness.participants(), ["professional"]);
}

#[test]
fn a_client_that_loses_the_professional_calls_out_again() {
    let mut harness = client();
    harness.event(welcome("client", &[], None));
    harness.signal_from("professional", answer("100", 1));
    let link = link_to(&harness, "professional");
    harness.transport(link, Transport::Connected);
    harness.take_outputs();
    harness.transport(link, Transport::Failed);
    assert_eq!(harness.participants(), [""; 0]);
    harness.create_description();
    let outputs = harness.take_outputs();
    assert!(matches!(
        sent(&outputs)[..],
        [Request::Signal { to: None, .. }]
    ));
    harness.signal_from("professional", answer("200", 1));
    assert_eq!(harness.participants(), ["professional"]);
}

#[test]
fn a_professional_waits_with_a_link_standing_by() {
    let mut harness = professional();
    let outputs = harness.take_outputs();
    let standing_by = match ops(&outputs)[..] {
        [(link, LinkOp::Open(LinkRole::StandBy))] => link,
        _ => panic!("one link, to answer on: {outputs:?}"),
    };
    harness.report(standing_by, LinkReport::NegotiationNeeded);
    harness.wait(3_600_000);
    assert_eq!(harness.take_outputs(), []);
    introduced(&mut harness, offer("100", 1));
    assert_eq!(harness.create_description(), standing_by);
    let outputs = harness.take_outputs();
    let [Request::Signal { signal, .. }] = sent(&outputs)[..] else {
        panic!("the answer is sent: {outputs:?}");
    };
    assert!(matches!(signal, Signal::Answer { .. }));
    let people = harness.session.snapshot().participants;
    assert_eq!(people[0].name, DisplayName::new("Jim").ok());
}

#[test]
fn a_professional_never_offers() {
    let mut harness = professional();
    introduced(&mut harness, offer("100", 1));
    let link = harness.create_description();
    harness.transport(link, Transport::Connected);
    harness.take_outputs();
    harness.report(link, LinkReport::NegotiationNeeded);
    assert_eq!(harness.take_outputs(), []);
}

/// Only the client can offer anew, and its offer is taken whenever it comes.
#[test]
fn a_professional_lets_go_of_a_link_that_finds_no_way() {
    let mut harness = professional();
    introduced(&mut harness, offer("100", 1));
    harness.create_description();
    harness.take_outputs();
    harness.wait(10_000);
    let outputs = harness.take_outputs();
    assert!(matches!(
        ops(&outputs)[..],
        [(_, LinkOp::Close), (_, LinkOp::Open(LinkRole::StandBy))]
    ));
    assert_eq!(harness.participants(), [""; 0]);
    assert_eq!(harness.session.next_timeout(), None);
    introduced(&mut harness, offer("100", 2));
    assert_eq!(
        harness.participants(),
        [""; 0],
        "that connection has had its chance"
    );
    introduced(&mut harness, offer("200", 1));
    assert_eq!(harness.participants(), ["client"]);
}

#[test]
fn a_client_that_comes_back_replaces_itself() {
    let mut harness = professional();
    introduced(&mut harness, offer("100", 1));
    let old = harness.create_description();
    harness.transport(old, Transport::Connected);
    harness.take_outputs();
    introduced(&mut harness, offer("200", 1));
    let outputs = harness.take_outputs();
    assert!(ops(&outputs).contains(&(old, &LinkOp::Close)));
    assert_eq!(harness.participants(), ["client"]);
}

#[test]
fn candidates_that_come_before_their_offer_wait_for_it() {
    let mut harness = professional();
    let candidate = videocalls_protocol::Candidate {
        candidate: "candidate:1 1 udp 1 h 9 typ host".into(),
        username_fragment: Some("100".into()),
        ..Default::default()
    };
    harness.signal_from("client", Signal::Candidate(candidate));
    assert_eq!(harness.participants(), [""; 0]);
    harness.take_outputs();
    introduced(&mut harness, offer("100", 1));
    let outputs = harness.take_outputs();
    let added = ops(&outputs);
    assert!(
        added
            .iter()
            .any(|(_, op)| matches!(op, LinkOp::AddCandidate(_)))
    );
}
