//! Our own dialect, both halves of it.

use videocalls_protocol::rooms::{Incoming, Rooms, close, read_request, write_event};
use videocalls_protocol::{
    Candidate, Dialect, DisplayName, EncodeError, Event, Join, LeaveReason, MediaState, Peer,
    Refusal, Request, RoomName, Signal, TrackState, Verdict, Welcome,
};

use super::json;
use super::subject::{SDP, Subject, from, one_each, signals};

pub(crate) const SUBJECT: Subject = Subject {
    name: "rooms",
    client: || Box::new(Rooms),
    other: || Box::new(Rooms),
    me: "me",
    you: "other",
    frames: || one_each(frames()),
    unknown: &[r#"{"type":"hologram","seq":9}"#],
    pass_on,
    carried: Some,
    echoes: false,
    requests,
    unsayable,
    closings: &[
        (1000, Verdict::Backoff),
        (1006, Verdict::Backoff),
        (1009, Verdict::Terminal(Refusal::BadRequest)),
        (close::SHUTDOWN, Verdict::Backoff),
        (close::SLOW_CONSUMER, Verdict::Backoff),
        (close::STATE_LOST, Verdict::RejoinFresh),
        (close::ROOM_FULL, Verdict::Terminal(Refusal::RoomFull)),
        (close::BAD_TOKEN, Verdict::Terminal(Refusal::Forbidden)),
        (4499, Verdict::Backoff),
        (4999, Verdict::Terminal(Refusal::BadRequest)),
    ],
    heads: &[("", '{')],
    bare: &[],
    lasting: std::convert::identity,
};

/// What our server does with a signal of `me`, by the codec's own other half.
fn pass_on(frame: &str) -> String {
    match read_request(frame) {
        Ok(Incoming::Request(Request::Signal {
            to: Some(to),
            signal,
        })) => {
            assert_eq!(to, from("other"));
            let from = from("me");
            write_event(&Event::Signal { from, signal }, Some(1))
        }
        read => panic!("{frame} is read as {read:?}"),
    }
}

fn peer(id: &str, name: Option<&str>) -> Peer {
    Peer {
        id: from(id),
        name: name.and_then(|name| DisplayName::new(name).ok()),
        media: MediaState {
            audio: TrackState::Muted,
            video: TrackState::Live,
        },
    }
}

fn frames() -> Vec<(&'static str, Event)> {
    let bare = Peer {
        media: MediaState::LIVE,
        ..peer("other", None)
    };
    vec![
        (
            r#"{"type":"welcome","v":1,"id":"me","participants":[{"id":"other","name":"Zoë 🎥","audio":"muted","video":"live"}],"resume":"r","epoch":"e","seq":7,"ping":10000}"#,
            Event::Welcome(Welcome {
                id: from("me"),
                peers: vec![peer("other", Some("Zoë 🎥"))],
                resume: Some("r".into()),
                epoch: Some("e".into()),
                seq: Some(7),
                ping_interval: Some(10_000),
                keep_alive: None,
            }),
        ),
        (
            r#"{"type":"joined","id":"other","name":"会議","audio":"muted","video":"live","seq":1}"#,
            Event::Joined(peer("other", Some("会議"))),
        ),
        (
            r#"{"type":"joined","id":"other","name":"\u202e"}"#,
            Event::Joined(bare),
        ),
        (
            r#"{"type":"left","id":"other","reason":"kicked"}"#,
            Event::Left {
                id: from("other"),
                reason: LeaveReason::Kicked,
            },
        ),
        (
            r#"{"type":"left","id":"other","reason":"of a later version"}"#,
            Event::Left {
                id: from("other"),
                reason: LeaveReason::Lost,
            },
        ),
        (
            r#"{"type":"signal","from":"other","offer":3,"description":{"type":"answer","sdp":"v=0\r\n"}}"#,
            Event::Signal {
                from: from("other"),
                signal: Signal::Answer {
                    id: Some(3),
                    sdp: "v=0\r\n".into(),
                },
            },
        ),
        (
            r#"{"type":"signal","from":"other","candidate":{"candidate":"","sdpMid":null,"sdpMLineIndex":null,"usernameFragment":"u"}}"#,
            Event::Signal {
                from: from("other"),
                signal: Signal::Candidate(Candidate {
                    username_fragment: Some("u".into()),
                    ..Candidate::default()
                }),
            },
        ),
        (
            r#"{"type":"media","from":"other","audio":"hologram","video":"permission-denied"}"#,
            Event::Media {
                from: from("other"),
                media: MediaState {
                    audio: TrackState::Unavailable,
                    video: TrackState::PermissionDenied,
                },
            },
        ),
        (r#"{"type":"ping"}"#, Event::Ping),
        (
            r#"{"type":"refused","code":"room-full"}"#,
            Event::Refused(Refusal::RoomFull),
        ),
        (
            r#"{"type":"refused","code":"new"}"#,
            Event::Refused(Refusal::BadRequest),
        ),
        (
            r#"{"type":"rejected","code":"x"}"#,
            Event::Rejected { code: "x".into() },
        ),
    ]
}

fn join() -> Join {
    Join {
        room: RoomName::new("Straße_7").ok(),
        name: DisplayName::new("Zoë \"🎥\" \\").ok(),
        token: Some("t".into()),
        resume: None,
        media: MediaState::PENDING,
    }
}

fn requests() -> Vec<(Request, Vec<&'static str>)> {
    let offer = Signal::Offer {
        id: Some(4),
        sdp: "v=0\r\n".into(),
    };
    vec![
        (
            Request::Join(join()),
            vec![
                r#"{"type":"join","v":1,"room":"Straße_7","name":"Zoë \"🎥\" \\","token":"t","audio":"pending","video":"pending"}"#,
            ],
        ),
        (
            Request::Signal {
                to: Some(from("other")),
                signal: offer,
            },
            vec![
                r#"{"type":"signal","to":"other","offer":4,"description":{"type":"offer","sdp":"v=0\r\n"}}"#,
            ],
        ),
        (
            Request::Media(MediaState::LIVE),
            vec![r#"{"type":"media","audio":"live","video":"live"}"#],
        ),
        (Request::Pong, vec![r#"{"type":"pong"}"#]),
        (Request::Bye, vec![r#"{"type":"bye"}"#]),
    ]
}

fn unsayable() -> Vec<(Request, EncodeError)> {
    let sdp = SDP.to_owned();
    let signal = Signal::Offer { id: None, sdp };
    let nowhere = Join {
        room: None,
        ..join()
    };
    vec![
        (
            Request::Signal { to: None, signal },
            EncodeError::AddresseeMissing,
        ),
        (Request::Join(nowhere), EncodeError::RoomMissing),
    ]
}

#[test]
fn what_a_client_writes_our_server_reads() {
    let mut requests: Vec<_> = requests().into_iter().map(|(request, _)| request).collect();
    let to = || Some(from("other"));
    requests.extend(
        signals()
            .into_iter()
            .map(|signal| Request::Signal { to: to(), signal }),
    );
    requests.push(Request::Join(Join {
        resume: Some("\u{7f}".into()),
        name: None,
        ..join()
    }));
    for request in requests {
        let frames = Rooms.encode(&request).unwrap();
        for alike in [
            json::python(&frames[0]),
            json::backwards(&frames[0]),
            frames[0].clone(),
        ] {
            assert_eq!(
                read_request(&alike),
                Ok(Incoming::Request(request.clone())),
                "{alike}"
            );
        }
    }
}

#[test]
fn what_our_server_writes_a_client_reads() {
    let mut events: Vec<_> = frames().into_iter().map(|(_, event)| event).collect();
    let signals = signals().into_iter();
    events.extend(signals.map(|signal| Event::Signal {
        from: from("other"),
        signal,
    }));
    events.extend(
        [
            Refusal::InvalidRoom,
            Refusal::InvalidName,
            Refusal::Forbidden,
            Refusal::TokenExpired,
            Refusal::Kicked,
            Refusal::Replaced,
            Refusal::VersionNotSupported,
        ]
        .map(Event::Refused),
    );
    for event in events {
        for seq in [None, Some(7)] {
            let frame = write_event(&event, seq);
            json::no_field_twice(&frame);
            assert_eq!(Rooms.decode(&frame), Ok(event.clone().into()), "{frame}");
            if let Some(seq) = seq {
                assert_eq!(json::value(&frame)["seq"], seq);
            }
        }
    }
}

#[test]
fn a_join_that_cannot_be_is_refused_with_the_reason() {
    for (frame, refusal) in [
        (
            r#"{"type":"join","room":"a"}"#,
            Refusal::VersionNotSupported,
        ),
        (
            r#"{"type":"join","v":2,"room":"a"}"#,
            Refusal::VersionNotSupported,
        ),
        (
            r#"{"type":"join","v":"1","room":"a"}"#,
            Refusal::VersionNotSupported,
        ),
        (r#"{"type":"join","v":1}"#, Refusal::InvalidRoom),
        (
            r#"{"type":"join","v":1,"room":["a"]}"#,
            Refusal::InvalidRoom,
        ),
        (
            r#"{"type":"join","v":1,"room":"a/b"}"#,
            Refusal::InvalidRoom,
        ),
        (
            r#"{"type":"join","v":1,"room":"a","name":" "}"#,
            Refusal::InvalidName,
        ),
        (
            r#"{"type":"join","v":1,"room":"a","name":"\u202egnp"}"#,
            Refusal::InvalidName,
        ),
    ] {
        assert_eq!(
            read_request(frame),
            Ok(Incoming::Refuse(refusal)),
            "{frame}"
        );
    }
}

#[test]
fn a_frame_of_a_client_that_cannot_be_read_never_panics() {
    for (request, _) in requests() {
        let frame = Rooms.encode(&request).unwrap().remove(0);
        for end in (0..frame.len()).filter(|&end| frame.is_char_boundary(end)) {
            assert!(read_request(&frame[..end]).is_err(), "{}", &frame[..end]);
        }
    }
    for frame in [
        r#"{"type":"signal","to":"","candidate":{"candidate":"c"}}"#,
        r#"{"type":"signal","to":"a"}"#,
        r#"{"type":"signal","to":"a","description":{"type":"pranswer","sdp":""}}"#,
        r#"{"type":"signal","to":"a","description":{"type":"offer","sdp":7}}"#,
        r#"{"type":"signal","to":"a","candidate":{}}"#,
    ] {
        assert!(read_request(frame).is_err(), "{frame}");
    }
    let unknown = r#"{"type":"dance"}"#;
    let bytes = unknown.len();
    assert_eq!(read_request(unknown), Ok(Incoming::Unknown { bytes }));
}
