//! Peers whose `o=` line does not identify their connection: it is always the same, or new in each
//! description. Their certificate's fingerprint does.

use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::socketio_rooms::SocketIoRooms;
use videocalls_protocol::{Capabilities, Dialect, Event, LeaveReason, Signal, TrackSources};
use videocalls_session::{LinkId, LinkOp, LinkReport, Output, Transport};

use crate::harness::{Harness, left, ops, peer, started, token, welcome};

/// A description, as peers write them that do not follow JSEP.
#[derive(Clone, Copy)]
struct Description {
    /// The session id and the version of the `o=` line.
    origin: &'static str,
    fingerprint: &'static str,
    ufrag: &'static str,
    direction: &'static str,
}

const FIRST: Description = Description {
    origin: "0 0",
    fingerprint: "AA:AA",
    ufrag: "one",
    direction: "sendrecv",
};

impl Description {
    fn sdp(self) -> String {
        let Self {
            origin,
            fingerprint,
            ufrag,
            direction,
        } = self;
        format!(
            "v=0\r\no=- {origin} IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n\
             a=fingerprint:sha-256 {fingerprint}\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n\
             a=mid:0\r\na=ice-ufrag:{ufrag}\r\na={direction}\r\n"
        )
    }

    fn offer(self, id: Option<u32>) -> Signal {
        let sdp = self.sdp();
        Signal::Offer {
            id,
            sdp,
            sources: TrackSources::default(),
        }
    }

    fn answer(self) -> Signal {
        let sdp = self.sdp();
        Signal::Answer {
            id: None,
            sdp,
            sources: TrackSources::default(),
        }
    }
}

/// The `o=` lines of a peer's first, second and third description.
const ORIGINS: [[&str; 3]; 4] = [
    ["0 0", "0 0", "0 0"],
    ["1 1", "1 1", "1 1"],
    ["77001 5", "77001 5", "77001 5"],
    ["77001 5", "33102 5", "99203 5"],
];

/// Dialects with and without offer numbers.
fn dialects() -> [(Capabilities, bool); 2] {
    [
        (Rooms::default().capabilities(), true),
        (SocketIoRooms::new().capabilities(), false),
    ]
}

fn in_room(capabilities: Capabilities) -> Harness {
    let mut harness = started(capabilities);
    harness.create_description();
    harness.event(welcome("a", &[], None));
    harness
}

/// Accepts the peer's first offer, and connects.
fn linked(capabilities: Capabilities, first: Description, id: Option<u32>) -> (Harness, LinkId) {
    let mut harness = in_room(capabilities);
    harness.event(Event::Joined(peer("b")));
    harness.wait(5_000);
    harness.signal_from("b", first.offer(id));
    let link = harness.create_description();
    harness.transport(link, Transport::Connected);
    harness.take_outputs();
    (harness, link)
}

/// The link that an offer is accepted on, if any.
fn accepted(outputs: &[Output]) -> Option<LinkId> {
    let ops = ops(outputs).into_iter();
    let mut accepted = ops.filter(|(_, op)| matches!(op, LinkOp::AcceptOffer { .. }));
    accepted.next_back().map(|(link, _)| link)
}

fn number(numbered: bool, number: u32) -> Option<u32> {
    numbered.then_some(number)
}

#[test]
fn renegotiation_is_answered_on_the_same_link_whatever_the_origin() {
    for (capabilities, numbered) in dialects() {
        for origins in ORIGINS {
            let first = Description {
                origin: origins[0],
                ..FIRST
            };
            let (mut harness, link) = linked(capabilities, first, number(numbered, 1));
            for (index, direction) in [(1, "inactive"), (2, "sendonly")] {
                let next = Description {
                    origin: origins[index],
                    direction,
                    ..FIRST
                };
                let id = number(numbered, index as u32 + 1);
                harness.signal_from("b", next.offer(id));
                let outputs = harness.take_outputs();
                assert_eq!(accepted(&outputs), Some(link), "{origins:?} {index}");
                assert_eq!(harness.create_description_for(&outputs), link);
            }
        }
    }
}

#[test]
fn repeated_offer_is_accepted_once_whatever_the_origin() {
    for origins in ORIGINS {
        let first = Description {
            origin: origins[0],
            ..FIRST
        };
        let (mut harness, _) = linked(SocketIoRooms::new().capabilities(), first, None);
        harness.signal_from("b", first.offer(None));
        assert_eq!(harness.take_outputs(), [], "{origins:?}");
    }
}

#[test]
fn new_connection_with_the_same_origin_replaces_the_old_link() {
    for (capabilities, numbered) in dialects() {
        for origin in ["0 0", "1 1", "77001 5"] {
            let first = Description { origin, ..FIRST };
            let (mut harness, link) = linked(capabilities, first, number(numbered, 1));
            let next = Description {
                fingerprint: "BB:BB",
                ufrag: "two",
                ..first
            };
            harness.signal_from("b", next.offer(number(numbered, 2)));
            let accepted = accepted(&harness.take_outputs());
            assert!(accepted.is_some() && accepted != Some(link), "{origin}");
        }
    }
}

#[test]
fn participant_who_rejoins_with_the_same_origin_is_answered() {
    for (capabilities, numbered) in dialects() {
        for origin in ["0 0", "1 1", "77001 5"] {
            let first = Description { origin, ..FIRST };
            let (mut harness, _) = linked(capabilities, first, number(numbered, 1));
            harness.event(left("b", LeaveReason::Bye));
            harness.event(Event::Joined(peer("b")));
            harness.wait(5_000);
            harness.take_outputs();
            let next = Description {
                fingerprint: "BB:BB",
                ufrag: "two",
                ..first
            };
            harness.signal_from("b", next.offer(number(numbered, 1)));
            assert!(accepted(&harness.take_outputs()).is_some(), "{origin}");
        }
    }
}

#[test]
fn participant_is_answered_after_another_with_the_same_origin_has_left() {
    for (capabilities, numbered) in dialects() {
        // A bot may even share its certificate among all its connections.
        for fingerprint in ["AA:AA", "BB:BB"] {
            let (mut harness, _) = linked(capabilities, FIRST, number(numbered, 1));
            harness.event(left("b", LeaveReason::Bye));
            harness.event(Event::Joined(peer("c")));
            harness.wait(5_000);
            harness.take_outputs();
            let theirs = Description {
                fingerprint,
                ufrag: "two",
                ..FIRST
            };
            harness.signal_from("c", theirs.offer(number(numbered, 1)));
            assert!(accepted(&harness.take_outputs()).is_some(), "{fingerprint}");
        }
    }
}

#[test]
fn bot_with_one_certificate_is_answered_when_it_rejoins() {
    for (capabilities, numbered) in dialects() {
        for origins in ORIGINS {
            let first = Description {
                origin: origins[0],
                ..FIRST
            };
            let (mut harness, _) = linked(capabilities, first, number(numbered, 1));
            harness.event(left("b", LeaveReason::Bye));
            harness.event(Event::Joined(peer("b")));
            harness.wait(5_000);
            harness.take_outputs();
            let next = Description {
                origin: origins[1],
                ufrag: "two",
                ..FIRST
            };
            harness.signal_from("b", next.offer(number(numbered, 1)));
            assert!(accepted(&harness.take_outputs()).is_some(), "{origins:?}");
        }
    }
}

#[test]
fn late_offer_of_a_closed_connection_is_ignored() {
    for (capabilities, numbered) in dialects() {
        for origins in ORIGINS {
            let first = Description {
                origin: origins[0],
                ..FIRST
            };
            let (mut harness, _) = linked(capabilities, first, number(numbered, 1));
            let next = Description {
                origin: origins[1],
                fingerprint: "BB:BB",
                ufrag: "two",
                ..FIRST
            };
            harness.signal_from("b", next.offer(number(numbered, 2)));
            harness.create_description();
            harness.take_outputs();
            let late = Description {
                direction: "inactive",
                ..first
            };
            harness.signal_from("b", late.offer(number(numbered, 3)));
            assert_eq!(accepted(&harness.take_outputs()), None, "{origins:?}");
        }
    }
}

#[test]
fn answer_to_our_second_offer_is_accepted_whatever_the_origin() {
    for origins in ORIGINS {
        let first = Description {
            origin: origins[0],
            ..FIRST
        };
        let (mut harness, link) = linked(SocketIoRooms::new().capabilities(), first, None);
        for (index, direction) in [(1, "recvonly"), (2, "inactive")] {
            harness.report(link, LinkReport::NegotiationNeeded);
            harness.create_description();
            harness.take_outputs();
            let answer = Description {
                origin: origins[index],
                direction,
                ..FIRST
            };
            harness.signal_from("b", answer.answer());
            let outputs = harness.take_outputs();
            let [(accepting, op @ LinkOp::AcceptAnswer { .. })] = ops(&outputs)[..] else {
                panic!("the answer is accepted: {origins:?} {outputs:?}");
            };
            assert_eq!(accepting, link);
            let token = token(op).expect("it has a token");
            harness.report(link, LinkReport::AnswerApplied { token });
        }
    }
}

/// Peers write an identical answer to each of our offers if nothing changes for them.
#[test]
fn identical_answer_with_a_placeholder_origin_is_accepted_each_time() {
    for origin in ["0 0", "1 1"] {
        let first = Description { origin, ..FIRST };
        let (mut harness, link) = linked(SocketIoRooms::new().capabilities(), first, None);
        for _ in 0..3 {
            harness.report(link, LinkReport::NegotiationNeeded);
            harness.create_description();
            harness.take_outputs();
            harness.signal_from("b", first.answer());
            let outputs = harness.take_outputs();
            let token = ops(&outputs).iter().find_map(|(_, op)| token(op));
            let token = token.expect("the answer is accepted");
            harness.report(link, LinkReport::AnswerApplied { token });
        }
    }
}

#[test]
fn latest_of_two_deferred_offers_is_accepted_whatever_the_origin() {
    for (capabilities, numbered) in dialects() {
        for origins in ORIGINS {
            let [first, second, third] =
                [(0, "sendrecv"), (1, "sendonly"), (2, "inactive")].map(|(index, direction)| {
                    Description {
                        origin: origins[index],
                        direction,
                        ..FIRST
                    }
                });
            let (mut harness, link) = linked(capabilities, first, number(numbered, 1));
            harness.signal_from("b", second.offer(number(numbered, 2)));
            let outputs = harness.take_outputs();
            // The browser is still creating the answer.
            let fourth = Description {
                direction: "recvonly",
                ..third
            };
            harness.signal_from("b", third.offer(number(numbered, 3)));
            harness.signal_from("b", fourth.offer(number(numbered, 4)));
            assert_eq!(harness.create_description_for(&outputs), link);
            let outputs = harness.take_outputs();
            let accepts = |it: &Output| {
                matches!(
                    it,
                    Output::Link { op: LinkOp::AcceptOffer { sdp, .. }, .. }
                        if sdp.contains("a=recvonly")
                )
            };
            assert!(outputs.iter().any(accepts), "{origins:?}: {outputs:?}");
        }
    }
}
