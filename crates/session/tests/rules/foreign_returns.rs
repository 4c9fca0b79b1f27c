//! Coming back to the servers of other systems, which hold no seats: what lives goes on untouched, what
//! may have been lost is said again.

use videocalls_protocol::appointments::Appointments;
use videocalls_protocol::channels_mesh::ChannelsMesh;
use videocalls_protocol::socketio_rooms::SocketIoRooms;
use videocalls_protocol::{
    Candidate, Capabilities, CloseAction, Dialect, Event, ParticipantId, Refusal, Request, Signal,
};
use videocalls_session::{
    CallState, Config, EndReason, Input, LinkId, LinkOp, LinkReport, LinkRole, Output, Transport,
};

use crate::harness::{Harness, LIVE, answer, offer, ops, peer, sent, started, token, welcome};

fn link_to(harness: &Harness, id: &str) -> LinkId {
    let link = harness.session.link_of(&ParticipantId::new(id));
    link.expect("there is a link")
}

/// Tells that the latest description was applied, and that there is a way.
fn connect(harness: &mut Harness, link: LinkId) {
    let outputs = harness.take_outputs();
    let asked = ops(&outputs).iter().rev().find_map(|(_, op)| token(op));
    if let Some(token) = asked {
        harness.report(link, LinkReport::Applied { token });
    }
    harness.transport(link, Transport::Connected);
    harness.take_outputs();
}

fn relay() -> (Harness, LinkId) {
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

fn pair() -> (Harness, LinkId) {
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

/// Loses the socket, and has another one soon. Returns what was said to the new server.
fn reopened(harness: &mut Harness) -> Vec<Output> {
    harness.input(Input::SignalingClosed(CloseAction::RejoinFresh));
    assert_eq!(harness.session.snapshot().state, CallState::Reconnecting);
    harness.wait(5_000);
    harness.take_outputs();
    harness.input(Input::SignalingOpened);
    harness.take_outputs()
}

/// Whom a join says to keep.
fn kept(outputs: &[Output]) -> Vec<&str> {
    let kept = sent(outputs).into_iter().find_map(|request| match request {
        Request::Join(join) => Some(join.keeps.iter().map(ParticipantId::as_str).collect()),
        _ => None,
    });
    kept.expect("it joins")
}

fn offers(outputs: &[Output]) -> usize {
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

/// Nothing was done to any link, and nothing was said to anybody.
fn untouched(harness: &mut Harness, link: LinkId, other: &str) {
    let outputs = harness.take_outputs();
    assert_eq!(ops(&outputs), []);
    assert_eq!(sent(&outputs), [] as [&Request; 0]);
    assert_eq!(harness.participants(), [other]);
    assert_eq!(link_to(harness, other), link);
    assert_eq!(harness.session.snapshot().state, CallState::Connected);
}

#[test]
fn a_living_link_is_not_touched_by_a_return() {
    let (mut harness, link) = relay();
    let outputs = reopened(&mut harness);
    assert_eq!(kept(&outputs), ["you"]);
    assert_eq!(ops(&outputs), []);
    untouched(&mut harness, link, "you");

    for second in [true, false] {
        let (mut harness, link) = pair();
        assert_eq!(kept(&reopened(&mut harness)), ["c1"]);
        let there: &[&str] = if second { &["c1"] } else { &[] };
        harness.event(welcome("a", there, None));
        untouched(&mut harness, link, "c1");
    }

    let (mut harness, link) = mesh();
    assert_eq!(kept(&reopened(&mut harness)), ["you~000002"]);
    harness.event(welcome("me~000001", &[], None));
    untouched(&mut harness, link, "you~000002");

    let (mut harness, link) = client();
    assert_eq!(kept(&reopened(&mut harness)), ["professional"]);
    harness.event(welcome("client", &[], None));
    harness.signal_from("professional", answer("100", 1));
    untouched(&mut harness, link, "professional");

    let (mut harness, link) = professional();
    assert_eq!(kept(&reopened(&mut harness)), ["client"]);
    harness.event(welcome("professional", &[], None));
    harness.signal_from("client", offer("100", 1));
    untouched(&mut harness, link, "client");
}

#[test]
fn the_return_of_another_does_not_touch_a_living_link() {
    let (mut harness, link) = mesh();
    harness.event(Event::Joined(peer("you~000002")));
    untouched(&mut harness, link, "you~000002");
}

#[test]
fn who_returns_to_a_sick_link_is_offered_a_new_one() {
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

/// In the mesh nobody tells who is there, so that somebody is not named means nothing.
#[test]
fn a_link_that_may_heal_outlives_a_return_to_the_mesh() {
    let (mut harness, link) = mesh();
    harness.transport(link, Transport::Disconnected);
    harness.take_outputs();
    assert_eq!(kept(&reopened(&mut harness)), [""; 0]);
    harness.event(welcome("me~000001", &[], None));
    assert_eq!(link_to(&harness, "you~000002"), link);
}

#[test]
fn who_returns_to_a_pair_without_media_begins_anew() {
    let (mut harness, link) = pair();
    harness.transport(link, Transport::Disconnected);
    harness.take_outputs();
    assert_eq!(kept(&reopened(&mut harness)), [""; 0]);
    harness.event(welcome("b", &["a"], None));
    let outputs = harness.take_outputs();
    assert!(ops(&outputs).contains(&(link, &LinkOp::Close)));
    assert_eq!(harness.participants(), ["a"]);
    harness.accept_offer_from("a", "200");
}

/// The server may have lost it with the socket, or given it to nobody.
#[test]
fn an_offer_that_nobody_answered_is_said_again_on_return() {
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
        let mut outputs = reopened(&mut harness);
        if let Some(me) = me {
            let there: &[&str] = if me == "a" { &["c1"] } else { &[] };
            harness.event(welcome(me, there, None));
            outputs = harness.take_outputs();
        }
        assert!(matches!(ops(&outputs)[..], [(it, LinkOp::MakeOffer { .. })] if it == link));
    }
}

/// They may have been away when it was made; no server tells when they are back.
#[test]
fn an_offer_on_a_living_link_is_said_again_five_times_in_75_seconds() {
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
    assert_eq!(harness.take_outputs(), [], "they take no turns");
    harness.signal_from("you", answer("100", 2));
    assert!(matches!(
        ops(&harness.take_outputs())[..],
        [(_, LinkOp::AcceptAnswer { .. })]
    ));
}

/// There was no way yet when it was made, and the other one was away.
#[test]
fn an_offer_that_was_made_before_there_was_a_way_is_said_again_as_well() {
    let mut harness = Harness::on_relay("me");
    let link = harness.accept_offer_from("you", "100");
    harness.report(link, LinkReport::NegotiationNeeded);
    harness.create_description();
    harness.transport(link, Transport::Connected);
    harness.take_outputs();
    harness.wait(4_999);
    assert_eq!(harness.take_outputs(), []);
    harness.wait(1);
    harness.create_description();
    assert_eq!(offers(&harness.take_outputs()), 1);
}

/// Whether an answer to the offer of this connection is being made.
fn answers(outputs: &[Output], connection: &str) -> bool {
    let mut ops = ops(outputs).into_iter();
    ops.any(|(_, op)| {
        matches!(op, LinkOp::AcceptOffer { sdp, .. } if sdp.contains(&format!("o=- {connection} ")))
    })
}

/// Has offered to somebody whose own offer, of this edition, has lost against that.
fn contested(seed: u32, edition: u64) -> Harness {
    let config = Harness::config(SocketIoRooms::new().capabilities(), "a");
    let mut harness = Harness::with(Config { seed, ..config });
    harness.input(Input::Start);
    harness.input(Input::SignalingOpened);
    harness.input(Input::MediaSettled(LIVE));
    harness.event(welcome("a", &[], None));
    harness.event(Event::Joined(peer("c1")));
    harness.create_description();
    harness.signal_from("c1", offer("200", edition));
    harness.take_outputs();
    harness
}

/// Ids that a dialect makes up may say at both ends that it is the other's part to give way: as after two
/// returns that cross.
#[test]
fn who_is_not_answered_takes_the_offer_that_lost_against_ours() {
    let mut pauses = Vec::new();
    for seed in (1..40).step_by(2) {
        let mut harness = contested(seed, 1);
        harness.wait(4_999);
        assert_eq!(harness.take_outputs(), [], "the other one may give way yet");
        let begun = harness.now;
        let given_way = (0..5_000).any(|_| {
            harness.wait(1);
            answers(&harness.take_outputs(), "200")
        });
        assert!(given_way, "before the other one gives up");
        pauses.push(harness.now - begun);
        assert_eq!(harness.participants(), ["c1"]);
    }
    pauses.dedup();
    assert!(pauses.len() > 10, "chance has one wait longer: {pauses:?}");

    let mut harness = contested(7, 1);
    harness.signal_from("c1", answer("201", 1));
    let link = link_to(&harness, "c1");
    connect(&mut harness, link);
    harness.signal_from("c1", offer("200", 1));
    harness.wait(60_000);
    assert_eq!(harness.take_outputs(), [], "whoever is answered goes on");
}

#[test]
fn an_offer_that_lost_does_not_stand_in_the_way_of_another() {
    let mut harness = contested(7, 9);
    harness.signal_from("c1", answer("201", 1));
    harness.signal_from("c1", offer("201", 2));
    let link = link_to(&harness, "c1");
    let outputs = harness.take_outputs();
    let token = ops(&outputs).iter().find_map(|(_, op)| token(op));
    let token = token.expect("the answer is taken first");
    harness.report(link, LinkReport::Applied { token });
    assert!(answers(&harness.take_outputs(), "201"));
}

#[test]
fn the_same_goes_for_offers_that_cross_on_a_living_link() {
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

#[test]
fn a_call_to_anyone_is_made_anew_on_return() {
    let mut harness = Harness::on_relay("me");
    let first = reopened(&mut harness);
    let closed = ops(&first);
    assert!(matches!(
        closed[..],
        [
            (_, LinkOp::Close),
            (_, LinkOp::Open(LinkRole::Offerer)),
            (_, LinkOp::MakeOffer { .. })
        ]
    ));
}

/// It would reach whoever has our place by now.
#[test]
fn nothing_is_said_before_the_server_has_let_us_in_again() {
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

/// The answer was lost with the socket; the server repeats the offer, and a new answer is better than
/// none.
#[test]
fn a_professional_who_returns_takes_the_repeated_offer_of_a_link_that_never_was() {
    let mut harness = appointed("h.eyJwcm9JZCI6MX0.s");
    harness.event(welcome("professional", &[], None));
    harness.accept_offer_from("client", "100");
    harness.take_outputs();
    reopened(&mut harness);
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

/// A relay opens the socket before it looks for a place, and may still hold one for our dead socket.
#[test]
fn a_relay_that_is_full_on_return_is_tried_again_for_60_seconds() {
    let full = || Input::SignalingClosed(CloseAction::Terminal(Refusal::RoomFull));
    let (mut harness, link) = relay();
    reopened(&mut harness);
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
        "who was never away"
    );
}
