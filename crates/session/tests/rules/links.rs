use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::{Candidate, Dialect, Event, LeaveReason, Request, Signal};
use videocalls_session::{
    Connection, Input, LinkId, LinkOp, LinkReport, LinkRole, Notice, Output, Problem, Transport,
};

use crate::desk::{Desk, LIVE, answer, left, notices, offer, ops, peer, sdp, sent, token, welcome};

/// In a room with one other, connected, after their offer.
fn linked(me: &str, other: &str) -> (Desk, LinkId) {
    let mut desk = Desk::in_room(me, &[]);
    desk.event(videocalls_protocol::Event::Joined(peer(other)));
    let link = desk.answer_to(other, "100");
    desk.transport(link, Transport::Connected);
    desk.look();
    (desk, link)
}

fn opened(desk: &mut Desk) -> usize {
    opened_roles(desk).len()
}

fn opened_roles(desk: &mut Desk) -> Vec<LinkRole> {
    let said = desk.look();
    let opened = ops(&said).into_iter().filter_map(|(_, op)| match op {
        LinkOp::Open(role) => Some(*role),
        _ => None,
    });
    opened.collect()
}

#[test]
fn the_first_link_is_made_while_the_socket_opens_and_spent_on_the_first_other() {
    let mut desk = Desk::new(Rooms::default().capabilities(), "me");
    desk.input(Input::Start);
    let link = desk.make();
    desk.input(Input::SignalingOpened);
    desk.look();
    desk.event(welcome("me", &["a", "b"], None));
    let said = desk.look();
    let first = sent(&said).into_iter().next();
    assert!(matches!(first, Some(Request::Signal { to: Some(to), .. }) if to.as_str() == "a"));
    let others = ops(&said).into_iter().filter(|(it, _)| *it != link);
    assert_eq!(
        others.count(),
        2,
        "one more link is opened and asked for its offer"
    );
}

#[test]
fn who_waits_alone_has_a_link_standing_by_to_answer_on() {
    let mut desk = Desk::in_room("me", &[]);
    let said = desk.look();
    let [
        ..,
        (_, LinkOp::Close),
        (standing_by, LinkOp::Open(LinkRole::StandBy)),
    ] = ops(&said)[..]
    else {
        panic!("the offer made in advance is for nobody: {said:?}");
    };
    desk.report(standing_by, LinkReport::NegotiationNeeded);
    assert_eq!(desk.look(), [], "it has nobody to negotiate with");
    desk.event(videocalls_protocol::Event::Joined(peer("you")));
    assert_eq!(desk.answer_to("you", "100"), standing_by);
    desk.event(left("you", LeaveReason::Bye));
    let said = desk.look();
    assert!(
        matches!(
            ops(&said)[..],
            [.., (_, LinkOp::Close), (_, LinkOp::Open(LinkRole::StandBy))]
        ),
        "alone again: {said:?}"
    );
}

#[test]
fn a_roster_with_the_same_one_twice_or_ourselves_makes_one_link_each() {
    let mut desk = Desk::in_room("me", &["a", "a", "me"]);
    assert_eq!(opened(&mut desk), 1);
    assert_eq!(desk.people(), ["a"]);
}

#[test]
fn who_loses_only_their_seat_stays_as_long_as_their_media_goes_on() {
    let (mut desk, link) = linked("me", "you");
    desk.event(left("you", LeaveReason::Lost));
    desk.wait(60_000);
    assert_eq!(desk.people(), ["you"]);
    desk.transport(link, Transport::Disconnected);
    desk.wait(3_999);
    desk.transport(link, Transport::Connected);
    desk.wait(60_000);
    assert_eq!(desk.people(), ["you"], "it healed in time");
    desk.transport(link, Transport::Disconnected);
    desk.wait(4_000);
    assert_eq!(desk.people(), [""; 0]);
    assert_eq!(desk.session.next_timeout(), None);
}

#[test]
fn who_has_no_seat_any_more_is_not_offered_a_new_link() {
    let (mut desk, link) = linked("me", "you");
    desk.report(link, LinkReport::NegotiationNeeded);
    let said = desk.look();
    let token = ops(&said).iter().find_map(|(_, op)| token(op));
    desk.event(left("you", LeaveReason::Lost));
    let token = token.expect("an offer to make");
    desk.report(link, LinkReport::Failed { token });
    assert_eq!(desk.people(), [""; 0]);
    assert!(!opened_roles(&mut desk).contains(&LinkRole::Offerer));
}

#[test]
fn who_says_goodbye_or_is_not_connected_leaves_at_once() {
    let (mut desk, _) = linked("me", "you");
    desk.event(left("you", LeaveReason::Bye));
    let said = desk.look();
    assert!(matches!(
        ops(&said)[..],
        [(_, LinkOp::Close), (_, LinkOp::Open(_))]
    ));
    assert_eq!(desk.people(), [""; 0]);
    let (mut desk, link) = linked("me", "you");
    desk.transport(link, Transport::Disconnected);
    desk.event(left("you", LeaveReason::Lost));
    assert_eq!(desk.people(), [""; 0]);
}

#[test]
fn a_link_that_finds_no_way_is_made_anew_by_the_impolite_side() {
    let mut desk = Desk::in_room("a", &["b"]);
    desk.look();
    desk.wait(10_000);
    assert_eq!(opened(&mut desk), 1, "the lesser id is the impolite one");
    let mut desk = Desk::in_room("c", &["b"]);
    desk.look();
    desk.wait(10_000);
    assert_eq!(opened(&mut desk), 0, "the polite one waits for a turn");
    desk.wait(10_000);
    assert_eq!(opened(&mut desk), 1, "and not for good");
}

#[test]
fn a_link_that_is_lost_is_made_anew_without_a_word_of_parting() {
    let (mut desk, link) = linked("a", "b");
    desk.transport(link, Transport::Disconnected);
    desk.transport(link, Transport::Failed);
    desk.event(Event::Pong);
    desk.wait(11_999);
    assert_eq!(opened(&mut desk), 0, "two restarts of ICE may heal it");
    desk.wait(1);
    let said = desk.look();
    assert!(ops(&said).contains(&(link, &LinkOp::Close)));
    assert!(
        !notices(&said)
            .iter()
            .any(|it| matches!(it, Notice::ParticipantLeft { .. }))
    );
    assert_eq!(desk.people(), ["b"]);
    let view = &desk.session.snapshot().participants[0];
    assert_eq!(view.connection, Connection::Connecting);
}

#[test]
fn a_browser_that_always_fails_is_not_asked_without_a_pause() {
    let mut desk = Desk::in_room("c", &["b"]);
    let mut asked = 0;
    for _ in 0..60 {
        for output in desk.look() {
            if let Output::Link { link, op } = output
                && let Some(token) = token(&op)
            {
                asked += 1;
                desk.report(link, LinkReport::Failed { token });
            }
        }
        desk.wait(1_000);
    }
    assert!((3..12).contains(&asked), "asked {asked} times in a minute");
}

#[test]
fn a_broken_link_that_waits_to_be_replaced_is_left_alone() {
    let mut desk = Desk::in_room("c", &["b"]);
    desk.look();
    desk.hear("b", offer("100", 1));
    let mut last = None;
    while let Some((link, token)) = ops(&desk.look())
        .iter()
        .find_map(|(link, op)| token(op).map(|token| (*link, token)))
    {
        last = Some(link);
        desk.report(link, LinkReport::Failed { token });
    }
    let link = last.expect("it was tried");
    desk.report(link, LinkReport::NegotiationNeeded);
    assert_eq!(desk.look(), []);
    desk.wait(60_000);
    assert_eq!(opened(&mut desk), 1, "it is replaced after a pause");
}

#[test]
fn a_failure_is_told_and_its_link_takes_nothing_more() {
    let (mut desk, link) = linked("c", "b");
    desk.hear("b", offer("100", 2));
    let said = desk.look();
    let token = ops(&said)
        .iter()
        .find_map(|(_, op)| token(op))
        .expect("an offer to take");
    desk.report(link, LinkReport::Failed { token });
    let said = desk.look();
    let told = Notice::Problem(Problem::NegotiationFailed);
    assert!(notices(&said).contains(&&told));
    assert!(matches!(
        ops(&said)[..],
        [(_, LinkOp::Close), (_, LinkOp::Open(LinkRole::Offerer)), ..]
    ));
    desk.hear("b", offer("100", 3));
    assert_eq!(
        desk.look(),
        [],
        "it comes from a connection that is replaced"
    );
}

#[test]
fn what_comes_late_from_a_replaced_connection_is_ignored() {
    let (mut desk, _) = linked("me", "you");
    desk.answer_to("you", "200");
    desk.look();
    desk.hear("you", offer("100", 2));
    desk.hear("you", answer("100", 3));
    desk.hear("you", candidate("100"));
    assert_eq!(desk.look(), []);
    desk.hear("you", candidate("200"));
    assert_eq!(ops(&desk.look()).len(), 1);
}

#[test]
fn a_repeated_offer_is_taken_once() {
    let (mut desk, _) = linked("me", "you");
    desk.hear("you", offer("100", 1));
    assert_eq!(desk.look(), []);
    desk.hear("you", offer("100", 2));
    assert_eq!(ops(&desk.look()).len(), 1);
    desk.hear("you", offer("100", 2));
    assert_eq!(desk.look(), []);
}

#[test]
fn candidates_wait_for_the_description_of_their_generation() {
    let mut desk = Desk::in_room("me", &[]);
    desk.event(videocalls_protocol::Event::Joined(peer("you")));
    desk.hear("you", candidate("100"));
    desk.hear("you", candidate("99"));
    desk.look();
    desk.hear("you", offer("100", 1));
    let said = desk.look();
    let added = ops(&said);
    let added = added
        .iter()
        .filter(|(_, op)| matches!(op, LinkOp::AddCandidate(_)));
    assert_eq!(added.count(), 1, "the other one is of another generation");
}

#[test]
fn a_description_without_an_origin_is_a_malformed_message() {
    let (mut desk, _) = linked("me", "you");
    for sdp in ["", "v=0\r\n", "o=-\r\n", "o=- x y z\r\n", "\u{0}"] {
        let sdp = sdp.to_owned();
        desk.hear("you", Signal::Offer { id: Some(9), sdp });
        let told = Notice::Problem(Problem::MalformedMessage);
        assert_eq!(notices(&desk.look()), [&told]);
    }
    assert_eq!(desk.people(), ["you"]);
}

#[test]
fn a_stranger_is_not_listened_to() {
    let (mut desk, _) = linked("me", "you");
    desk.hear("they", offer("300", 1));
    desk.hear("they", candidate("300"));
    assert_eq!(desk.look(), []);
}

#[test]
fn the_mark_of_the_last_candidate_says_of_which_generation() {
    let (mut desk, link) = linked("me", "you");
    desk.report(link, LinkReport::Candidate(Candidate::default()));
    let said = desk.look();
    let [
        Request::Signal {
            signal: Signal::Candidate(end),
            ..
        },
    ] = sent(&said)[..]
    else {
        panic!("the mark is sent: {said:?}");
    };
    assert_eq!(end.candidate, "");
    assert!(end.username_fragment.is_some());
}

#[test]
fn where_candidates_cannot_follow_the_description_waits_for_them() {
    let mut capabilities = Rooms::default().capabilities();
    capabilities.trickle = false;
    let mut desk = Desk::new(capabilities, "me");
    desk.input(Input::Start);
    desk.input(Input::MediaSettled(LIVE));
    desk.input(Input::SignalingOpened);
    let link = desk.make();
    desk.event(welcome("me", &["you"], None));
    desk.look();
    let known = Candidate {
        candidate: "candidate:1 1 udp 1 h 9 typ host".into(),
        ..Candidate::default()
    };
    desk.report(link, LinkReport::Candidate(known));
    assert_eq!(desk.look(), []);
    desk.report(link, LinkReport::Candidate(Candidate::default()));
    let said = desk.look();
    let [
        Request::Signal {
            signal: Signal::Offer { sdp, .. },
            ..
        },
    ] = sent(&said)[..]
    else {
        panic!("the offer alone is sent: {said:?}");
    };
    assert!(sdp.contains("a=candidate:1 "));
}

#[test]
fn a_late_report_is_ignored() {
    let (mut desk, link) = linked("me", "you");
    desk.hear("you", offer("100", 2));
    let said = desk.look();
    let first = ops(&said)
        .iter()
        .find_map(|(_, op)| token(op))
        .expect("an offer to take");
    let made = || LinkReport::Made {
        token: first,
        sdp: sdp("5", 9),
    };
    desk.report(link, made());
    desk.look();
    desk.report(link, made());
    desk.report(link, LinkReport::Failed { token: first });
    desk.report(link, LinkReport::Applied { token: first });
    assert_eq!(desk.look(), []);
}

#[test]
fn a_report_of_an_earlier_operation_does_not_pass_for_that_of_a_later_one() {
    let (mut desk, link) = linked("me", "you");
    desk.hear("you", offer("100", 2));
    let said = desk.look();
    let first = ops(&said).iter().find_map(|(_, op)| token(op));
    let first = first.expect("an offer to take");
    let made = LinkReport::Made {
        token: first,
        sdp: sdp("5", 2),
    };
    desk.report(link, made.clone());
    desk.hear("you", offer("100", 3));
    desk.look();
    desk.report(link, made);
    desk.report(link, LinkReport::Failed { token: first });
    assert_eq!(desk.look(), [], "the second answer is still in the making");
}

fn candidate(generation: &str) -> Signal {
    Signal::Candidate(Candidate {
        candidate: "candidate:1 1 udp 1 h 9 typ host".into(),
        sdp_mid: Some("0".into()),
        sdp_m_line_index: Some(0),
        username_fragment: Some(generation.into()),
    })
}
