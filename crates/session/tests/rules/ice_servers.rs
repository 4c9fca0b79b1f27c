//! ICE servers that the server offers.

use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::{Dialect, Event, IceServer, IceServers};
use videocalls_session::{Input, LinkId, LinkOp, LinkReport, Output, Transport};

use crate::harness::{Harness, answer, ops, peer, token, welcome};

fn offered(name: &str) -> IceServers {
    let server = IceServer {
        urls: vec!["turn:turn.example.org".into()],
        username: Some(name.into()),
        credential: Some("secret".into()),
    };
    IceServers {
        servers: vec![server],
        lifetime: Some(600),
    }
}

fn welcome_with(others: &[&str], ice_servers: IceServers) -> Event {
    match welcome("me", others, None) {
        Event::Welcome(welcome) => Event::Welcome(videocalls_protocol::Welcome {
            ice_servers,
            ..welcome
        }),
        other => other,
    }
}

/// A session that has made its first offer before the server lets it in.
fn started() -> (Harness, LinkId) {
    let mut harness = Harness::started_with(Harness::config(Rooms::default().capabilities(), "me"));
    let link = harness.create_description();
    harness.take_outputs();
    (harness, link)
}

/// A session whose first offer is answered by `you`.
fn answered(ice_servers: IceServers) -> (Harness, LinkId) {
    let (mut harness, link) = started();
    harness.event(welcome_with(&["you"], ice_servers));
    harness.signal_from("you", answer("100", 1));
    apply_answer(&mut harness, link);
    (harness, link)
}

fn apply_answer(harness: &mut Harness, link: LinkId) {
    let out = harness.take_outputs();
    let asked = ops(&out).into_iter().rev().find_map(|(_, op)| match op {
        LinkOp::AcceptAnswer { .. } => token(op),
        _ => None,
    });
    let token = asked.expect("the answer is to be applied");
    harness.report(link, LinkReport::AnswerApplied { token });
}

fn restarts(out: &[Output]) -> usize {
    let ops = ops(out).into_iter();
    ops.filter(|(_, op)| **op == LinkOp::RestartIce).count()
}

fn used(out: &[Output]) -> Vec<&str> {
    let used = out.iter().filter_map(|output| match output {
        Output::UseIceServers(servers) => servers[0].username.as_deref(),
        _ => None,
    });
    used.collect()
}

#[test]
fn servers_of_the_welcome_are_there_before_links_are_opened() {
    let (mut harness, _) = started();
    harness.event(welcome_with(&["you", "they"], offered("ann")));
    let out = harness.take_outputs();
    let at = |wanted: fn(&Output) -> bool| out.iter().position(wanted).expect("it is there");
    let given = at(|output| matches!(output, Output::UseIceServers(_)));
    let opened = at(|output| {
        matches!(
            output,
            Output::Link {
                op: LinkOp::Open(_),
                ..
            }
        )
    });
    assert!(given < opened);
}

#[test]
fn renewed_servers_are_used_and_no_link_is_restarted() {
    let (mut harness, link) = answered(offered("ann"));
    harness.transport(link, Transport::Connected);
    harness.take_outputs();
    harness.event(Event::IceServers(offered("ann-2")));
    harness.wait(5_000);
    let out = harness.take_outputs();
    assert_eq!((used(&out), restarts(&out)), (vec!["ann-2"], 0));
    harness.event(Event::IceServers(IceServers::default()));
    assert!(used(&harness.take_outputs()).is_empty());
}

#[test]
fn first_link_that_finds_no_route_restarts_ice_with_the_servers_once() {
    let (mut harness, _) = answered(offered("ann"));
    harness.wait(900);
    assert_eq!(restarts(&harness.take_outputs()), 0);
    harness.wait(200);
    assert_eq!(restarts(&harness.take_outputs()), 1);
    harness.wait(8_000);
    assert_eq!(restarts(&harness.take_outputs()), 0);
}

#[test]
fn first_link_that_finds_a_route_is_not_restarted() {
    let (mut harness, link) = answered(offered("ann"));
    harness.transport(link, Transport::Connecting);
    harness.wait(500);
    harness.transport(link, Transport::Connected);
    harness.wait(5_000);
    assert_eq!(restarts(&harness.take_outputs()), 0);
}

#[test]
fn without_servers_nothing_is_restarted() {
    let (mut harness, _) = answered(IceServers::default());
    harness.wait(5_000);
    let out = harness.take_outputs();
    assert_eq!((used(&out).len(), restarts(&out)), (0, 0));
}

#[test]
fn restart_waits_while_the_server_cannot_be_reached() {
    let (mut harness, _) = answered(offered("ann"));
    harness.lose_socket();
    harness.wait(3_000);
    assert_eq!(restarts(&harness.take_outputs()), 0);
}

#[test]
fn link_that_answers_has_the_servers_from_the_start() {
    let (mut harness, _) = started();
    harness.event(welcome_with(&[], offered("ann")));
    harness.event(Event::Joined(peer("you")));
    harness.accept_offer_from("you", "100");
    harness.input(Input::Timeout);
    harness.wait(5_000);
    assert_eq!(restarts(&harness.take_outputs()), 0);
}
