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

use crate::desk::{Desk, answer, left, offer, ops, peer, sent, started, welcome};

/// In a room of two, with the prepared offer made.
fn in_room(me: &str, others: &[&str]) -> Desk {
    let mut desk = started(SocketIoRooms::new().capabilities());
    desk.make();
    desk.event(welcome(me, others, None));
    desk
}

fn joined(id: &str) -> Event {
    Event::Joined(peer(id))
}

fn found(id: &str, name: &str) -> Event {
    let name = DisplayName::new(name).ok();
    Event::Found(Peer { name, ..peer(id) })
}

/// First in a room, and connected with the second.
fn linked() -> (Desk, LinkId) {
    let mut desk = in_room("a", &[]);
    desk.event(joined("c1"));
    desk.hear("c1", answer("100", 1));
    let link = desk.session.link_of(&ParticipantId::new("c1"));
    let link = link.expect("it was offered to");
    desk.transport(link, Transport::Connected);
    desk.look();
    (desk, link)
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
    let mut desk = in_room("a", &[]);
    desk.look();
    desk.event(joined("c1"));
    let said = desk.look();
    assert_eq!(offered(&said), ["c1"], "at once");
    assert_eq!(opened(&said), [], "by the link that is there");
    assert_eq!(desk.people(), ["c1"]);
}

#[test]
fn who_is_alone_again_prepares_a_link_again() {
    let (mut desk, _) = linked();
    desk.event(left("c1", LeaveReason::Bye));
    desk.make();
    assert_eq!(opened(&desk.look()), [LinkRole::Offerer]);
    desk.event(joined("c2"));
    let said = desk.look();
    assert_eq!(offered(&said), ["c2"]);
    assert_eq!(opened(&said), []);
}

#[test]
fn a_newcomer_takes_the_offer_on_the_link_that_waits_for_it() {
    let mut desk = in_room("b", &["a"]);
    let said = desk.look();
    assert_eq!(opened(&said).last(), Some(&LinkRole::Answerer));
    desk.wait(2_999);
    let waiting = desk.session.link_of(&ParticipantId::new("a"));
    assert_eq!(Some(desk.answer_to("a", "100")), waiting);
    let said = desk.look();
    assert_eq!(opened(&said), []);
    assert_eq!(offered(&said), [""; 0]);
}

/// A survivor of the old style does not know that it is its turn.
#[test]
fn a_newcomer_who_hears_no_offer_for_3_seconds_offers() {
    let mut desk = in_room("b", &["a"]);
    desk.look();
    desk.wait(2_999);
    assert_eq!(desk.look(), []);
    desk.wait(1);
    desk.make();
    assert_eq!(offered(&desk.look()), ["a"]);
    desk.hear("a", answer("100", 1));
    assert!(matches!(
        ops(&desk.look())[..],
        [(_, LinkOp::AcceptAnswer { .. })]
    ));
}

#[test]
fn when_both_offer_the_newcomer_gives_way() {
    let mut newcomer = in_room("b", &["a"]);
    newcomer.wait(3_000);
    newcomer.make();
    newcomer.look();
    newcomer.answer_to("a", "100");
    let said = newcomer.look();
    assert_eq!(opened(&said), [LinkRole::Answerer]);
    assert_eq!(newcomer.people(), ["a"]);
    let mut first = in_room("a", &[]);
    first.event(joined("c1"));
    first.look();
    first.hear("c1", offer("200", 1));
    assert_eq!(first.look(), [], "the other one gives way");
    first.hear("c1", answer("201", 1));
    assert!(matches!(
        ops(&first.look())[..],
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
        first.look();
        first.hear("c1", offer("200", 1));
        let said = first.look();
        assert_eq!(opened(&said) == [LinkRole::Answerer], taken, "{pause}");
    }
}

#[test]
fn who_comes_again_under_a_new_id_replaces_the_old_one() {
    let (mut desk, old) = linked();
    desk.event(left("c1", LeaveReason::Bye));
    desk.event(joined("c2"));
    desk.make();
    let said = desk.look();
    assert!(ops(&said).contains(&(old, &LinkOp::Close)));
    assert_eq!(offered(&said), ["c2"]);
    assert_eq!(desk.people(), ["c2"]);
}

#[test]
fn a_way_that_is_lost_for_4_seconds_counts_as_leaving() {
    let (mut desk, link) = linked();
    desk.transport(link, Transport::Disconnected);
    desk.wait(3_999);
    assert_eq!(desk.people(), ["c1"]);
    desk.wait(1);
    assert_eq!(desk.people(), [""; 0]);
    let (mut desk, link) = linked();
    desk.transport(link, Transport::Failed);
    assert_eq!(desk.people(), [""; 0]);
}

/// Who was cut off only is there still, and nobody would ever offer again.
#[test]
fn who_counts_as_gone_is_offered_to_twice_more() {
    let (mut desk, link) = linked();
    desk.transport(link, Transport::Failed);
    desk.make();
    assert_eq!(offered(&desk.look()), ["c1"]);
    assert_eq!(desk.people(), [""; 0], "not there before there is a word");
    desk.hear("c1", answer("300", 1));
    assert_eq!(desk.people(), ["c1"]);
    let (mut silent, link) = linked();
    silent.transport(link, Transport::Failed);
    silent.make();
    silent.look();
    silent.wait(20_000);
    silent.make();
    assert_eq!(offered(&silent.look()), ["c1"]);
    silent.wait(29_999);
    assert_eq!(silent.look(), []);
    silent.wait(1);
    let said = silent.look();
    assert_eq!(offered(&said), [""; 0]);
    assert!(matches!(
        ops(&said)[..],
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
        let mut desk = in_room("a", &[]);
        desk.event(joined("c1"));
        for patience in [10_000, 10_000, 20_000] {
            desk.wait(patience);
            desk.make();
        }
        if heard {
            desk.hear("c1", offer("200", 1));
        }
        desk.wait(30_000);
        assert_eq!(desk.people(), [""; 0]);
        let recalls = desk.session.link_of(&ParticipantId::new("c1")).is_some();
        assert_eq!(recalls, heard);
    }
}

#[test]
fn who_counts_as_gone_and_offers_is_back_with_the_name() {
    let (mut desk, link) = linked();
    desk.transport(link, Transport::Failed);
    desk.wait(60_000);
    desk.event(found("c1", "Ann"));
    assert_eq!(desk.people(), [""; 0], "an introduction is not an arrival");
    desk.answer_to("c1", "300");
    let people = desk.session.snapshot().participants;
    assert_eq!(people[0].name, DisplayName::new("Ann").ok());
    assert_eq!(people[0].connection, Connection::Connecting);
}

#[test]
fn what_comes_late_from_somebody_gone_does_not_bring_them_back() {
    let (mut desk, link) = linked();
    desk.transport(link, Transport::Failed);
    desk.wait(60_000);
    desk.look();
    for late in [offer("100", 1), answer("100", 1), offer("100", 2)] {
        desk.event(found("c1", "Ann"));
        desk.hear("c1", late);
    }
    assert_eq!(desk.people(), [""; 0]);
    assert_eq!(desk.look(), []);
}

/// Two come at once: the one hears the other arrive before it is in itself.
#[test]
fn who_came_just_before_us_is_known_by_the_offer() {
    let mut desk = started(ChannelsMesh::new("1").capabilities());
    desk.make();
    desk.event(joined("other"));
    assert_eq!(desk.people(), [""; 0], "we are not in yet");
    desk.event(welcome("me", &[], None));
    desk.look();
    desk.event(found("other", "Ann"));
    desk.hear("other", offer("100", 1));
    assert_eq!(desk.people(), ["other"]);
    let said = desk.look();
    let closed = ops(&said)
        .iter()
        .filter(|(_, op)| **op == LinkOp::Close)
        .count();
    assert_eq!(closed, 1, "what was prepared for somebody else: {said:?}");
}

#[test]
fn a_description_waits_for_its_candidates_or_2_seconds() {
    let candidate = Candidate {
        candidate: "candidate:1 1 udp 1 h 9 typ host".into(),
        ..Candidate::default()
    };
    for ends in [true, false] {
        let mut desk = started(ChannelsMesh::new("1").capabilities());
        desk.event(welcome("me", &[], None));
        desk.event(joined("other"));
        let link = desk.make();
        desk.look();
        desk.report(link, LinkReport::Candidate(candidate.clone()));
        desk.wait(1_999);
        assert_eq!(desk.look(), []);
        match ends {
            true => desk.report(link, LinkReport::Candidate(Candidate::default())),
            false => desk.wait(1),
        }
        let said = desk.look();
        let [
            Request::Signal {
                signal: Signal::Offer { sdp, .. },
                ..
            },
        ] = sent(&said)[..]
        else {
            panic!("the offer alone: {said:?}");
        };
        assert!(sdp.contains("a=candidate:1 "));
        desk.report(link, LinkReport::Candidate(candidate.clone()));
        assert_eq!(desk.look(), [], "it is too late for one more");
    }
}

#[test]
fn who_has_to_say_that_it_is_alive_says_so_as_often_as_it_is_told() {
    let mut desk = started(SocketIoRooms::new().capabilities());
    desk.event(Event::Welcome(Welcome {
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
    desk.look();
    for _ in 0..3 {
        desk.wait(24_999);
        assert_eq!(desk.look(), []);
        desk.wait(1);
        assert_eq!(sent(&desk.look()), [&Request::Ping]);
    }
    desk.input(Input::End(EndReason::Left));
    desk.look();
    desk.wait(100_000);
    assert_eq!(desk.look(), []);
}
