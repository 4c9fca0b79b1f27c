//! Our own dialect, both halves of it.

use videocalls_protocol::rooms::{Incoming, Rooms, close, read_request, write_event, write_ping};
use videocalls_protocol::{
    Candidate, CloseAction, Dialect, DisplayName, EncodeError, Event, Join, LeaveReason,
    MediaState, Peer, Refusal, Request, Resume, RoomName, Signal, TrackState, Welcome,
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
    pass_on,
    carried: Some,
    echoes: false,
    requests,
    unsayable,
    closings: &[
        (1000, CloseAction::Backoff),
        (1006, CloseAction::Backoff),
        (1009, CloseAction::Terminal(Refusal::BadRequest)),
        (close::SHUTDOWN, CloseAction::Backoff),
        (close::SLOW_CONSUMER, CloseAction::Backoff),
        (close::STATE_LOST, CloseAction::RejoinFresh),
        (close::ROOM_FULL, CloseAction::Terminal(Refusal::RoomFull)),
        (close::BAD_TOKEN, CloseAction::Terminal(Refusal::Forbidden)),
        (4499, CloseAction::Backoff),
        (4999, CloseAction::Terminal(Refusal::BadRequest)),
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
        r#"{"type":"signal","to":"a","candidate":{}}"#,
    ] {
        assert!(read_request(frame).is_err(), "{frame}");
    }
    let unknown = r#"{"type":"dance"}"#;
    let bytes = unknown.len();
    assert_eq!(read_request(unknown), Ok(Incoming::Unknown { bytes }));
}

/// A client with a seat, which has heard the events up to 7.
fn seated() -> Rooms {
    let mut client = Rooms::default();
    client
        .decode(r#"{"type":"welcome","v":1,"id":"me","participants":[],"resume":"r1","epoch":"e","seq":7}"#)
        .unwrap();
    client
}

fn say(client: &mut Rooms, candidate: &str) -> Vec<String> {
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
fn who_comes_back_names_the_seat_and_what_was_heard_last() {
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
fn what_the_server_has_not_taken_is_said_again_and_nothing_else() {
    let mut client = seated();
    let said: Vec<_> = ["a", "b", "c"].map(|it| say(&mut client, it)).concat();
    assert_eq!(said.len(), 3, "in a call everything is said at once");
    client.decode(r#"{"type":"ping","heard":1}"#).unwrap();
    rejoin(&mut client);
    assert!(say(&mut client, "d").is_empty(), "the seat is not ours yet");
    let back = client
        .decode(r#"{"type":"welcome","v":1,"id":"me","resumed":true,"heard":2,"resume":"r2","epoch":"e","seq":7}"#)
        .unwrap();
    assert_eq!(back.replies.len(), 2);
    assert_eq!(back.replies[0], said[2]);
    assert!(back.replies[1].contains(r#""candidate":"d""#));
    assert_eq!(say(&mut client, "e").len(), 1);
}

#[test]
fn on_a_fresh_seat_nothing_of_before_is_said_again() {
    let mut client = seated();
    say(&mut client, "a");
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
fn an_event_that_comes_again_is_dropped_and_a_gap_is_told() {
    let mut client = seated();
    let away = r#"{"type":"away","seq":8,"id":"other"}"#;
    assert_eq!(client.decode(away).unwrap().events.len(), 1);
    assert_eq!(client.decode(away).unwrap().events, []);
    let late = r#"{"type":"back","seq":10,"id":"other"}"#;
    assert_eq!(client.decode(late).unwrap().events, [Event::Gap]);
    let joining = json::value(&rejoin(&mut client));
    assert_eq!(joining["resume"], "r1");
    assert_eq!(joining["seq"], 8, "what is missing is to be said again");
}

#[test]
fn what_is_missing_after_a_repetition_too_is_mended_by_the_roster() {
    let mut client = seated();
    let late = r#"{"type":"back","seq":9,"id":"other"}"#;
    let mut gap = |said_again: bool| {
        assert_eq!(client.decode(late).unwrap().events, [Event::Gap]);
        let joining = json::value(&rejoin(&mut client));
        assert_eq!(joining.get("seq").is_some(), said_again);
        let again = r#"{"type":"welcome","v":1,"id":"me","resumed":true,"heard":0,"resume":"r2","epoch":"e","seq":7}"#;
        client.decode(again).unwrap();
    };
    gap(true);
    gap(false);
}

#[test]
fn a_ping_tells_of_an_event_that_did_not_come() {
    let mut client = seated();
    let ping = |last: u64| write_ping(0, last);
    assert_eq!(client.decode(&ping(7)).unwrap().events, [Event::Ping]);
    assert_eq!(client.decode(&ping(8)).unwrap().events, [Event::Gap]);
    assert_eq!(json::value(&rejoin(&mut client))["seq"], 7);
}

#[test]
fn more_than_can_be_kept_is_mended_by_the_roster() {
    let mut client = seated();
    for _ in 0..=64 {
        say(&mut client, "a");
    }
    let late = r#"{"type":"back","seq":9,"id":"other"}"#;
    assert_eq!(client.decode(late).unwrap().events, [Event::Gap]);
    assert_eq!(json::value(&rejoin(&mut client)).get("seq"), None);
}

#[test]
fn a_later_life_takes_the_seat_by_its_token_alone() {
    let seat = seated().seat().map(str::to_owned).unwrap();
    let mut reloaded = Rooms::default();
    reloaded.take_seat(seat);
    let joining = json::value(&rejoin(&mut reloaded));
    assert_eq!(joining["resume"], "r1");
    assert_eq!(joining.get("seq"), None);
}
