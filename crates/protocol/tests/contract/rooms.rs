//! The `rooms` dialect, both halves.

use videocalls_protocol::rooms::{Incoming, Rooms, close, read_request, write_event, write_ping};
use videocalls_protocol::{
    Candidate, CloseAction, Dialect, DisplayName, EncodeError, Event, IceServer, IceServers, Join,
    LeaveReason, MediaState, Peer, Refusal, Request, Resume, RoomName, Signal, Terms, TrackState,
    Welcome,
};

use super::json;
use super::subject::{SDP, Subject, from, one_each, signals};

pub(crate) const SUBJECT: Subject = Subject {
    name: "rooms",
    client: || Box::new(Rooms::default()),
    other: || Box::new(Rooms::default()),
    me: "me",
    you: "other",
    frames: || one_each(frames()),
    unknown: &[r#"{"type":"hologram","seq":9}"#],
    foreign_texts: false,
    candidate_frame: Some(|candidate| {
        format!(r#"{{"type":"signal","from":"other","candidate":{candidate}}}"#)
    }),
    relay,
    carried: Some,
    echoes: false,
    requests,
    unencodable,
    close_actions: &[
        (1000, CloseAction::Backoff),
        (1006, CloseAction::Backoff),
        (1009, CloseAction::Terminal(Refusal::BadRequest)),
        (close::SHUTDOWN, CloseAction::Backoff),
        (close::SLOW_CONSUMER, CloseAction::Backoff),
        (close::STATE_LOST, CloseAction::RejoinFresh),
        (close::ROOM_FULL, CloseAction::Terminal(Refusal::RoomFull)),
        (
            close::INVALID_TOKEN,
            CloseAction::Terminal(Refusal::InvalidToken),
        ),
        (4499, CloseAction::Backoff),
        (4999, CloseAction::Terminal(Refusal::BadRequest)),
    ],
    prefixes: &[("", '{')],
    without_json: &[],
    repeatable: std::convert::identity,
};

/// Relays a signal of `me` with the server's half of the dialect.
fn relay(frame: &str) -> String {
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
        media: MediaState {
            audio: TrackState::Muted,
            video: TrackState::Live,
        },
        ..Peer::new(from(id), name.and_then(|name| DisplayName::new(name).ok()))
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
                resumed: false,
                heard: None,
                resume: Some("r".into()),
                epoch: Some("e".into()),
                seq: Some(7),
                ping_interval: Some(10_000),
                keep_alive: None,
                ice_servers: IceServers::default(),
                terms: Terms::default(),
            }),
        ),
        (
            r#"{"type":"joined","id":"other","name":"会議","audio":"muted","video":"live","seq":1}"#,
            Event::Joined(peer("other", Some("会議"))),
        ),
        (
            r#"{"type":"joined","id":"other","name":"a\u202eb"}"#,
            Event::Joined(bare),
        ),
        (
            r#"{"type":"left","id":"other","reason":"removed"}"#,
            Event::Left {
                id: from("other"),
                reason: LeaveReason::Removed,
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
        (
            r#"{"type":"welcome","v":1,"id":"me","participants":[{"id":"other","audio":"live","video":"live","away":true,"notReceiving":["me","third"]}],"resume":"r","epoch":"e","seq":7}"#,
            Event::Welcome(Welcome {
                id: from("me"),
                peers: vec![Peer {
                    away: true,
                    not_receiving: vec![from("me"), from("third")],
                    ..Peer::new(from("other"), None)
                }],
                resumed: false,
                heard: None,
                resume: Some("r".into()),
                epoch: Some("e".into()),
                seq: Some(7),
                ping_interval: None,
                keep_alive: None,
                ice_servers: IceServers::default(),
                terms: Terms::default(),
            }),
        ),
        (
            r#"{"type":"welcome","v":1,"id":"me","resumed":true,"heard":3,"resume":"r","epoch":"e","seq":7}"#,
            Event::Welcome(Welcome {
                id: from("me"),
                peers: Vec::new(),
                resumed: true,
                heard: Some(3),
                resume: Some("r".into()),
                epoch: Some("e".into()),
                seq: Some(7),
                ping_interval: None,
                keep_alive: None,
                ice_servers: IceServers::default(),
                terms: Terms::default(),
            }),
        ),
        (
            r#"{"type":"away","id":"other"}"#,
            Event::Away(from("other")),
        ),
        (
            r#"{"type":"back","id":"other"}"#,
            Event::Back(from("other")),
        ),
        (
            r#"{"type":"receive-report","from":"other","notReceiving":["third"]}"#,
            Event::ReceiveReport {
                from: from("other"),
                not_receiving: vec![from("third")],
            },
        ),
        (
            r#"{"type":"ice-servers","iceServers":[{"urls":["stun:a","stun:b"]},{"urls":["turn:a"],"username":"u","credential":"c"},{"urls":[]},{"urls":"turn:b"}],"iceLifetime":600}"#,
            Event::IceServers(IceServers {
                servers: vec![
                    IceServer {
                        urls: vec!["stun:a".into(), "stun:b".into()],
                        username: None,
                        credential: None,
                    },
                    IceServer {
                        urls: vec!["turn:a".into()],
                        username: Some("u".into()),
                        credential: Some("c".into()),
                    },
                ],
                lifetime: Some(600),
            }),
        ),
        (r#"{"type":"pong"}"#, Event::Pong),
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
        keeps: Vec::new(),
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
        (
            Request::ReceiveReport(vec![from("other"), from("third")]),
            vec![r#"{"type":"receive-report","notReceiving":["other","third"]}"#],
        ),
        (Request::Pong, vec![r#"{"type":"pong"}"#]),
        (Request::Ping, vec![r#"{"type":"ping"}"#]),
        (Request::Bye, vec![r#"{"type":"bye"}"#]),
        (Request::Unload, vec![r#"{"type":"leaving"}"#]),
    ]
}

fn unencodable() -> Vec<(Request, EncodeError)> {
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
fn server_reads_what_a_client_writes() {
    let mut requests: Vec<_> = requests().into_iter().map(|(request, _)| request).collect();
    let to = || Some(from("other"));
    requests.extend(
        signals()
            .into_iter()
            .map(|signal| Request::Signal { to: to(), signal }),
    );
    requests.push(Request::Join(Join {
        resume: Some(Resume {
            token: "\u{7f}".into(),
            epoch: Some("e".into()),
            seq: Some(1 << 40),
        }),
        name: None,
        ..join()
    }));
    for request in requests {
        let frames = Rooms::default().encode(&request).unwrap();
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
fn client_reads_what_the_server_writes() {
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
            Refusal::Removed,
            Refusal::Replaced,
            Refusal::VersionNotSupported,
        ]
        .map(Event::Refused),
    );
    for event in events {
        for seq in [None, Some(7)] {
            let frame = write_event(&event, seq);
            json::no_field_twice(&frame);
            assert_eq!(
                Rooms::default().decode(&frame),
                Ok(event.clone().into()),
                "{frame}"
            );
            if let Some(seq) = seq {
                assert_eq!(json::value(&frame)["seq"], seq);
            }
        }
    }
}

#[test]
fn invalid_join_is_refused_with_the_reason() {
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
            r#"{"type":"join","v":1,"room":"a","name":"a\u202egnp"}"#,
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

/// Browsers end the candidates with null, and pages pass that on.
#[test]
fn candidate_that_names_none_ends_the_candidates() {
    for candidate in ["null", "{}", r#"{"candidate":null}"#] {
        let frame = format!(r#"{{"type":"signal","to":"a","candidate":{candidate}}}"#);
        let signal = Signal::Candidate(Candidate::default());
        let to = Some(from("a"));
        let request = Request::Signal { to, signal };
        assert_eq!(read_request(&frame), Ok(Incoming::Request(request)));
    }
    let both = r#"{"type":"signal","from":"a","candidate":null,"description":{"type":"offer","sdp":"v=0"}}"#;
    let read = Rooms::default().decode(both).unwrap().events;
    assert!(matches!(
        read[..],
        [Event::Signal {
            signal: Signal::Offer { .. },
            ..
        }]
    ));
}

#[test]
fn display_name_of_a_join_is_normalized() {
    for (name, expected) in [
        (" ", None),
        (r"\u200e", None),
        (r"Ann\u200f", Some("Ann")),
        (r"\u0301 Ann", Some("Ann")),
    ] {
        let frame = format!(r#"{{"type":"join","v":1,"room":"a","name":"{name}"}}"#);
        let Ok(Incoming::Request(Request::Join(join))) = read_request(&frame) else {
            panic!("{frame} is not refused");
        };
        let read = join.name.map(|name| name.to_string());
        assert_eq!(read.as_deref(), expected, "{frame}");
    }
    let long = format!(
        r#"{{"type":"join","v":1,"room":"a","name":"{}"}}"#,
        "x".repeat(65)
    );
    assert!(
        matches!(read_request(&long), Ok(Incoming::Request(Request::Join(join)))
        if join.name == DisplayName::new(&"x".repeat(64)).ok())
    );
}

#[test]
fn unreadable_client_frame_is_an_error() {
    for (request, _) in requests() {
        let frame = Rooms::default().encode(&request).unwrap().remove(0);
        for end in (0..frame.len()).filter(|&end| frame.is_char_boundary(end)) {
            assert!(read_request(&frame[..end]).is_err(), "{}", &frame[..end]);
        }
    }
    for frame in [
        r#"{"type":"signal","to":"","candidate":{"candidate":"c"}}"#,
        r#"{"type":"signal","to":"a"}"#,
        r#"{"type":"signal","to":"a","description":{"type":"pranswer","sdp":""}}"#,
        r#"{"type":"signal","to":"a","description":{"type":"offer","sdp":7}}"#,
    ] {
        assert!(read_request(frame).is_err(), "{frame}");
    }
    let unknown = r#"{"type":"dance"}"#;
    let bytes = unknown.len();
    assert_eq!(read_request(unknown), Ok(Incoming::Unknown { bytes }));
}

/// A client with a seat that has received the events up to number 7.
fn seated() -> Rooms {
    let mut client = Rooms::default();
    client
        .decode(r#"{"type":"welcome","v":1,"id":"me","participants":[],"resume":"r1","epoch":"e","seq":7}"#)
        .unwrap();
    client
}

fn send(client: &mut Rooms, candidate: &str) -> Vec<String> {
    let candidate = Candidate {
        candidate: candidate.into(),
        ..Candidate::default()
    };
    let signal = Signal::Candidate(candidate);
    let to = Some(from("other"));
    client.encode(&Request::Signal { to, signal }).unwrap()
}

fn rejoin(client: &mut Rooms) -> String {
    client.opened();
    client.encode(&Request::Join(join())).unwrap().remove(0)
}

#[test]
fn rejoin_carries_the_resume_token_and_the_last_event_number() {
    let mut client = seated();
    client
        .decode(r#"{"type":"away","seq":8,"id":"other"}"#)
        .unwrap();
    let joining = json::value(&rejoin(&mut client));
    assert_eq!(joining["resume"], "r1");
    assert_eq!(joining["epoch"], "e");
    assert_eq!(joining["seq"], 8);
}

#[test]
fn unacknowledged_messages_are_sent_again_after_resuming() {
    let mut client = seated();
    let sent: Vec<_> = ["a", "b", "c"].map(|it| send(&mut client, it)).concat();
    assert_eq!(sent.len(), 3, "messages are sent at once");
    client.decode(r#"{"type":"ping","heard":1}"#).unwrap();
    rejoin(&mut client);
    assert!(
        send(&mut client, "d").is_empty(),
        "the seat is not confirmed yet"
    );
    let back = client
        .decode(r#"{"type":"welcome","v":1,"id":"me","resumed":true,"heard":2,"resume":"r2","epoch":"e","seq":7}"#)
        .unwrap();
    assert_eq!(back.replies.len(), 2);
    assert_eq!(back.replies[0], sent[2]);
    assert!(back.replies[1].contains(r#""candidate":"d""#));
    assert_eq!(send(&mut client, "e").len(), 1);
}

#[test]
fn nothing_is_sent_again_on_a_fresh_seat() {
    let mut client = seated();
    send(&mut client, "a");
    rejoin(&mut client);
    let welcome =
        r#"{"type":"welcome","v":1,"id":"me","participants":[],"resume":"r2","epoch":"f","seq":0}"#;
    assert!(client.decode(welcome).unwrap().replies.is_empty());
    let joining = json::value(&rejoin(&mut client));
    assert_eq!(
        (joining["resume"].as_str(), joining["seq"].as_u64()),
        (Some("r2"), Some(0))
    );
}

#[test]
fn duplicate_event_is_dropped_and_a_gap_is_reported() {
    let mut client = seated();
    let away = r#"{"type":"away","seq":8,"id":"other"}"#;
    assert_eq!(client.decode(away).unwrap().events.len(), 1);
    assert_eq!(client.decode(away).unwrap().events, []);
    let late = r#"{"type":"back","seq":10,"id":"other"}"#;
    assert_eq!(client.decode(late).unwrap().events, [Event::Gap]);
    let joining = json::value(&rejoin(&mut client));
    assert_eq!(joining["resume"], "r1");
    assert_eq!(
        joining["seq"], 8,
        "the server is asked to replay the missing events"
    );
}

#[test]
fn event_missing_after_a_replay_makes_the_client_ask_for_the_roster() {
    let mut client = seated();
    let late = r#"{"type":"back","seq":9,"id":"other"}"#;
    let mut gap = |replay: bool| {
        assert_eq!(client.decode(late).unwrap().events, [Event::Gap]);
        let joining = json::value(&rejoin(&mut client));
        assert_eq!(joining.get("seq").is_some(), replay);
        let again = r#"{"type":"welcome","v":1,"id":"me","resumed":true,"heard":0,"resume":"r2","epoch":"e","seq":7}"#;
        client.decode(again).unwrap();
    };
    gap(true);
    gap(false);
}

#[test]
fn ping_reveals_a_missing_event() {
    let mut client = seated();
    let ping = |last: u64| write_ping(0, last);
    assert_eq!(client.decode(&ping(7)).unwrap().events, [Event::Ping]);
    assert_eq!(client.decode(&ping(8)).unwrap().events, [Event::Gap]);
    assert_eq!(json::value(&rejoin(&mut client))["seq"], 7);
}

#[test]
fn too_many_unacknowledged_messages_make_the_client_ask_for_the_roster() {
    let mut client = seated();
    for _ in 0..=64 {
        send(&mut client, "a");
    }
    let late = r#"{"type":"back","seq":9,"id":"other"}"#;
    assert_eq!(client.decode(late).unwrap().events, [Event::Gap]);
    assert_eq!(json::value(&rejoin(&mut client)).get("seq"), None);
}

#[test]
fn reloaded_page_resumes_the_seat_with_its_token_alone() {
    let seat = seated().seat().map(str::to_owned).unwrap();
    let mut reloaded = Rooms::default();
    reloaded.take_seat(seat);
    let joining = json::value(&rejoin(&mut reloaded));
    assert_eq!(joining["resume"], "r1");
    assert_eq!(joining.get("seq"), None);
}
