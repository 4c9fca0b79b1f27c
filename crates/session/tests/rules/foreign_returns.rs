//! Coming back to the servers of other systems, which hold no seats: what lives goes on untouched, what
//! may have been lost is said again.

use videocalls_protocol::appointments::Appointments;
use videocalls_protocol::channels_mesh::ChannelsMesh;
use videocalls_protocol::socketio_rooms::SocketIoRooms;
use videocalls_protocol::{
    Candidate, Capabilities, Dialect, Event, ParticipantId, Refusal, Request, Signal, Verdict,
};
use videocalls_session::{
    CallState, Config, EndReason, Input, LinkId, LinkOp, LinkReport, LinkRole, Output, Transport,
};

use crate::desk::{Desk, LIVE, answer, offer, ops, peer, sent, started, token, welcome};

fn link_to(desk: &Desk, id: &str) -> LinkId {
    let link = desk.session.link_of(&ParticipantId::new(id));
    link.expect("there is a link")
}

/// Tells that the latest description was applied, and that there is a way.
fn connect(desk: &mut Desk, link: LinkId) {
    let said = desk.look();
    let asked = ops(&said).iter().rev().find_map(|(_, op)| token(op));
    if let Some(token) = asked {
        desk.report(link, LinkReport::Applied { token });
    }
    desk.transport(link, Transport::Connected);
    desk.look();
}

fn relay() -> (Desk, LinkId) {
    let mut desk = Desk::on_relay("me");
    desk.hear("you", answer("100", 1));
    let link = link_to(&desk, "you");
    connect(&mut desk, link);
    (desk, link)
}

fn in_room(capabilities: Capabilities, me: &str, other: &str) -> (Desk, LinkId) {
    let mut desk = started(capabilities);
    desk.event(welcome(me, &[], None));
    desk.event(Event::Joined(peer(other)));
    let link = desk.make();
    desk.report(link, LinkReport::Candidate(Candidate::default()));
    desk.hear(other, answer("100", 1));
    connect(&mut desk, link);
    (desk, link)
}

fn pair() -> (Desk, LinkId) {
    in_room(SocketIoRooms::new().capabilities(), "a", "c1")
}

fn mesh() -> (Desk, LinkId) {
    in_room(
        ChannelsMesh::new("1").capabilities(),
        "me~000001",
        "you~000002",
    )
}

fn appointed(token: &str) -> Desk {
    let dialect = Appointments::new(token).expect("it is a token");
    started(dialect.capabilities())
}

fn client() -> (Desk, LinkId) {
    let mut desk = appointed("h.eyJ1dWlkIjoxfQ.s");
    desk.make();
    desk.event(welcome("client", &[], None));
    desk.hear("professional", answer("100", 1));
    let link = link_to(&desk, "professional");
    connect(&mut desk, link);
    (desk, link)
}

fn professional() -> (Desk, LinkId) {
    let mut desk = appointed("h.eyJwcm9JZCI6MX0.s");
    desk.event(welcome("professional", &[], None));
    let link = desk.answer_to("client", "100");
    connect(&mut desk, link);
    (desk, link)
}

/// Loses the socket, and has another one soon. Returns what was said to the new server.
fn reopened(desk: &mut Desk) -> Vec<Output> {
    desk.input(Input::SignalingClosed(Verdict::RejoinFresh));
    assert_eq!(desk.session.snapshot().state, CallState::Reconnecting);
    desk.wait(5_000);
    desk.look();
    desk.input(Input::SignalingOpened);
    desk.look()
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
fn untouched(desk: &mut Desk, link: LinkId, other: &str) {
    let said = desk.look();
    assert_eq!(ops(&said), []);
    assert_eq!(sent(&said), [] as [&Request; 0]);
    assert_eq!(desk.people(), [other]);
    assert_eq!(link_to(desk, other), link);
    assert_eq!(desk.session.snapshot().state, CallState::Connected);
}

#[test]
fn a_living_link_is_not_touched_by_a_return() {
    let (mut desk, link) = relay();
    let said = reopened(&mut desk);
    assert_eq!(kept(&said), ["you"]);
    assert_eq!(ops(&said), []);
    untouched(&mut desk, link, "you");

    for second in [true, false] {
        let (mut desk, link) = pair();
        assert_eq!(kept(&reopened(&mut desk)), ["c1"]);
        let there: &[&str] = if second { &["c1"] } else { &[] };
        desk.event(welcome("a", there, None));
        untouched(&mut desk, link, "c1");
    }

    let (mut desk, link) = mesh();
    assert_eq!(kept(&reopened(&mut desk)), ["you~000002"]);
    desk.event(welcome("me~000001", &[], None));
    untouched(&mut desk, link, "you~000002");

    let (mut desk, link) = client();
    assert_eq!(kept(&reopened(&mut desk)), ["professional"]);
    desk.event(welcome("client", &[], None));
    desk.hear("professional", answer("100", 1));
    untouched(&mut desk, link, "professional");

    let (mut desk, link) = professional();
    assert_eq!(kept(&reopened(&mut desk)), ["client"]);
    desk.event(welcome("professional", &[], None));
    desk.hear("client", offer("100", 1));
    untouched(&mut desk, link, "client");
}

#[test]
fn the_return_of_another_does_not_touch_a_living_link() {
    let (mut desk, link) = mesh();
    desk.event(Event::Joined(peer("you~000002")));
    untouched(&mut desk, link, "you~000002");
}

#[test]
fn who_returns_to_a_sick_link_is_offered_a_new_one() {
    let (mut desk, link) = mesh();
    desk.transport(link, Transport::Disconnected);
    desk.look();
    desk.event(Event::Joined(peer("you~000002")));
    let new = desk.make();
    desk.report(new, LinkReport::Candidate(Candidate::default()));
    let said = desk.look();
    assert!(ops(&said).contains(&(link, &LinkOp::Close)));
    assert_eq!(offers(&said), 1);
    assert_eq!(desk.people(), ["you~000002"]);
}

/// In the mesh nobody tells who is there, so that somebody is not named means nothing.
#[test]
fn a_link_that_may_heal_outlives_a_return_to_the_mesh() {
    let (mut desk, link) = mesh();
    desk.transport(link, Transport::Disconnected);
    desk.look();
    assert_eq!(kept(&reopened(&mut desk)), [""; 0]);
    desk.event(welcome("me~000001", &[], None));
    assert_eq!(link_to(&desk, "you~000002"), link);
}

#[test]
fn who_returns_to_a_pair_without_media_begins_anew() {
    let (mut desk, link) = pair();
    desk.transport(link, Transport::Disconnected);
    desk.look();
    assert_eq!(kept(&reopened(&mut desk)), [""; 0]);
    desk.event(welcome("b", &["a"], None));
    let said = desk.look();
    assert!(ops(&said).contains(&(link, &LinkOp::Close)));
    assert_eq!(desk.people(), ["a"]);
    desk.answer_to("a", "200");
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
    for ((mut desk, link), me) in calls {
        desk.report(link, LinkReport::NegotiationNeeded);
        desk.make();
        desk.look();
        let mut said = reopened(&mut desk);
        if let Some(me) = me {
            let there: &[&str] = if me == "a" { &["c1"] } else { &[] };
            desk.event(welcome(me, there, None));
            said = desk.look();
        }
        assert!(matches!(ops(&said)[..], [(it, LinkOp::MakeOffer { .. })] if it == link));
    }
}

/// They may have been away when it was made; no server tells when they are back.
#[test]
fn an_offer_on_a_living_link_is_said_again_five_times_in_75_seconds() {
    let (mut desk, link) = relay();
    desk.report(link, LinkReport::NegotiationNeeded);
    desk.make();
    desk.look();
    for seconds in [5, 10, 15, 20, 25] {
        desk.wait(seconds * 1_000 - 1);
        assert_eq!(desk.look(), [], "{seconds}");
        desk.wait(1);
        desk.make();
        assert_eq!(offers(&desk.look()), 1, "{seconds}");
    }
    desk.wait(600_000);
    assert_eq!(desk.look(), [], "they take no turns");
    desk.hear("you", answer("100", 2));
    assert!(matches!(
        ops(&desk.look())[..],
        [(_, LinkOp::AcceptAnswer { .. })]
    ));
}

/// There was no way yet when it was made, and the other one was away.
#[test]
fn an_offer_that_was_made_before_there_was_a_way_is_said_again_as_well() {
    let mut desk = Desk::on_relay("me");
    let link = desk.answer_to("you", "100");
    desk.report(link, LinkReport::NegotiationNeeded);
    desk.make();
    desk.transport(link, Transport::Connected);
    desk.look();
    desk.wait(4_999);
    assert_eq!(desk.look(), []);
    desk.wait(1);
    desk.make();
    assert_eq!(offers(&desk.look()), 1);
}

/// Whether an answer to the offer of this connection is being made.
fn answers(outputs: &[Output], connection: &str) -> bool {
    let mut ops = ops(outputs).into_iter();
    ops.any(|(_, op)| {
        matches!(op, LinkOp::AcceptOffer { sdp, .. } if sdp.contains(&format!("o=- {connection} ")))
    })
}

/// Has offered to somebody whose own offer, of this edition, has lost against that.
fn contested(seed: u32, edition: u64) -> Desk {
    let config = Desk::config(SocketIoRooms::new().capabilities(), "a");
    let mut desk = Desk::with(Config { seed, ..config });
    desk.input(Input::Start);
    desk.input(Input::SignalingOpened);
    desk.input(Input::MediaSettled(LIVE));
    desk.event(welcome("a", &[], None));
    desk.event(Event::Joined(peer("c1")));
    desk.make();
    desk.hear("c1", offer("200", edition));
    desk.look();
    desk
}

/// Ids that a dialect makes up may say at both ends that it is the other's part to give way: as after two
/// returns that cross.
#[test]
fn who_is_not_answered_takes_the_offer_that_lost_against_ours() {
    let mut pauses = Vec::new();
    for seed in (1..40).step_by(2) {
        let mut desk = contested(seed, 1);
        desk.wait(4_999);
        assert_eq!(desk.look(), [], "the other one may give way yet");
        let begun = desk.now;
        let given_way = (0..5_000).any(|_| {
            desk.wait(1);
            answers(&desk.look(), "200")
        });
        assert!(given_way, "before the other one gives up");
        pauses.push(desk.now - begun);
        assert_eq!(desk.people(), ["c1"]);
    }
    pauses.dedup();
    assert!(pauses.len() > 10, "chance has one wait longer: {pauses:?}");

    let mut desk = contested(7, 1);
    desk.hear("c1", answer("201", 1));
    let link = link_to(&desk, "c1");
    connect(&mut desk, link);
    desk.hear("c1", offer("200", 1));
    desk.wait(60_000);
    assert_eq!(desk.look(), [], "whoever is answered goes on");
}

#[test]
fn an_offer_that_lost_does_not_stand_in_the_way_of_another() {
    let mut desk = contested(7, 9);
    desk.hear("c1", answer("201", 1));
    desk.hear("c1", offer("201", 2));
    let link = link_to(&desk, "c1");
    let said = desk.look();
    let token = ops(&said).iter().find_map(|(_, op)| token(op));
    let token = token.expect("the answer is taken first");
    desk.report(link, LinkReport::Applied { token });
    assert!(answers(&desk.look(), "201"));
}

#[test]
fn the_same_goes_for_offers_that_cross_on_a_living_link() {
    let (mut desk, link) = pair();
    desk.report(link, LinkReport::NegotiationNeeded);
    desk.make();
    desk.hear("c1", offer("100", 2));
    desk.look();
    desk.wait(4_999);
    assert_eq!(desk.look(), []);
    desk.wait(5_000);
    let said = desk.look();
    assert!(answers(&said, "100"));
    assert_eq!(offers(&said), 0);
    assert_eq!(link_to(&desk, "c1"), link);
}

#[test]
fn a_call_to_anyone_is_made_anew_on_return() {
    let mut desk = Desk::on_relay("me");
    let first = reopened(&mut desk);
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
    let (mut desk, link) = pair();
    desk.report(link, LinkReport::NegotiationNeeded);
    desk.input(Input::SignalingClosed(Verdict::RejoinFresh));
    desk.make();
    desk.report(link, LinkReport::Candidate(Candidate::default()));
    desk.wait(5_000);
    desk.input(Input::SignalingOpened);
    let said = desk.look();
    assert!(
        sent(&said)
            .into_iter()
            .all(|it| matches!(it, Request::Join(_)))
    );
    desk.event(welcome("a", &["c1"], None));
    desk.make();
    assert_eq!(offers(&desk.look()), 1);
}

/// The answer was lost with the socket; the server repeats the offer, and a new answer is better than
/// none.
#[test]
fn a_professional_who_returns_takes_the_repeated_offer_of_a_link_that_never_was() {
    let mut desk = appointed("h.eyJwcm9JZCI6MX0.s");
    desk.event(welcome("professional", &[], None));
    desk.answer_to("client", "100");
    desk.look();
    reopened(&mut desk);
    desk.event(welcome("professional", &[], None));
    desk.look();
    desk.hear("client", offer("100", 1));
    desk.make();
    let said = desk.look();
    assert!(matches!(
        sent(&said)[..],
        [Request::Signal {
            signal: Signal::Answer { .. },
            ..
        }]
    ));
    assert_eq!(desk.people(), ["client"]);
}

/// A relay opens the socket before it looks for a place, and may still hold one for our dead socket.
#[test]
fn a_relay_that_is_full_on_return_is_tried_again_for_60_seconds() {
    let full = || Input::SignalingClosed(Verdict::Terminal(Refusal::RoomFull));
    let (mut desk, link) = relay();
    reopened(&mut desk);
    desk.input(full());
    assert_eq!(desk.session.snapshot().state, CallState::Reconnecting);
    assert_eq!(desk.people(), ["you"]);
    assert!(!ops(&desk.look()).contains(&(link, &LinkOp::Close)));
    let mut tries = 0;
    while desk.session.snapshot().state != CallState::Ended(EndReason::Refused(Refusal::RoomFull)) {
        desk.wait(500);
        let said = desk.look();
        if said.contains(&Output::OpenSignaling) {
            tries += 1;
            desk.input(Input::SignalingOpened);
            desk.input(full());
        }
        assert!(desk.now < 80_000, "it ends");
    }
    assert!((10..60).contains(&tries), "with pauses: {tries}");
    let (mut first, _) = relay();
    first.input(full());
    assert!(
        matches!(first.session.snapshot().state, CallState::Ended(_)),
        "who was never away"
    );
}
