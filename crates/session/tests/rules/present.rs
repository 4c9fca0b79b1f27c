//! Dialects in which those present offer to a newcomer: Socket.IO rooms of two, and the mesh on Django
//! channels, whose descriptions contain all candidates.

use videocalls_protocol::channels_mesh::ChannelsMesh;
use videocalls_protocol::socketio_rooms::SocketIoRooms;
use videocalls_protocol::{
    Candidate, Dialect, DisplayName, Event, IceServers, LeaveReason, ParticipantId, Peer, Request,
    Signal, Terms, Welcome,
};
use videocalls_session::{
    Connection, EndReason, Input, LinkId, LinkOp, LinkReport, LinkRole, Output, Transport,
};

use crate::harness::{Harness, answer, left, offer, ops, peer, sent, started, welcome};

/// A session in a room of two, whose prepared offer is created.
fn in_room(me: &str, others: &[&str]) -> Harness {
    let mut harness = started(SocketIoRooms::new().capabilities());
    harness.create_description();
    harness.event(welcome(me, others, None));
    harness
}

fn joined(id: &str) -> Event {
    Event::Joined(peer(id))
}

fn found(id: &str, name: &str) -> Event {
    let name = DisplayName::new(name).ok();
    Event::Found(Peer { name, ..peer(id) })
}

/// A session that was first in a room, and is connected to the second.
fn linked() -> (Harness, LinkId) {
    let mut harness = in_room("a", &[]);
    harness.event(joined("c1"));
    harness.signal_from("c1", answer("100", 1));
    let link = harness.session.link_of(&ParticipantId::new("c1"));
    let link = link.expect("there is a link");
    harness.transport(link, Transport::Connected);
    harness.take_outputs();
    (harness, link)
}

/// The recipients of the offers.
fn offered(outputs: &[Output]) -> Vec<&str> {
    let to = sent(outputs)
        .into_iter()
        .filter_map(|request| match request {
            Request::Signal {
                to,
                signal: Signal::Offer { .. },
            } => to.as_ref().map(ParticipantId::as_str),
            _ => None,
        });
    to.collect()
}

fn opened_links(outputs: &[Output]) -> Vec<LinkRole> {
    let opened = ops(outputs).into_iter().filter_map(|(_, op)| match op {
        LinkOp::Open(role) => Some(*role),
        _ => None,
    });
    opened.collect()
}

#[test]
fn newcomer_is_offered_the_prepared_link() {
    let mut harness = in_room("a", &[]);
    harness.take_outputs();
    harness.event(joined("c1"));
    let outputs = harness.take_outputs();
    assert_eq!(offered(&outputs), ["c1"], "immediately");
    assert_eq!(opened_links(&outputs), [], "on the prepared link");
    assert_eq!(harness.participants(), ["c1"]);
}

#[test]
fn link_is_prepared_again_once_alone() {
    let (mut harness, _) = linked();
    harness.event(left("c1", LeaveReason::Bye));
    harness.create_description();
    assert_eq!(opened_links(&harness.take_outputs()), [LinkRole::Offerer]);
    harness.event(joined("c2"));
    let outputs = harness.take_outputs();
    assert_eq!(offered(&outputs), ["c2"]);
    assert_eq!(opened_links(&outputs), []);
}

#[test]
fn newcomer_answers_on_the_link_that_awaits_the_offer() {
    let mut harness = in_room("b", &["a"]);
    let outputs = harness.take_outputs();
    assert_eq!(opened_links(&outputs).last(), Some(&LinkRole::Answerer));
    harness.wait(2_999);
    let waiting = harness.session.link_of(&ParticipantId::new("a"));
    assert_eq!(Some(harness.accept_offer_from("a", "100")), waiting);
    let outputs = harness.take_outputs();
    assert_eq!(opened_links(&outputs), []);
    assert_eq!(offered(&outputs), [""; 0]);
}

/// An old page that was second in the room and stays does not know that it has to offer.
#[test]
fn newcomer_without_an_offer_for_3_seconds_offers() {
    let mut harness = in_room("b", &["a"]);
    harness.take_outputs();
    harness.wait(2_999);
    assert_eq!(harness.take_outputs(), []);
    harness.wait(1);
    harness.create_description();
    assert_eq!(offered(&harness.take_outputs()), ["a"]);
    harness.signal_from("a", answer("100", 1));
    assert!(matches!(
        ops(&harness.take_outputs())[..],
        [(_, LinkOp::AcceptAnswer { .. })]
    ));
}

#[test]
fn newcomer_yields_when_offers_cross() {
    let mut newcomer = in_room("b", &["a"]);
    newcomer.wait(3_000);
    newcomer.create_description();
    newcomer.take_outputs();
    newcomer.accept_offer_from("a", "100");
    let outputs = newcomer.take_outputs();
    assert_eq!(opened_links(&outputs), [LinkRole::Answerer]);
    assert_eq!(newcomer.participants(), ["a"]);
    let mut first = in_room("a", &[]);
    first.event(joined("c1"));
    first.take_outputs();
    first.signal_from("c1", offer("200", 1));
    assert_eq!(first.take_outputs(), [], "the newcomer has to yield");
    first.signal_from("c1", answer("201", 1));
    assert!(matches!(
        ops(&first.take_outputs())[..],
        [(_, LinkOp::AcceptAnswer { .. })]
    ));
}

/// They must have received our offer by now, and have not answered it.
#[test]
fn impolite_side_accepts_an_offer_long_after_its_own() {
    for (delay, taken) in [(3_999, false), (4_000, true)] {
        let mut first = in_room("a", &[]);
        first.event(joined("c1"));
        first.wait(delay);
        first.take_outputs();
        first.signal_from("c1", offer("200", 1));
        let outputs = first.take_outputs();
        assert_eq!(
            opened_links(&outputs) == [LinkRole::Answerer],
            taken,
            "{delay}"
        );
    }
}

#[test]
fn participant_who_rejoins_under_a_new_id_replaces_the_old_one() {
    let (mut harness, old) = linked();
    harness.event(left("c1", LeaveReason::Bye));
    harness.event(joined("c2"));
    harness.create_description();
    let outputs = harness.take_outputs();
    assert!(ops(&outputs).contains(&(old, &LinkOp::Close)));
    assert_eq!(offered(&outputs), ["c2"]);
    assert_eq!(harness.participants(), ["c2"]);
}

#[test]
fn participant_counts_as_left_4_seconds_after_the_transport_is_lost() {
    let (mut harness, link) = linked();
    harness.transport(link, Transport::Disconnected);
    harness.wait(3_999);
    assert_eq!(harness.participants(), ["c1"]);
    harness.wait(1);
    assert_eq!(harness.participants(), [""; 0]);
    let (mut harness, link) = linked();
    harness.transport(link, Transport::Failed);
    assert_eq!(harness.participants(), [""; 0]);
}

/// They may only have been cut off, and would never offer again by themselves.
#[test]
fn lost_participant_is_offered_to_twice_more() {
    let (mut harness, link) = linked();
    harness.transport(link, Transport::Failed);
    harness.create_description();
    assert_eq!(offered(&harness.take_outputs()), ["c1"]);
    assert_eq!(
        harness.participants(),
        [""; 0],
        "they count as present once they answer"
    );
    harness.signal_from("c1", answer("300", 1));
    assert_eq!(harness.participants(), ["c1"]);
    let (mut silent, link) = linked();
    silent.transport(link, Transport::Failed);
    silent.create_description();
    silent.take_outputs();
    silent.wait(20_000);
    silent.create_description();
    assert_eq!(offered(&silent.take_outputs()), ["c1"]);
    silent.wait(29_999);
    assert_eq!(silent.take_outputs(), []);
    silent.wait(1);
    let outputs = silent.take_outputs();
    assert_eq!(offered(&outputs), [""; 0]);
    assert!(matches!(
        ops(&outputs)[..],
        [
            (_, LinkOp::Close),
            (_, LinkOp::Open(LinkRole::Offerer)),
            (_, LinkOp::CreateOffer { .. })
        ]
    ));
    assert_eq!(
        silent.session.next_timeout(),
        None,
        "there are no more attempts"
    );
}

/// An offer that was ignored in favour of ours shows that they are there.
#[test]
fn participant_who_offered_and_never_answered_is_offered_to_again() {
    for offered in [false, true] {
        let mut harness = in_room("a", &[]);
        harness.event(joined("c1"));
        for timeout in [10_000, 10_000, 20_000] {
            harness.wait(timeout);
            harness.create_description();
        }
        if offered {
            harness.signal_from("c1", offer("200", 1));
        }
        harness.wait(30_000);
        assert_eq!(harness.participants(), [""; 0]);
        let reoffers = harness.session.link_of(&ParticipantId::new("c1")).is_some();
        assert_eq!(reoffers, offered);
    }
}

#[test]
fn lost_participant_who_offers_is_back_with_their_name() {
    let (mut harness, link) = linked();
    harness.transport(link, Transport::Failed);
    harness.wait(60_000);
    harness.event(found("c1", "Ann"));
    assert_eq!(
        harness.participants(),
        [""; 0],
        "an introduction alone brings nobody back"
    );
    harness.accept_offer_from("c1", "300");
    let participants = harness.session.snapshot().participants;
    assert_eq!(participants[0].name, DisplayName::new("Ann").ok());
    assert_eq!(participants[0].connection, Connection::Connecting);
}

#[test]
fn late_descriptions_of_a_lost_participant_are_ignored() {
    let (mut harness, link) = linked();
    harness.transport(link, Transport::Failed);
    harness.wait(60_000);
    harness.take_outputs();
    for late in [offer("100", 1), answer("100", 1), offer("100", 2)] {
        harness.event(found("c1", "Ann"));
        harness.signal_from("c1", late);
    }
    assert_eq!(harness.participants(), [""; 0]);
    assert_eq!(harness.take_outputs(), []);
}

/// Two join at once, and one is notified of the other before it is welcomed itself.
#[test]
fn participant_who_joined_just_before_us_appears_with_their_offer() {
    let mut harness = started(ChannelsMesh::new("1").capabilities());
    harness.create_description();
    harness.event(joined("other"));
    assert_eq!(harness.participants(), [""; 0], "we are not welcomed yet");
    harness.event(welcome("me", &[], None));
    harness.take_outputs();
    harness.event(found("other", "Ann"));
    harness.signal_from("other", offer("100", 1));
    assert_eq!(harness.participants(), ["other"]);
    let outputs = harness.take_outputs();
    let closed = ops(&outputs)
        .iter()
        .filter(|(_, op)| **op == LinkOp::Close)
        .count();
    assert_eq!(closed, 1, "the prepared link: {outputs:?}");
}

#[test]
fn description_waits_for_its_candidates_for_at_most_2_seconds() {
    let candidate = Candidate {
        candidate: "candidate:1 1 udp 1 h 9 typ host".into(),
        ..Candidate::default()
    };
    for ends in [true, false] {
        let mut harness = started(ChannelsMesh::new("1").capabilities());
        harness.event(welcome("me", &[], None));
        harness.event(joined("other"));
        let link = harness.create_description();
        harness.take_outputs();
        harness.report(link, LinkReport::Candidate(candidate.clone()));
        harness.wait(1_999);
        assert_eq!(harness.take_outputs(), []);
        match ends {
            true => harness.report(link, LinkReport::Candidate(Candidate::default())),
            false => harness.wait(1),
        }
        let outputs = harness.take_outputs();
        let [
            Request::Signal {
                signal: Signal::Offer { sdp, .. },
                ..
            },
        ] = sent(&outputs)[..]
        else {
            panic!("the offer alone: {outputs:?}");
        };
        assert!(sdp.contains("a=candidate:1 "));
        harness.report(link, LinkReport::Candidate(candidate.clone()));
        assert_eq!(
            harness.take_outputs(),
            [],
            "the description is sent already"
        );
    }
}

#[test]
fn keep_alive_is_sent_at_the_interval_of_the_welcome() {
    let mut harness = started(SocketIoRooms::new().capabilities());
    harness.event(Event::Welcome(Welcome {
        id: ParticipantId::new("a"),
        peers: Vec::new(),
        resumed: false,
        heard: None,
        resume: None,
        epoch: None,
        seq: None,
        ping_interval: None,
        keep_alive: Some(25_000),
        ice_servers: IceServers::default(),
        terms: Terms::default(),
    }));
    harness.take_outputs();
    for _ in 0..3 {
        harness.wait(24_999);
        assert_eq!(harness.take_outputs(), []);
        harness.wait(1);
        assert_eq!(sent(&harness.take_outputs()), [&Request::Ping]);
    }
    harness.input(Input::End(EndReason::Left));
    harness.take_outputs();
    harness.wait(100_000);
    assert_eq!(harness.take_outputs(), []);
}
