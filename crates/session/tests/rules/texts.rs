//! Chat texts, which are sent on the links' data channels.

use videocalls_protocol::channels_mesh::ChannelsMesh;
use videocalls_protocol::{Dialect, Event, ParticipantId};
use videocalls_session::{EndReason, Input, LinkId, LinkOp, LinkReport, Notice, Output};

use crate::harness::{Harness, notices, ops, peer, started, welcome};

fn in_mesh_with_two() -> (Harness, Vec<LinkId>) {
    let mut harness = started(ChannelsMesh::new("1").capabilities());
    harness.create_description();
    harness.event(welcome("me", &[], None));
    for id in ["ann", "bob"] {
        harness.event(Event::Joined(peer(id)));
    }
    let link = |id| harness.session.link_of(&ParticipantId::new(id));
    let links = ["ann", "bob"].into_iter().filter_map(link).collect();
    harness.take_outputs();
    (harness, links)
}

fn texts(outputs: &[Output]) -> Vec<(LinkId, &str)> {
    let texts = ops(outputs).into_iter().filter_map(|(link, op)| match op {
        LinkOp::SendText(text) => Some((link, text.as_str())),
        _ => None,
    });
    texts.collect()
}

#[test]
fn text_is_sent_to_everyone_and_received_with_its_sender() {
    let (mut harness, links) = in_mesh_with_two();
    harness.input(Input::SendText("hello".into()));
    assert_eq!(
        texts(&harness.take_outputs()),
        [(links[0], "hello"), (links[1], "hello")]
    );
    harness.report(links[1], LinkReport::Text("hi".into()));
    let outputs = Notice::Text {
        from: ParticipantId::new("bob"),
        text: "hi".into(),
    };
    assert_eq!(notices(&harness.take_outputs()), [&outputs]);
}

#[test]
fn text_is_sent_to_nobody_when_alone() {
    let mut harness = started(ChannelsMesh::new("1").capabilities());
    harness.create_description();
    harness.event(welcome("me", &[], None));
    harness.take_outputs();
    harness.input(Input::SendText("hello".into()));
    assert_eq!(harness.take_outputs(), []);
}

#[test]
fn texts_are_ignored_after_the_end() {
    let (mut harness, links) = in_mesh_with_two();
    harness.input(Input::End(EndReason::Left));
    let outputs = harness.take_outputs();
    for link in &links {
        assert!(ops(&outputs).contains(&(*link, &LinkOp::Close)));
    }
    let ended_at = outputs
        .iter()
        .position(|it| matches!(it, Output::Notify(Notice::Ended(_))));
    assert_eq!(ended_at, Some(outputs.len() - 1));
    harness.report(links[0], LinkReport::Text("hi".into()));
    harness.input(Input::SendText("hello".into()));
    assert_eq!(harness.take_outputs(), []);
    assert_eq!(harness.session.next_timeout(), None);
}
