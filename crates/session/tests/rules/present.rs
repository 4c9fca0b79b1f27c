//! Where those who are there offer to a newcomer: rooms of two on Socket.IO, and the mesh on Django
//! channels, whose descriptions hold all their candidates.

use videocalls_protocol::channels_mesh::ChannelsMesh;
use videocalls_protocol::socketio_rooms::SocketIoRooms;
use videocalls_protocol::{
    Candidate, Dialect, DisplayName, Event, LeaveReason, ParticipantId, Peer, Request, Signal,
    Welcome,
};
use videocalls_session::{
    Connection, EndReason, Input, LinkId, LinkOp, LinkReport, LinkRole, Output, Transport,
};

use crate::harness::{Harness, answer, left, offer, ops, peer, sent, started, welcome};

/// In a room of two, with the prepared offer made.
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

/// First in a room, and connected with the second.
fn linked() -> (Harness, LinkId) {
    let mut harness = in_room("a", &[]);
    harness.event(joined("c1"));
    harness.signal_from("c1", answer("100", 1));
    let link = harness.session.link_of(&ParticipantId::new("c1"));
    let link = link.expect("it was offered to");
    harness.transport(link, Transport::Connected);
    harness.take_outputs();
    (harness, link)
}

/// To whom offers went.
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

fn opened(outputs: &[Output]) -> Vec<LinkRole> {
    let opened = ops(outputs).into_iter().filter_map(|(_, op)| match op {
        LinkOp::Open(role) => Some(*role),
        _ => None,
    });
    opened.collect()
}

#[test]
fn who_is_there_offers_to_a_newcomer_with_the_link_that_is_prepared() {
    let mut harness = in_room("a", &[]);
    harness.take_outputs();
    harness.event(joined("c1"));
    let outputs = harness.take_outputs();
    assert_eq!(offered(&outputs), ["c1"], "at once");
    assert_eq!(opened(&outputs), [], "by the link that is there");
    assert_eq!(harness.participants(), ["c1"]);
}

#[test]
fn who_is_alone_again_prepares_a_link_again() {
    let (mut harness, _) = linked();
    harness.event(left("c1", LeaveReason::Bye));
    harness.create_description();
    assert_eq!(opened(&harness.take_outputs()), [LinkRole::Offerer]);
    harness.event(joined("c2"));
    let outputs = harness.take_outputs();
    assert_eq!(offered(&outputs), ["c2"]);
    assert_eq!(opened(&outputs), []);
}

#[test]
fn a_newcomer_takes_the_offer_on_the_link_that_waits_for_it() {
    let mut harness = in_room("b", &["a"]);
    let outputs = harness.take_outputs();
    assert_eq!(opened(&outputs).last(), Some(&LinkRole::Answerer));
    harness.wait(2_999);
    let waiting = harness.session.link_of(&ParticipantId::new("a"));
    assert_eq!(Some(harness.accept_offer_from("a", "100")), waiting);
    let outputs = harness.take_outputs();
    assert_eq!(opened(&outputs), []);
    assert_eq!(offered(&outputs), [""; 0]);
}

/// A survivor of the old style does not know that it is its turn.
#[test]
fn a_newcomer_who_hears_no_offer_for_3_seconds_offers() {
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
fn when_both_offer_the_newcomer_gives_way() {
    let mut newcomer = in_room("b", &["a"]);
    newcomer.wait(3_000);
    newcomer.create_description();
    newcomer.take_outputs();
    newcomer.accept_offer_from("a", "100");
    let outputs = newcomer.take_outputs();
    assert_eq!(opened(&outputs), [LinkRole::Answerer]);
    assert_eq!(newcomer.participants(), ["a"]);
    let mut first = in_room("a", &[]);
    first.event(joined("c1"));
    first.take_outputs();
    first.signal_from("c1", offer("200", 1));
    assert_eq!(first.take_outputs(), [], "the other one gives way");
    first.signal_from("c1", answer("201", 1));
    assert!(matches!(
        ops(&first.take_outputs())[..],
        [(_, LinkOp::AcceptAnswer { .. })]
    ));
}

/// They have heard ours by now, and have not answered: they could not take it.
#[test]
fn an_offer_that_comes_long_after_ours_is_taken_by_the_impolite_side_too() {
    for (pause, taken) in [(3_999, false), (4_000, true)] {
        let mut first = in_room("a", &[]);
        first.event(joined("c1"));
        first.wait(pause);
        first.take_outputs();
        first.signal_from("c1", offer("200", 1));
        let outputs = first.take_outputs();
        assert_eq!(opened(&outputs) == [LinkRole::Answerer], taken, "{pause}");
    }
}

#[test]
fn who_comes_again_under_a_new_id_replaces_the_old_one() {
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
fn a_way_that_is_lost_for_4_seconds_counts_as_leaving() {
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

/// Who was cut off only is there still, and nobody would ever offer again.
#[test]
fn who_counts_as_gone_is_offered_to_twice_more() {
    let (mut harness, link) = linked();
    harness.transport(link, Transport::Failed);
    harness.create_description();
    assert_eq!(offered(&harness.take_outputs()), ["c1"]);
    assert_eq!(
        harness.participants(),
        [""; 0],
        "not there before there is a word"
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
            (_, LinkOp::MakeOffer { .. })
        ]
    ));
    assert_eq!(silent.session.next_timeout(), None, "that was all");
}

/// They are there, if only with an offer that lost against ours, and could not take ours.
#[test]
fn who_never_answered_but_offered_is_offered_to_again_too() {
    for heard in [false, true] {
        let mut harness = in_room("a", &[]);
        harness.event(joined("c1"));
        for patience in [10_000, 10_000, 20_000] {
            harness.wait(patience);
            harness.create_description();
        }
        if heard {
            harness.signal_from("c1", offer("200", 1));
        }
        harness.wait(30_000);
        assert_eq!(harness.participants(), [""; 0]);
        let recalls = harness.session.link_of(&ParticipantId::new("c1")).is_some();
        assert_eq!(recalls, heard);
    }
}

#[test]
fn who_counts_as_gone_and_offers_is_back_with_the_name() {
    let (mut harness, link) = linked();
    harness.transport(link, Transport::Failed);
    harness.wait(60_000);
    harness.event(found("c1", "Ann"));
    assert_eq!(
        harness.participants(),
        [""; 0],
        "an introduction is not an arrival"
    );
    harness.accept_offer_from("c1", "300");
    let people = harness.session.snapshot().participants;
    assert_eq!(people[0].name, DisplayName::new("Ann").ok());
    assert_eq!(people[0].connection, Connection::Connecting);
}

#[test]
fn what_comes_late_from_somebody_gone_does_not_bring_them_back() {
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

/// Two come at once: the one hears the other arrive before it is in itself.
#[test]
fn who_came_just_before_us_is_known_by_the_offer() {
    let mut harness = started(ChannelsMesh::new("1").capabilities());
    harness.create_description();
    harness.event(joined("other"));
    assert_eq!(harness.participants(), [""; 0], "we are not in yet");
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
    assert_eq!(
        closed, 1,
        "what was prepared for somebody else: {outputs:?}"
    );
}

#[test]
fn a_description_waits_for_its_candidates_or_2_seconds() {
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
        assert_eq!(harness.take_outputs(), [], "it is too late for one more");
    }
}

#[test]
fn who_has_to_say_that_it_is_alive_says_so_as_often_as_it_is_told() {
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
