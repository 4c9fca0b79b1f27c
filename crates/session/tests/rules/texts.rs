//! Chat, which travels by the links.

use videocalls_protocol::channels_mesh::ChannelsMesh;
use videocalls_protocol::{Dialect, Event, ParticipantId};
use videocalls_session::{EndReason, Input, LinkId, LinkOp, LinkReport, Notice, Output};

use crate::harness::{Harness, notices, ops, peer, started, welcome};

fn in_mesh() -> (Harness, Vec<LinkId>) {
    let mut harness = started(ChannelsMesh::new("1").capabilities());
    harness.make();
    harness.event(welcome("me", &[], None));
    for id in ["ann", "bob"] {
        harness.event(Event::Joined(peer(id)));
    }
    let link = |id| harness.session.link_of(&ParticipantId::new(id));
    let links = ["ann", "bob"].into_iter().filter_map(link).collect();
    harness.look();
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
fn a_text_goes_to_everyone_and_comes_with_its_sender() {
    let (mut harness, links) = in_mesh();
    harness.input(Input::SendText("hello".into()));
    assert_eq!(
        texts(&harness.look()),
        [(links[0], "hello"), (links[1], "hello")]
    );
    harness.report(links[1], LinkReport::Text("hi".into()));
    let said = Notice::Text {
        from: ParticipantId::new("bob"),
        text: "hi".into(),
    };
    assert_eq!(notices(&harness.look()), [&said]);
}

#[test]
fn who_is_alone_says_it_to_nobody() {
    let mut harness = started(ChannelsMesh::new("1").capabilities());
    harness.make();
    harness.event(welcome("me", &[], None));
    harness.look();
    harness.input(Input::SendText("hello".into()));
    assert_eq!(harness.look(), []);
}

#[test]
fn nothing_is_said_or_heard_after_the_end_and_every_link_is_closed() {
    let (mut harness, links) = in_mesh();
    harness.input(Input::End(EndReason::Left));
    let said = harness.look();
    for link in &links {
        assert!(ops(&said).contains(&(*link, &LinkOp::Close)));
    }
    let after = said
        .iter()
        .position(|it| matches!(it, Output::Notify(Notice::Ended(_))));
    assert_eq!(after, Some(said.len() - 1));
    harness.report(links[0], LinkReport::Text("hi".into()));
    harness.input(Input::SendText("hello".into()));
    assert_eq!(harness.look(), []);
    assert_eq!(harness.session.next_timeout(), None);
}
