//! Data channels: hellos, numbered messages, raised hands, and peers who do not follow the protocol.

use videocalls_protocol::data::{Content, Hello, Message, Payload, announce, decode, encode};
use videocalls_protocol::{Event, ParticipantId, Signal, TrackSources};
use videocalls_session::{
    Input, LinkId, LinkOp, LinkReport, Notice, Output, Problem, SendError, Transport,
};

use crate::harness::{Harness, notices, ops, peer, sdp};

/// A description that announces data channels.
fn offer(connection: &str) -> Signal {
    let sdp = sdp(connection, 1) + "m=application 9 X\r\n";
    Signal::Offer {
        id: None,
        sdp: announce(&sdp),
        sources: TrackSources::default(),
    }
}

/// A session in a room with `you`, whose client has data channels.
pub(super) fn linked() -> (Harness, LinkId) {
    let mut harness = Harness::in_room("me", &[]);
    harness.event(Event::Joined(peer("you")));
    let link = connect(&mut harness, "you", "100");
    (harness, link)
}

/// Has a participant offer, and opens the channels.
pub(super) fn connect(harness: &mut Harness, from: &str, connection: &str) -> LinkId {
    harness.signal_from(from, offer(connection));
    let link = harness.create_description();
    harness.transport(link, Transport::Connected);
    harness.take_outputs();
    harness.report(link, LinkReport::DataOpened);
    link
}

pub(super) fn hello(instance: u32, lines: u32) -> Message {
    Message::Hello(Hello {
        version: 1,
        instance,
        is_hand_raised: false,
        lines,
    })
}

pub(super) fn text(number: u32, text: &str) -> Message {
    Message::Numbered {
        number,
        is_direct: false,
        content: Content::Text(text.into()),
    }
}

pub(super) fn receive(harness: &mut Harness, link: LinkId, message: &Message) {
    harness.report(link, LinkReport::Data(encode(message)));
}

pub(super) fn send_text(harness: &mut Harness, text: &str) {
    harness.input(Input::SendText {
        text: text.into(),
        to: None,
    });
}

/// The messages that the session has sent, with their links.
pub(super) fn sent(outputs: &[Output]) -> Vec<(LinkId, Message)> {
    let messages = ops(outputs).into_iter().filter_map(|(link, op)| match op {
        LinkOp::SendData { message, .. } => Some((link, decode(message).ok()??)),
        _ => None,
    });
    messages.collect()
}

fn received_texts(outputs: &[Output]) -> Vec<&str> {
    let texts = notices(outputs).into_iter().filter_map(|it| match it {
        Notice::Text(line) => Some(line.text.as_str()),
        _ => None,
    });
    texts.collect()
}

fn is_closed(outputs: &[Output], link: LinkId) -> bool {
    ops(outputs).contains(&(link, &LinkOp::CloseData))
}

#[test]
fn hello_is_the_first_message_and_what_waits_follows_theirs() {
    let (mut harness, link) = linked();
    let outputs = harness.take_outputs();
    let [(at, Message::Hello(own))] = &sent(&outputs)[..] else {
        panic!("{outputs:?}");
    };
    assert_eq!((*at, own.version, own.lines), (link, 1, 0));
    send_text(&mut harness, "waits");
    assert_eq!(harness.take_outputs(), []);
    receive(&mut harness, link, &hello(9, 0));
    assert_eq!(sent(&harness.take_outputs()), [(link, text(1, "waits"))]);
}

#[test]
fn unacknowledged_messages_are_sent_again_on_a_new_link() {
    let (mut harness, link) = linked();
    receive(&mut harness, link, &hello(9, 0));
    send_text(&mut harness, "one");
    send_text(&mut harness, "two");
    receive(&mut harness, link, &Message::Ack(1));
    let again = connect(&mut harness, "you", "200");
    assert_ne!(link, again);
    harness.take_outputs();
    receive(&mut harness, again, &hello(9, 0));
    assert_eq!(sent(&harness.take_outputs()), [(again, text(2, "two"))]);
}

#[test]
fn repeated_message_is_acknowledged_and_not_delivered_again() {
    let (mut harness, link) = linked();
    receive(&mut harness, link, &hello(9, 0));
    receive(&mut harness, link, &text(5, "once"));
    let again = connect(&mut harness, "you", "200");
    receive(&mut harness, again, &hello(9, 0));
    harness.take_outputs();
    for content in [
        Content::Text("once".into()),
        Content::Payload(Payload::Text("once".into())),
    ] {
        let repeated = Message::Numbered {
            number: 5,
            is_direct: false,
            content,
        };
        receive(&mut harness, again, &repeated);
        let outputs = harness.take_outputs();
        assert_eq!(sent(&outputs), [(again, Message::Ack(5))]);
        assert!(notices(&outputs).is_empty());
    }
}

#[test]
fn reloaded_page_of_a_participant_starts_anew() {
    let (mut harness, link) = linked();
    receive(&mut harness, link, &hello(9, 0));
    receive(&mut harness, link, &text(5, "old page"));
    send_text(&mut harness, "perhaps received");
    let again = connect(&mut harness, "you", "200");
    receive(&mut harness, again, &hello(10, 0));
    receive(&mut harness, again, &text(1, "new page"));
    let outputs = harness.take_outputs();
    assert_eq!(received_texts(&outputs), ["new page"]);
    assert!(!sent(&outputs).contains(&(again, text(1, "perhaps received"))));
}

#[test]
fn same_page_as_another_participant_goes_on_where_it_was() {
    let (mut harness, link) = linked();
    receive(&mut harness, link, &hello(9, 0));
    receive(&mut harness, link, &text(5, "once"));
    send_text(&mut harness, "unacknowledged");
    harness.input(Input::SendText {
        text: "for you alone".into(),
        to: Some(ParticipantId::new("you")),
    });
    harness.event(crate::harness::left(
        "you",
        videocalls_protocol::LeaveReason::Bye,
    ));
    harness.event(Event::Joined(peer("renamed")));
    let again = connect(&mut harness, "renamed", "200");
    harness.take_outputs();
    receive(&mut harness, again, &hello(9, 0));
    receive(&mut harness, again, &text(5, "once"));
    let outputs = harness.take_outputs();
    assert_eq!(
        sent(&outputs),
        [(again, text(1, "unacknowledged")), (again, Message::Ack(5))]
    );
    assert_eq!(received_texts(&outputs), [""; 0]);
}

#[test]
fn message_against_the_protocol_costs_the_peer_its_channels_only() {
    let malformed = [0xff, 0xc3];
    let cases: [&[Vec<u8>]; 6] = [
        &[vec![]],
        &[vec![2, 0, 0, 0, 1, 0, malformed[0]]],
        &[encode(&text(1, "before the hello"))],
        &[encode(&hello(9, 0)), encode(&hello(9, 0))],
        &[
            encode(&hello(9, 0)),
            encode(&Message::HistoryRequest),
            encode(&Message::HistoryRequest),
        ],
        &[encode(&Message::Hello(Hello {
            version: 0,
            instance: 1,
            is_hand_raised: false,
            lines: 0,
        }))],
    ];
    for messages in cases {
        let (mut harness, link) = linked();
        harness.take_outputs();
        for message in messages {
            harness.report(link, LinkReport::Data(message.clone()));
        }
        let outputs = harness.take_outputs();
        assert!(is_closed(&outputs, link), "{messages:?}");
        let problem = Notice::Problem {
            problem: Problem::MalformedMessage,
            participant: Some(ParticipantId::new("you")),
        };
        assert_eq!(notices(&outputs), [&problem]);
        assert!(!ops(&outputs).contains(&(link, &LinkOp::Close)));
        // What comes after it is ignored.
        harness.report(link, LinkReport::Data(vec![]));
        assert_eq!(harness.take_outputs(), []);
    }
}

#[test]
fn message_of_an_unknown_kind_is_ignored() {
    let (mut harness, link) = linked();
    receive(&mut harness, link, &hello(9, 0));
    harness.take_outputs();
    harness.report(link, LinkReport::Data(vec![99, 1, 2]));
    assert_eq!(harness.take_outputs(), []);
}

#[test]
fn hand_is_known_from_the_hello_and_from_each_change() {
    let (mut harness, link) = linked();
    let raised = |harness: &Harness| harness.session.snapshot().participants[0].is_hand_raised;
    receive(
        &mut harness,
        link,
        &Message::Hello(Hello {
            version: 1,
            instance: 9,
            is_hand_raised: true,
            lines: 0,
        }),
    );
    assert!(raised(&harness));
    receive(&mut harness, link, &Message::Hand(false));
    assert!(!raised(&harness));
    harness.take_outputs();
    harness.input(Input::RaiseHand(None));
    assert!(harness.session.snapshot().is_hand_raised);
    let outputs = harness.take_outputs();
    assert_eq!(sent(&outputs), [(link, Message::Hand(true))]);
    assert_eq!(notices(&outputs), [&Notice::LocalChanged]);
    harness.input(Input::RaiseHand(Some(true)));
    assert_eq!(harness.take_outputs(), []);
}

#[test]
fn message_that_may_be_lost_is_not_kept_for_later() {
    let (mut harness, link) = linked();
    let payload = Payload::Bytes(vec![1]);
    let send = |harness: &mut Harness| {
        harness.input(Input::SendData {
            payload: payload.clone(),
            to: None,
            is_reliable: false,
        });
    };
    harness.report(link, LinkReport::DataClosed);
    harness.take_outputs();
    send(&mut harness);
    let again = connect(&mut harness, "you", "200");
    receive(&mut harness, again, &hello(9, 0));
    let hellos = sent(&harness.take_outputs());
    assert!(hellos.iter().all(|(_, it)| matches!(it, Message::Hello(_))));
    send(&mut harness);
    let message = Message::Unnumbered(payload.clone());
    assert_eq!(sent(&harness.take_outputs()), [(again, message)]);
}

#[test]
fn what_can_not_be_sent_is_refused() {
    let (mut harness, link) = linked();
    receive(&mut harness, link, &hello(9, 0));
    let you = ParticipantId::new("you");
    let session = &harness.session;
    assert_eq!(session.check_text(None, 4_096), Ok(()));
    assert_eq!(session.check_text(None, 4_097), Err(SendError::TooLong));
    assert_eq!(session.check_data(Some(&you), 65_536), Ok(()));
    assert_eq!(
        session.check_data(Some(&ParticipantId::new("nobody")), 1),
        Err(SendError::UnknownRecipient)
    );
    for _ in 0..16 {
        harness.input(Input::SendData {
            payload: Payload::Bytes(vec![0; 65_536]),
            to: Some(you.clone()),
            is_reliable: true,
        });
    }
    assert_eq!(
        harness.session.check_data(None, 1),
        Err(SendError::QueueFull)
    );
    receive(&mut harness, link, &Message::Ack(16));
    assert_eq!(harness.session.check_data(None, 1), Ok(()));
}
