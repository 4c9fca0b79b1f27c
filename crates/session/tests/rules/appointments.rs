//! A dialect in which one role always offers, once the server has admitted it, and the other always
//! answers.

use videocalls_protocol::appointments::Appointments;
use videocalls_protocol::{Dialect, DisplayName, Event, ParticipantId, Peer, Request, Signal};
use videocalls_session::{LinkId, LinkOp, LinkReport, LinkRole, Transport};

use crate::harness::{Harness, answer, offer, ops, peer, sent, started, token, welcome};

/// The tokens hold `{"uuid":1}` and `{"proId":1}`.
fn connected_as(token: &str) -> Harness {
    let dialect = Appointments::new(token).expect("it is a token");
    started(dialect.capabilities())
}

/// A client with its offer created, before the server has admitted it.
fn client() -> Harness {
    let mut harness = connected_as("h.eyJ1dWlkIjoxfQ.s");
    harness.create_description();
    harness
}

fn professional() -> Harness {
    let mut harness = connected_as("h.eyJwcm9JZCI6MX0.s");
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
fn client_sends_its_offer_when_it_is_admitted() {
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
fn answer_is_accepted_however_late_it_comes() {
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

/// The server delivers the stored offer to a professional who comes back.
#[test]
fn second_answer_by_a_new_connection_leads_to_a_new_offer() {
    let mut harness = client();
    harness.event(welcome("client", &[], None));
    harness.signal_from("professional", answer("100", 1));
    let outputs = harness.take_outputs();
    let token = ops(&outputs).iter().rev().find_map(|(_, op)| token(op));
    let token = token.expect("the answer is taken");
    let old = link_to(&harness, "professional");
    harness.report(old, LinkReport::AnswerApplied { token });
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
fn client_that_loses_the_professional_offers_again() {
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
fn professional_waits_with_a_standby_link() {
    let mut harness = professional();
    let outputs = harness.take_outputs();
    let standby = match ops(&outputs)[..] {
        [(link, LinkOp::Open(LinkRole::Standby))] => link,
        _ => panic!("one link, to answer on: {outputs:?}"),
    };
    harness.report(standby, LinkReport::NegotiationNeeded);
    harness.wait(3_600_000);
    assert_eq!(harness.take_outputs(), []);
    introduced(&mut harness, offer("100", 1));
    assert_eq!(harness.create_description(), standby);
    let outputs = harness.take_outputs();
    let [Request::Signal { signal, .. }] = sent(&outputs)[..] else {
        panic!("the answer is sent: {outputs:?}");
    };
    assert!(matches!(signal, Signal::Answer { .. }));
    let people = harness.session.snapshot().participants;
    assert_eq!(people[0].name, DisplayName::new("Jim").ok());
}

#[test]
fn professional_never_offers() {
    let mut harness = professional();
    introduced(&mut harness, offer("100", 1));
    let link = harness.create_description();
    harness.transport(link, Transport::Connected);
    harness.take_outputs();
    harness.report(link, LinkReport::NegotiationNeeded);
    assert_eq!(harness.take_outputs(), []);
}

/// Only the client can offer again, and its offer is accepted whenever it comes.
#[test]
fn professional_closes_a_link_that_does_not_connect() {
    let mut harness = professional();
    introduced(&mut harness, offer("100", 1));
    harness.create_description();
    harness.take_outputs();
    harness.wait(10_000);
    let outputs = harness.take_outputs();
    assert!(matches!(
        ops(&outputs)[..],
        [(_, LinkOp::Close), (_, LinkOp::Open(LinkRole::Standby))]
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
fn new_connection_of_the_client_replaces_the_old_link() {
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
