//! Reconnecting to servers of other systems, which keep no seats: links that work are kept, and offers
//! that may be lost are sent again.

use videocalls_protocol::appointments::Appointments;
use videocalls_protocol::channels_mesh::ChannelsMesh;
use videocalls_protocol::socketio_rooms::SocketIoRooms;
use videocalls_protocol::{
    Candidate, Capabilities, CloseAction, Dialect, Event, ParticipantId, Refusal, Request, Signal,
};
use videocalls_session::{
    CallState, EndReason, Input, LinkId, LinkOp, LinkReport, LinkRole, Output, Transport,
};

use crate::harness::{Harness, answer, offer, ops, peer, sent, started, token, welcome};

pub(super) fn link_to(harness: &Harness, id: &str) -> LinkId {
    let link = harness.session.link_of(&ParticipantId::new(id));
    link.expect("there is a link")
}

/// Reports that the latest description was applied, and that the link is connected.
pub(super) fn connect(harness: &mut Harness, link: LinkId) {
    let outputs = harness.take_outputs();
    let asked = ops(&outputs).iter().rev().find_map(|(_, op)| token(op));
    if let Some(token) = asked {
        harness.report(link, LinkReport::AnswerApplied { token });
    }
    harness.transport(link, Transport::Connected);
    harness.take_outputs();
}

pub(super) fn relay() -> (Harness, LinkId) {
    let mut harness = Harness::on_relay("me");
    harness.signal_from("you", answer("100", 1));
    let link = link_to(&harness, "you");
    connect(&mut harness, link);
    (harness, link)
}

fn in_room(capabilities: Capabilities, me: &str, other: &str) -> (Harness, LinkId) {
    let mut harness = started(capabilities);
    harness.event(welcome(me, &[], None));
    harness.event(Event::Joined(peer(other)));
    let link = harness.create_description();
    harness.report(link, LinkReport::Candidate(Candidate::default()));
    harness.signal_from(other, answer("100", 1));
    connect(&mut harness, link);
    (harness, link)
}

pub(super) fn pair() -> (Harness, LinkId) {
    in_room(SocketIoRooms::new().capabilities(), "a", "c1")
}

fn mesh() -> (Harness, LinkId) {
    in_room(
        ChannelsMesh::new("1").capabilities(),
        "me~000001",
        "you~000002",
    )
}

fn appointed(token: &str) -> Harness {
    let dialect = Appointments::new(token).expect("it is a token");
    started(dialect.capabilities())
}

fn client() -> (Harness, LinkId) {
    let mut harness = appointed("h.eyJ1dWlkIjoxfQ.s");
    harness.create_description();
    harness.event(welcome("client", &[], None));
    harness.signal_from("professional", answer("100", 1));
    let link = link_to(&harness, "professional");
    connect(&mut harness, link);
    (harness, link)
}

fn professional() -> (Harness, LinkId) {
    let mut harness = appointed("h.eyJwcm9JZCI6MX0.s");
    harness.event(welcome("professional", &[], None));
    let link = harness.accept_offer_from("client", "100");
    connect(&mut harness, link);
    (harness, link)
}

/// Loses the socket, and opens another one. Returns the outputs after that.
fn reconnected(harness: &mut Harness) -> Vec<Output> {
    harness.input(Input::SignalingClosed(CloseAction::RejoinFresh));
    assert_eq!(harness.session.snapshot().state, CallState::Reconnecting);
    harness.wait(5_000);
    harness.take_outputs();
    harness.input(Input::SignalingOpened);
    harness.take_outputs()
}

/// The participants whom a join says to keep.
fn kept(outputs: &[Output]) -> Vec<&str> {
    let kept = sent(outputs).into_iter().find_map(|request| match request {
        Request::Join(join) => Some(join.keeps.iter().map(ParticipantId::as_str).collect()),
        _ => None,
    });
    kept.expect("it joins")
}

pub(super) fn offers(outputs: &[Output]) -> usize {
    let offers = sent(outputs).into_iter();
    let offers = offers.filter(|request| {
        matches!(
            request,
            Request::Signal {
                signal: Signal::Offer { .. },
                ..
            }
        )
    });
    offers.count()
}

/// Asserts that no link was changed and nothing was sent.
fn assert_untouched(harness: &mut Harness, link: LinkId, other: &str) {
    let outputs = harness.take_outputs();
    assert_eq!(ops(&outputs), []);
    assert_eq!(sent(&outputs), [] as [&Request; 0]);
    assert_eq!(harness.participants(), [other]);
    assert_eq!(link_to(harness, other), link);
    assert_eq!(harness.session.snapshot().state, CallState::Connected);
}

#[test]
fn working_link_is_kept_when_we_reconnect() {
    let (mut harness, link) = relay();
    let outputs = reconnected(&mut harness);
    assert_eq!(kept(&outputs), ["you"]);
    assert_eq!(ops(&outputs), []);
    assert_untouched(&mut harness, link, "you");

    for second in [true, false] {
        let (mut harness, link) = pair();
        assert_eq!(kept(&reconnected(&mut harness)), ["c1"]);
        let there: &[&str] = if second { &["c1"] } else { &[] };
        harness.event(welcome("a", there, None));
        assert_untouched(&mut harness, link, "c1");
    }

    let (mut harness, link) = mesh();
    assert_eq!(kept(&reconnected(&mut harness)), ["you~000002"]);
    harness.event(welcome("me~000001", &[], None));
    assert_untouched(&mut harness, link, "you~000002");

    let (mut harness, link) = client();
    assert_eq!(kept(&reconnected(&mut harness)), ["professional"]);
    harness.event(welcome("client", &[], None));
    harness.signal_from("professional", answer("100", 1));
    assert_untouched(&mut harness, link, "professional");

    let (mut harness, link) = professional();
    assert_eq!(kept(&reconnected(&mut harness)), ["client"]);
    harness.event(welcome("professional", &[], None));
    harness.signal_from("client", offer("100", 1));
    assert_untouched(&mut harness, link, "client");
}

#[test]
fn working_link_is_kept_when_the_peer_rejoins() {
    let (mut harness, link) = mesh();
    harness.event(Event::Joined(peer("you~000002")));
    assert_untouched(&mut harness, link, "you~000002");
}

#[test]
fn participant_who_rejoins_with_an_interrupted_link_is_offered_a_new_one() {
    let (mut harness, link) = mesh();
    harness.transport(link, Transport::Disconnected);
    harness.take_outputs();
    harness.event(Event::Joined(peer("you~000002")));
    let new = harness.create_description();
    harness.report(new, LinkReport::Candidate(Candidate::default()));
    let outputs = harness.take_outputs();
    assert!(ops(&outputs).contains(&(link, &LinkOp::Close)));
    assert_eq!(offers(&outputs), 1);
    assert_eq!(harness.participants(), ["you~000002"]);
}

/// The roster of this dialect is never complete, so a participant missing from it may be there.
#[test]
fn interrupted_link_is_kept_if_the_roster_is_incomplete() {
    let (mut harness, link) = mesh();
    harness.transport(link, Transport::Disconnected);
    harness.take_outputs();
    assert_eq!(kept(&reconnected(&mut harness)), [""; 0]);
    harness.event(welcome("me~000001", &[], None));
    assert_eq!(link_to(&harness, "you~000002"), link);
}

#[test]
fn interrupted_link_is_replaced_on_rejoining_a_pair() {
    let (mut harness, link) = pair();
    harness.transport(link, Transport::Disconnected);
    harness.take_outputs();
    assert_eq!(kept(&reconnected(&mut harness)), [""; 0]);
    harness.event(welcome("b", &["a"], None));
    let outputs = harness.take_outputs();
    assert!(ops(&outputs).contains(&(link, &LinkOp::Close)));
    assert_eq!(harness.participants(), ["a"]);
    harness.accept_offer_from("a", "200");
}

/// The server may have lost the offer with the socket, or delivered it to nobody.
#[test]
fn unanswered_offer_is_sent_again_after_reconnecting() {
    let calls = [
        (relay(), None),
        (pair(), Some("a")),
        (mesh(), Some("me~000001")),
        (client(), Some("client")),
    ];
    for ((mut harness, link), me) in calls {
        harness.report(link, LinkReport::NegotiationNeeded);
        harness.create_description();
        harness.take_outputs();
        let mut outputs = reconnected(&mut harness);
        if let Some(me) = me {
            let there: &[&str] = if me == "a" { &["c1"] } else { &[] };
            harness.event(welcome(me, there, None));
            outputs = harness.take_outputs();
        }
        assert!(matches!(ops(&outputs)[..], [(it, LinkOp::CreateOffer { .. })] if it == link));
    }
}

#[test]
fn broadcast_offer_is_replaced_after_reconnecting() {
    let mut harness = Harness::on_relay("me");
    let first = reconnected(&mut harness);
    let closed = ops(&first);
    assert!(matches!(
        closed[..],
        [
            (_, LinkOp::Close),
            (_, LinkOp::Open(LinkRole::Offerer)),
            (_, LinkOp::CreateOffer { .. })
        ]
    ));
}

/// It would reach the client that has our place by now.
#[test]
fn nothing_is_sent_before_the_server_has_admitted_us_again() {
    let (mut harness, link) = pair();
    harness.report(link, LinkReport::NegotiationNeeded);
    harness.input(Input::SignalingClosed(CloseAction::RejoinFresh));
    harness.create_description();
    harness.report(link, LinkReport::Candidate(Candidate::default()));
    harness.wait(5_000);
    harness.input(Input::SignalingOpened);
    let outputs = harness.take_outputs();
    assert!(
        sent(&outputs)
            .into_iter()
            .all(|it| matches!(it, Request::Join(_)))
    );
    harness.event(welcome("a", &["c1"], None));
    harness.create_description();
    assert_eq!(offers(&harness.take_outputs()), 1);
}

/// Our answer was lost with the socket, and the server delivers the offer again.
#[test]
fn professional_accepts_the_redelivered_offer_of_a_link_that_never_connected() {
    let mut harness = appointed("h.eyJwcm9JZCI6MX0.s");
    harness.event(welcome("professional", &[], None));
    harness.accept_offer_from("client", "100");
    harness.take_outputs();
    reconnected(&mut harness);
    harness.event(welcome("professional", &[], None));
    harness.take_outputs();
    harness.signal_from("client", offer("100", 1));
    harness.create_description();
    let outputs = harness.take_outputs();
    assert!(matches!(
        sent(&outputs)[..],
        [Request::Signal {
            signal: Signal::Answer { .. },
            ..
        }]
    ));
    assert_eq!(harness.participants(), ["client"]);
}

/// A relay accepts the socket before it counts the places, and may still count our dead socket.
#[test]
fn full_relay_is_retried_for_60_seconds_after_a_lost_connection() {
    let full = || Input::SignalingClosed(CloseAction::Terminal(Refusal::RoomFull));
    let (mut harness, link) = relay();
    reconnected(&mut harness);
    harness.input(full());
    assert_eq!(harness.session.snapshot().state, CallState::Reconnecting);
    assert_eq!(harness.participants(), ["you"]);
    assert!(!ops(&harness.take_outputs()).contains(&(link, &LinkOp::Close)));
    let mut tries = 0;
    while harness.session.snapshot().state
        != CallState::Ended(EndReason::Refused(Refusal::RoomFull))
    {
        harness.wait(500);
        let outputs = harness.take_outputs();
        if outputs.contains(&Output::OpenSignaling) {
            tries += 1;
            harness.input(Input::SignalingOpened);
            harness.input(full());
        }
        assert!(harness.now < 80_000, "it ends");
    }
    assert!((10..60).contains(&tries), "with pauses: {tries}");
    let (mut first, _) = relay();
    first.input(full());
    assert!(
        matches!(first.session.snapshot().state, CallState::Ended(_)),
        "a client that was never away"
    );
}
