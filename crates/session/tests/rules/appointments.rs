//! Where one always offers, once it is in, and the other always answers.

use videocalls_protocol::appointments::Appointments;
use videocalls_protocol::{Dialect, DisplayName, Event, ParticipantId, Peer, Request, Signal};
use videocalls_session::{LinkId, LinkOp, LinkReport, LinkRole, Transport};

use crate::desk::{Desk, answer, offer, ops, peer, sent, started, token, welcome};

/// The tokens hold `{"uuid":1}` and `{"proId":1}`.
fn arrived(token: &str) -> Desk {
    let dialect = Appointments::new(token).expect("it is a token");
    started(dialect.capabilities())
}

/// With the offer made, and not let in yet.
fn client() -> Desk {
    let mut desk = arrived("h.eyJ1dWlkIjoxfQ.s");
    desk.make();
    desk
}

fn professional() -> Desk {
    let mut desk = arrived("h.eyJwcm9JZCI6MX0.s");
    desk.event(welcome("professional", &[], None));
    desk
}

fn introduced(desk: &mut Desk, signal: Signal) {
    let name = DisplayName::new("Jim").ok();
    desk.event(Event::Found(Peer {
        name,
        ..peer("client")
    }));
    desk.hear("client", signal);
}

fn link_to(desk: &Desk, id: &str) -> LinkId {
    let link = desk.session.link_of(&ParticipantId::new(id));
    link.expect("there is a link")
}

#[test]
fn a_client_calls_out_when_it_is_let_in() {
    let mut desk = client();
    let said = desk.look();
    let early = sent(&said);
    assert!(
        matches!(early[..], [Request::Join(_)]),
        "not before: {early:?}"
    );
    desk.event(welcome("client", &[], None));
    let said = desk.look();
    assert!(matches!(
        sent(&said)[..],
        [Request::Signal {
            to: None,
            signal: Signal::Offer { .. }
        }]
    ));
    assert_eq!(desk.session.next_timeout(), None, "and waits, however long");
}

#[test]
fn an_answer_is_taken_however_late_it_comes() {
    let mut desk = client();
    desk.event(welcome("client", &[], None));
    desk.wait(3_600_000);
    desk.look();
    desk.hear("professional", answer("100", 1));
    let said = desk.look();
    assert!(matches!(ops(&said)[..], [(_, LinkOp::AcceptAnswer { .. })]));
    assert_eq!(desk.people(), ["professional"]);
    desk.hear("professional", answer("100", 1));
    desk.hear("professional", answer("99", 1));
    assert_eq!(desk.look(), [], "one is enough");
}

/// The server gives the offer that it has kept to a professional who comes back.
#[test]
fn an_answer_to_an_offer_that_was_answered_is_a_reason_to_offer_anew() {
    let mut desk = client();
    desk.event(welcome("client", &[], None));
    desk.hear("professional", answer("100", 1));
    let said = desk.look();
    let token = ops(&said).iter().rev().find_map(|(_, op)| token(op));
    let token = token.expect("the answer is taken");
    let old = link_to(&desk, "professional");
    desk.report(old, LinkReport::Applied { token });
    desk.transport(old, Transport::Connected);
    desk.hear("professional", answer("100", 1));
    assert_eq!(link_to(&desk, "professional"), old, "a repetition is none");
    desk.look();
    desk.hear("professional", answer("200", 1));
    desk.make();
    let said = desk.look();
    assert!(ops(&said).contains(&(old, &LinkOp::Close)));
    let offered = sent(&said);
    assert!(matches!(
        offered[..],
        [Request::Signal {
            signal: Signal::Offer { .. },
            ..
        }]
    ));
    assert_eq!(desk.people(), ["professional"]);
}

#[test]
fn a_client_that_loses_the_professional_calls_out_again() {
    let mut desk = client();
    desk.event(welcome("client", &[], None));
    desk.hear("professional", answer("100", 1));
    let link = link_to(&desk, "professional");
    desk.transport(link, Transport::Connected);
    desk.look();
    desk.transport(link, Transport::Failed);
    assert_eq!(desk.people(), [""; 0]);
    desk.make();
    let said = desk.look();
    assert!(matches!(
        sent(&said)[..],
        [Request::Signal { to: None, .. }]
    ));
    desk.hear("professional", answer("200", 1));
    assert_eq!(desk.people(), ["professional"]);
}

#[test]
fn a_professional_waits_with_a_link_standing_by() {
    let mut desk = professional();
    let said = desk.look();
    let standing_by = match ops(&said)[..] {
        [(link, LinkOp::Open(LinkRole::StandBy))] => link,
        _ => panic!("one link, to answer on: {said:?}"),
    };
    desk.report(standing_by, LinkReport::NegotiationNeeded);
    desk.wait(3_600_000);
    assert_eq!(desk.look(), []);
    introduced(&mut desk, offer("100", 1));
    assert_eq!(desk.make(), standing_by);
    let said = desk.look();
    let [Request::Signal { signal, .. }] = sent(&said)[..] else {
        panic!("the answer is sent: {said:?}");
    };
    assert!(matches!(signal, Signal::Answer { .. }));
    let people = desk.session.snapshot().participants;
    assert_eq!(people[0].name, DisplayName::new("Jim").ok());
}

#[test]
fn a_professional_never_offers() {
    let mut desk = professional();
    introduced(&mut desk, offer("100", 1));
    let link = desk.make();
    desk.transport(link, Transport::Connected);
    desk.look();
    desk.report(link, LinkReport::NegotiationNeeded);
    assert_eq!(desk.look(), []);
}

/// Only the client can offer anew, and its offer is taken whenever it comes.
#[test]
fn a_professional_lets_go_of_a_link_that_finds_no_way() {
    let mut desk = professional();
    introduced(&mut desk, offer("100", 1));
    desk.make();
    desk.look();
    desk.wait(10_000);
    let said = desk.look();
    assert!(matches!(
        ops(&said)[..],
        [(_, LinkOp::Close), (_, LinkOp::Open(LinkRole::StandBy))]
    ));
    assert_eq!(desk.people(), [""; 0]);
    assert_eq!(desk.session.next_timeout(), None);
    introduced(&mut desk, offer("100", 2));
    assert_eq!(desk.people(), [""; 0], "that connection has had its chance");
    introduced(&mut desk, offer("200", 1));
    assert_eq!(desk.people(), ["client"]);
}

#[test]
fn a_client_that_comes_back_replaces_itself() {
    let mut desk = professional();
    introduced(&mut desk, offer("100", 1));
    let old = desk.make();
    desk.transport(old, Transport::Connected);
    desk.look();
    introduced(&mut desk, offer("200", 1));
    let said = desk.look();
    assert!(ops(&said).contains(&(old, &LinkOp::Close)));
    assert_eq!(desk.people(), ["client"]);
}

#[test]
fn candidates_that_come_before_their_offer_wait_for_it() {
    let mut desk = professional();
    let candidate = videocalls_protocol::Candidate {
        candidate: "candidate:1 1 udp 1 h 9 typ host".into(),
        username_fragment: Some("100".into()),
        ..Default::default()
    };
    desk.hear("client", Signal::Candidate(candidate));
    assert_eq!(desk.people(), [""; 0]);
    desk.look();
    introduced(&mut desk, offer("100", 1));
    let said = desk.look();
    let added = ops(&said);
    assert!(
        added
            .iter()
            .any(|(_, op)| matches!(op, LinkOp::AddCandidate(_)))
    );
}
