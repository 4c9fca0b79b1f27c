//! Chat texts to and from clients of other systems, by the dialect's own chat.

use videocalls_protocol::channels_mesh::ChannelsMesh;
use videocalls_protocol::{Capabilities, Dialect, Event, ParticipantId};
use videocalls_session::{
    ChatLine, EndReason, Input, LineOrigin, LinkId, LinkOp, LinkReport, Notice, Output,
};

use crate::harness::{Harness, answer, notices, ops, peer, started, welcome};

fn mesh() -> Capabilities {
    ChannelsMesh::new("1").capabilities()
}

/// A session in a room with Ann, to whom it has offered.
fn offering_to_ann(capabilities: Capabilities) -> (Harness, LinkId) {
    let mut harness = started(capabilities);
    harness.create_description();
    harness.event(welcome("me", &[], None));
    harness.event(Event::Joined(peer("ann")));
    let link = harness.session.link_of(&ParticipantId::new("ann"));
    harness.take_outputs();
    (harness, link.expect("it offers"))
}

/// The same after an answer that announces no data channels.
fn in_mesh_with_ann() -> (Harness, LinkId) {
    let (mut harness, link) = offering_to_ann(mesh());
    harness.wait(2_000);
    harness.signal_from("ann", answer("100", 1));
    harness.take_outputs();
    (harness, link)
}

fn send(harness: &mut Harness, text: &str, to: Option<&str>) {
    harness.input(Input::SendText {
        text: text.into(),
        to: to.map(ParticipantId::new),
    });
}

fn texts(outputs: &[Output]) -> Vec<(LinkId, &str)> {
    let texts = ops(outputs).into_iter().filter_map(|(link, op)| match op {
        LinkOp::SendText(text) => Some((link, text.as_str())),
        _ => None,
    });
    texts.collect()
}

#[test]
fn text_is_sent_by_the_dialects_chat_and_received_with_its_sender() {
    let (mut harness, link) = in_mesh_with_ann();
    send(&mut harness, "hello", None);
    send(&mut harness, "to you", Some("ann"));
    let outputs = harness.take_outputs();
    assert_eq!(texts(&outputs), [(link, "hello"), (link, "to you")]);
    harness.report(link, LinkReport::Text("hi".into()));
    let line = Notice::Text(ChatLine {
        id: None,
        from: ParticipantId::new("ann"),
        name: None,
        text: "hi".into(),
        age_ms: 0,
        origin: LineOrigin::Live,
    });
    assert_eq!(notices(&harness.take_outputs()), [&line]);
}

#[test]
fn text_waits_until_it_is_known_how_to_send_it() {
    let (mut harness, link) = offering_to_ann(mesh());
    send(&mut harness, "early", None);
    assert_eq!(harness.take_outputs(), []);
    harness.wait(2_000);
    harness.signal_from("ann", answer("100", 1));
    assert_eq!(texts(&harness.take_outputs()), [(link, "early")]);
}

#[test]
fn text_is_sent_to_nobody_where_the_dialect_has_no_chat() {
    let without_chat = Capabilities {
        chat: None,
        ..mesh()
    };
    let (mut harness, _) = offering_to_ann(without_chat);
    harness.wait(2_000);
    harness.signal_from("ann", answer("100", 1));
    harness.take_outputs();
    send(&mut harness, "hello", None);
    assert_eq!(harness.take_outputs(), []);
}

#[test]
fn text_is_sent_to_nobody_when_alone() {
    let mut harness = started(mesh());
    harness.create_description();
    harness.event(welcome("me", &[], None));
    harness.take_outputs();
    send(&mut harness, "hello", None);
    assert_eq!(harness.take_outputs(), []);
}

#[test]
fn texts_are_ignored_after_the_end() {
    let (mut harness, link) = in_mesh_with_ann();
    harness.input(Input::End(EndReason::Left));
    let outputs = harness.take_outputs();
    assert!(ops(&outputs).contains(&(link, &LinkOp::Close)));
    let ended_at = outputs
        .iter()
        .position(|it| matches!(it, Output::Notify(Notice::Ended(_))));
    assert_eq!(ended_at, Some(outputs.len() - 1));
    harness.report(link, LinkReport::Text("hi".into()));
    send(&mut harness, "hello", None);
    assert_eq!(harness.take_outputs(), []);
    assert_eq!(harness.session.next_timeout(), None);
}
