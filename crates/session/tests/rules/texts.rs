//! Chat, which travels by the links.

use videocalls_protocol::channels_mesh::ChannelsMesh;
use videocalls_protocol::{Dialect, Event, ParticipantId};
use videocalls_session::{EndReason, Input, LinkId, LinkOp, LinkReport, Notice, Output};

use crate::desk::{Desk, notices, ops, peer, started, welcome};

fn in_mesh() -> (Desk, Vec<LinkId>) {
    let mut desk = started(ChannelsMesh::new("1").capabilities());
    desk.make();
    desk.event(welcome("me", &[], None));
    for id in ["ann", "bob"] {
        desk.event(Event::Joined(peer(id)));
    }
    let link = |id| desk.session.link_of(&ParticipantId::new(id));
    let links = ["ann", "bob"].into_iter().filter_map(link).collect();
    desk.look();
    (desk, links)
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
    let (mut desk, links) = in_mesh();
    desk.input(Input::SendText("hello".into()));
    assert_eq!(
        texts(&desk.look()),
        [(links[0], "hello"), (links[1], "hello")]
    );
    desk.report(links[1], LinkReport::Text("hi".into()));
    let said = Notice::Text {
        from: ParticipantId::new("bob"),
        text: "hi".into(),
    };
    assert_eq!(notices(&desk.look()), [&said]);
}

#[test]
fn who_is_alone_says_it_to_nobody() {
    let mut desk = started(ChannelsMesh::new("1").capabilities());
    desk.make();
    desk.event(welcome("me", &[], None));
    desk.look();
    desk.input(Input::SendText("hello".into()));
    assert_eq!(desk.look(), []);
}

#[test]
fn nothing_is_said_or_heard_after_the_end_and_every_link_is_closed() {
    let (mut desk, links) = in_mesh();
    desk.input(Input::End(EndReason::Left));
    let said = desk.look();
    for link in &links {
        assert!(ops(&said).contains(&(*link, &LinkOp::Close)));
    }
    let after = said
        .iter()
        .position(|it| matches!(it, Output::Notify(Notice::Ended(_))));
    assert_eq!(after, Some(said.len() - 1));
    desk.report(links[0], LinkReport::Text("hi".into()));
    desk.input(Input::SendText("hello".into()));
    assert_eq!(desk.look(), []);
    assert_eq!(desk.session.next_timeout(), None);
}
