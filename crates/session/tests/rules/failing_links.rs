//! Peers with whom no link comes about: there is no network path, or what they send is unusable.

use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::{
    Capabilities, Dialect, Event, ParticipantId, Request, Signal, TrackSources,
};
use videocalls_session::{
    CallState, LinkId, LinkOp, LinkReport, LinkRole, Notice, Output, Problem, Transport,
};

use crate::harness::{Harness, offer, peer, sdp, started, token, welcome};

/// What happens once a link and its peer have exchanged descriptions.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    /// It stays in `connecting`.
    Nothing,
    /// ICE fails at once.
    Fails,
    /// It connects.
    Connects,
    /// It connects, and the peer sends an offer that the browser refuses.
    ConnectsAndIsRefused,
}

/// A session in a call with `b`, who answers each offer at once.
struct Call {
    harness: Harness,
    then: Then,
    answers: bool,
    /// How many connections `b` has had.
    connections: u64,
    problems: Vec<(Problem, Option<ParticipantId>)>,
    /// How many links were opened to offer on.
    offered: usize,
}

impl Call {
    fn new(capabilities: Capabilities, me: &str, then: Then) -> Self {
        let mut harness = started(capabilities);
        if capabilities.offerer == videocalls_protocol::Offerer::Newcomer {
            harness.event(welcome(me, &["b"], None));
        }
        Self {
            harness,
            then,
            answers: true,
            connections: 1_000,
            problems: Vec::new(),
            offered: 0,
        }
    }

    fn in_room(me: &str, then: Then) -> Self {
        Self::new(Rooms::default().capabilities(), me, then)
    }

    /// Lets time pass, and does what the browser and the peer would do.
    fn wait(&mut self, millis: u64) {
        let until = self.harness.now + millis;
        while self.harness.now < until {
            self.react();
            self.harness.wait(100);
        }
        self.react();
    }

    fn react(&mut self) {
        // A loop without a pause would go on for ever.
        for _ in 0..200 {
            let outputs = self.harness.take_outputs();
            if outputs.is_empty() {
                return;
            }
            outputs.into_iter().for_each(|it| self.react_to(it));
        }
        panic!("the session goes on without a pause");
    }

    fn react_to(&mut self, output: Output) {
        match output {
            Output::Link { link, op } => self.carry_out(link, &op),
            Output::Send(Request::Signal { signal, .. }) => self.deliver(&signal),
            Output::Send(Request::Ping) => self.harness.event(Event::Pong),
            Output::Notify(Notice::Problem {
                problem,
                participant,
            }) => self.problems.push((problem, participant)),
            _ => {}
        }
    }

    fn carry_out(&mut self, link: LinkId, op: &LinkOp) {
        if *op == LinkOp::Open(LinkRole::Offerer) {
            self.offered += 1;
        }
        let Some(token) = token(op) else {
            return;
        };

        match op {
            LinkOp::AcceptOffer { sdp, .. } if sdp.contains("a=refused") => {
                self.harness.report(link, LinkReport::Failed { token });
            }
            LinkOp::AcceptAnswer { .. } => {
                self.harness
                    .report(link, LinkReport::AnswerApplied { token });
                self.agreed(link);
            }
            _ => {
                let sdp = sdp("5", u64::from(self.offered as u32) + 2);
                self.harness.report(
                    link,
                    LinkReport::DescriptionCreated {
                        token,
                        sdp,
                        sources: TrackSources::default(),
                    },
                );
            }
        }
    }

    fn deliver(&mut self, signal: &Signal) {
        if let (Signal::Offer { id, .. }, true) = (signal, self.answers) {
            self.connections += 1;
            let connection = self.connections.to_string();
            let (id, sdp) = (*id, sdp(&connection, 1));
            self.harness.signal_from(
                "b",
                Signal::Answer {
                    id,
                    sdp,
                    sources: TrackSources::default(),
                },
            );
        }
    }

    fn agreed(&mut self, link: LinkId) {
        let transport = match self.then {
            Then::Nothing => Transport::Connecting,
            Then::Fails => Transport::Failed,
            Then::Connects | Then::ConnectsAndIsRefused => Transport::Connected,
        };
        self.harness.transport(link, transport);
        if self.then == Then::ConnectsAndIsRefused {
            let sdp = sdp(&self.connections.to_string(), 2) + "a=refused\r\n";
            self.harness.signal_from(
                "b",
                Signal::Offer {
                    id: Some(7),
                    sdp,
                    sources: TrackSources::default(),
                },
            );
        }
    }

    fn no_routes(&self) -> usize {
        let named = (Problem::NoRoute, Some(ParticipantId::new("b")));
        self.problems.iter().filter(|it| **it == named).count()
    }
}

#[test]
fn missing_network_path_is_reported_within_15_seconds_and_once() {
    for me in ["a", "c"] {
        for then in [Then::Nothing, Then::Fails] {
            let mut call = Call::in_room(me, then);
            call.wait(15_000);
            assert_eq!(call.no_routes(), 1, "{me}");
            call.wait(600_000);
            assert_eq!(call.no_routes(), 1, "{me}");
            assert_eq!(call.harness.participants(), ["b"]);
        }
    }
}

#[test]
fn link_without_network_path_is_retried_slowly() {
    for me in ["a", "c"] {
        for then in [Then::Nothing, Then::Fails] {
            let mut call = Call::in_room(me, then);
            call.wait(15_000);
            let before = call.offered;
            assert!(before <= 4, "{me}: {before} in 15 s");
            call.wait(600_000);
            let retries = call.offered - before;
            assert!((5..=20).contains(&retries), "{me}: {retries} in 10 minutes");
        }
    }
}

#[test]
fn network_path_that_is_found_later_is_used() {
    let mut call = Call::in_room("a", Then::Nothing);
    call.wait(120_000);
    call.then = Then::Connects;
    call.wait(70_000);
    let view = &call.harness.session.snapshot().participants[0];
    assert_eq!(view.connection, videocalls_session::Connection::Connected);
}

#[test]
fn each_outage_is_reported() {
    let mut call = Call::in_room("a", Then::Nothing);
    call.wait(15_000);
    call.then = Then::Connects;
    call.wait(70_000);
    assert_eq!(call.no_routes(), 1);
    call.then = Then::Nothing;
    let link = call.harness.session.link_of(&ParticipantId::new("b"));
    let link = link.expect("there is a link");
    call.harness.transport(link, Transport::Failed);
    call.wait(60_000);
    assert_eq!(call.no_routes(), 2);
}

#[test]
fn peer_that_does_not_answer_is_not_reported_as_without_route() {
    let mut call = Call::in_room("a", Then::Nothing);
    call.answers = false;
    call.wait(120_000);
    assert_eq!(call.problems, []);
}

/// The network is gone for us, and the server is, too.
#[test]
fn missing_network_path_is_not_reported_while_the_server_is_silent() {
    let mut harness = Harness::in_room("a", &[]);
    harness.event(Event::Joined(peer("b")));
    harness.accept_offer_from("b", "100");
    harness.wait(600_000);
    let outputs = harness.take_outputs();
    let is_problem = |it: &Output| matches!(it, Output::Notify(Notice::Problem { .. }));
    assert!(!outputs.iter().any(is_problem), "{outputs:?}");
}

#[test]
fn slow_network_path_is_not_reported() {
    let mut call = Call::in_room("a", Then::Nothing);
    call.wait(6_000);
    let link = call.harness.session.link_of(&ParticipantId::new("b"));
    call.harness
        .transport(link.expect("there is a link"), Transport::Connected);
    call.wait(60_000);
    assert_eq!(call.problems, []);
}

#[test]
fn missing_network_path_is_reported_once_on_a_relay_as_well() {
    for then in [Then::Nothing, Then::Fails] {
        let mut call = Call::new(Capabilities::MINIMAL, "me", then);
        call.wait(15_000);
        assert_eq!(call.no_routes(), 1);
        let before = call.offered;
        call.wait(600_000);
        assert_eq!(call.no_routes(), 1);
        let retries = call.offered - before;
        assert!((5..=25).contains(&retries), "{retries} in 10 minutes");
    }
}

#[test]
fn answering_end_reports_a_missing_network_path_as_well() {
    let mut harness = Harness::in_room("a", &[]);
    harness.event(Event::Joined(peer("b")));
    harness.accept_offer_from("b", "100");
    harness.wait(10_000);
    harness.event(Event::Pong);
    let outputs = harness.take_outputs();
    let reported = Output::Notify(Notice::Problem {
        problem: Problem::NoRoute,
        participant: Some(ParticipantId::new("b")),
    });
    assert!(outputs.contains(&reported), "{outputs:?}");
}

/// The impolite end replaces the link just when our own timer expires.
#[test]
fn missing_network_path_is_reported_if_the_peer_replaces_the_link_first() {
    let mut harness = Harness::in_room("c", &[]);
    harness.event(Event::Joined(peer("b")));
    harness.accept_offer_from("b", "100");
    harness.wait(9_900);
    harness.accept_offer_from("b", "200");
    harness.event(Event::Pong);
    let outputs = harness.take_outputs();
    let reported = Output::Notify(Notice::Problem {
        problem: Problem::NoRoute,
        participant: Some(ParticipantId::new("b")),
    });
    assert!(outputs.contains(&reported), "{outputs:?}");
}

#[test]
fn peer_whose_offers_are_refused_is_retried_slowly_and_named() {
    let mut call = Call::in_room("a", Then::ConnectsAndIsRefused);
    call.wait(600_000);
    assert!((5..=25).contains(&call.offered), "{} links", call.offered);
    let named = (Problem::NegotiationFailed, Some(ParticipantId::new("b")));
    assert!(call.problems.iter().all(|it| *it == named));
    assert!(call.problems.len() <= call.offered);
    let state = call.harness.session.snapshot().state;
    assert_eq!(state, CallState::Connected);
}

#[test]
fn peer_whose_descriptions_are_unreadable_loses_its_link_and_is_named() {
    for sdp in ["", "v=0\r\n", "o=-\r\n", "o=- x y z\r\n", "\u{0}"] {
        for is_offer in [true, false] {
            let mut call = Call::in_room("a", Then::Connects);
            call.wait(5_000);
            let id = ParticipantId::new("b");
            let link = call.harness.session.link_of(&id).expect("it is connected");
            let (number, sdp) = (Some(9), sdp.to_owned());
            call.harness.signal_from(
                "b",
                match is_offer {
                    true => Signal::Offer {
                        id: number,
                        sdp,
                        sources: TrackSources::default(),
                    },
                    false => Signal::Answer {
                        id: number,
                        sdp,
                        sources: TrackSources::default(),
                    },
                },
            );
            call.wait(1_000);
            let named = (Problem::NegotiationFailed, Some(id.clone()));
            assert_eq!(call.problems, [named]);
            let new = call.harness.session.link_of(&id);
            assert!(new.is_some() && new != Some(link), "it is replaced");
            assert_eq!(call.harness.participants(), ["b"]);
        }
    }
}

#[test]
fn flood_of_unreadable_descriptions_costs_only_the_sender_its_link() {
    let mut call = Call::in_room("a", Then::Connects);
    call.harness.event(Event::Joined(peer("d")));
    call.harness.accept_offer_from("d", "200");
    let healthy = call.harness.session.link_of(&ParticipantId::new("d"));
    call.harness
        .transport(healthy.expect("there is a link"), Transport::Connected);
    for _ in 0..6_000 {
        let sdp = String::new();
        call.harness.signal_from(
            "b",
            Signal::Offer {
                id: Some(9),
                sdp,
                sources: TrackSources::default(),
            },
        );
        call.wait(100);
    }
    let healthy_now = call.harness.session.link_of(&ParticipantId::new("d"));
    assert_eq!(healthy_now, healthy);
    assert!((4..=25).contains(&call.offered), "{} links", call.offered);
    assert!(call.problems.len() <= 25, "{}", call.problems.len());
    let state = call.harness.session.snapshot().state;
    assert_eq!(state, CallState::Connected);
}

/// The peer has an offer or answer for us on one link after the other.
#[test]
fn replaced_track_of_a_peer_is_passed_on_each_time() {
    let mut harness = Harness::in_room("a", &[]);
    harness.event(Event::Joined(peer("b")));
    let link = harness.accept_offer_from("b", "100");
    harness.transport(link, Transport::Connected);
    harness.take_outputs();
    // Camera, screen, camera: each time a section becomes inactive and another is added or reused.
    for version in 2..6 {
        harness.signal_from("b", offer("100", version));
        let outputs = harness.take_outputs();
        let accepts = |it: &Output| matches!(it, Output::Link { link: on, op: LinkOp::AcceptOffer { .. } } if *on == link);
        assert!(outputs.iter().any(accepts), "{version}");
        assert_eq!(harness.create_description_for(&outputs), link);
        harness.report(link, LinkReport::TracksChanged(Vec::new()));
        let outputs = harness.take_outputs();
        let answers = |it: &Output| {
            let Output::Send(Request::Signal { signal, .. }) = it else {
                return false;
            };
            matches!(signal, Signal::Answer { .. })
        };
        assert!(outputs.iter().any(answers), "{version}");
        let changed = |it: &Output| matches!(it, Output::Notify(Notice::ParticipantChanged(_)));
        assert!(outputs.iter().any(changed), "{version}");
    }
}
