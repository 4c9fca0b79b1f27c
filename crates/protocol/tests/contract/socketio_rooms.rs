//! Two people in a room of a Socket.IO server. The client was first in the room and has the id `a`; the
//! peer has joined with `ready` and has the id `c1`.

use videocalls_protocol::socketio_rooms::SocketIoRooms;
use videocalls_protocol::{
    Candidate, CloseAction, Decoded, Dialect, EncodeError, Event, IceServers, Join, LeaveReason,
    MediaState, Peer, Refusal, Request, RoomName, Signal, Terms, Welcome,
};

use super::subject::{Case, Subject, from, last_event};

pub(crate) const SUBJECT: Subject = Subject {
    name: "socketio-rooms",
    client: first_of_two,
    me: "a",
    other: second,
    you: "c1",
    frames,
    unknown: &[
        r#"42["hologram",{"a":1}]"#,
        r#"42[{"offer":1}]"#,
        r#"42/other,["offer",{"type":"offer","sdp":"v=0"}]"#,
        r#"451-["offer",{"_placeholder":true,"num":0}]"#,
        r#"430["an answer to nothing"]"#,
        "1",
        "5",
    ],
    relay,
    carried: unnumbered,
    echoes: false,
    requests,
    unencodable: || vec![(Request::Join(join(None)), EncodeError::RoomMissing)],
    close_actions: &[
        // The server has forgotten the session, or the client did not answer its pings.
        (1000, CloseAction::RejoinFresh),
        (1001, CloseAction::RejoinFresh),
        (1005, CloseAction::RejoinFresh),
        (1006, CloseAction::RejoinFresh),
        (1011, CloseAction::RejoinFresh),
        (1012, CloseAction::RejoinFresh),
        (1008, CloseAction::Terminal(Refusal::BadRequest)),
        (1009, CloseAction::Terminal(Refusal::BadRequest)),
    ],
    foreign_texts: false,
    candidate_frame: Some(|candidate| format!(r#"42["candidate",{candidate}]"#)),
    prefixes: SOCKETIO_PREFIXES,
    without_json: SOCKETIO_BARE,
    repeatable: last_event,
};

pub(crate) const SOCKETIO_PREFIXES: &[(&str, char)] = &[
    ("", '('),
    ("0", '{'),
    ("40", '{'),
    ("42", '['),
    ("420", '['),
    ("430", '['),
    ("44", '{'),
];
pub(crate) const SOCKETIO_BARE: &[&str] = &["2", "3", "40", "41"];

pub(crate) const OPEN: &str =
    r#"0{"sid":"e1","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
const OLD_OPEN: &str = r#"0{"sid":"e1","upgrades":[],"pingInterval":25000,"pingTimeout":5000}"#;

fn join(room: Option<&str>) -> Join {
    Join {
        room: room.and_then(|room| RoomName::new(room).ok()),
        name: None,
        token: None,
        resume: None,
        keeps: Vec::new(),
        media: MediaState::LIVE,
    }
}

fn started() -> Box<dyn Dialect> {
    let mut client = Box::new(SocketIoRooms::new());
    assert_eq!(
        client.encode(&Request::Join(join(Some("Straße_7")))),
        Ok(vec![])
    );
    client
}

fn after(mut client: Box<dyn Dialect>, frames: &[&str]) -> Box<dyn Dialect> {
    for frame in frames {
        client.decode(frame).unwrap();
    }
    client
}

fn opened() -> Box<dyn Dialect> {
    after(started(), &[OPEN])
}

fn entering() -> Box<dyn Dialect> {
    after(opened(), &[r#"40{"sid":"s1"}"#])
}

fn old() -> Box<dyn Dialect> {
    let mut client = started();
    client.address("ws://h/?EIO=3");
    client
}

fn old_entering() -> Box<dyn Dialect> {
    after(old(), &[OLD_OPEN, "40"])
}

fn alone() -> Box<dyn Dialect> {
    after(entering(), &[r#"42["created"]"#])
}

fn first_of_two() -> Box<dyn Dialect> {
    after(alone(), &[r#"42["ready"]"#])
}

fn second() -> Box<dyn Dialect> {
    after(entering(), &[r#"42["joined"]"#])
}

fn peer(id: &str) -> Peer {
    Peer::new(from(id), None)
}

fn welcome(me: &str, peers: Vec<Peer>, old: bool) -> Event {
    Event::Welcome(Welcome {
        id: from(me),
        peers,
        resumed: false,
        heard: None,
        resume: None,
        epoch: None,
        seq: None,
        ping_interval: (!old).then_some(18_750),
        keep_alive: old.then_some(25_000),
        ice_servers: IceServers::default(),
        terms: Terms::default(),
    })
}

fn left(id: &str) -> Event {
    Event::Left {
        id: from(id),
        reason: LeaveReason::Bye,
    }
}

fn signal_from(id: &str, signal: Signal) -> Event {
    let from = from(id);
    Event::Signal { from, signal }
}

fn offer(sdp: &str) -> Signal {
    let sdp = sdp.to_owned();
    Signal::Offer { id: None, sdp }
}

fn candidate(mid: Option<&str>, line: Option<u16>, ufrag: Option<&str>) -> Signal {
    Signal::Candidate(Candidate {
        candidate: "candidate:1 1 udp 1 é.local 9 typ host".into(),
        sdp_mid: mid.map(str::to_owned),
        sdp_m_line_index: line,
        username_fragment: ufrag.map(str::to_owned),
    })
}

fn frames() -> Vec<Case> {
    let frame = |by, frame, events: Vec<Event>, replies: &[&str]| Case {
        client: by,
        frame,
        expected: Decoded {
            events,
            replies: replies.iter().map(|&reply| reply.to_owned()).collect(),
        },
    };
    let in_room = |text, events| frame(None, text, events, &[]);
    let by = |by: fn() -> Box<dyn Dialect>, text, events, replies| {
        frame(Some(by), text, events, replies)
    };
    let answer = Signal::Answer {
        id: None,
        sdp: "v=0\r\no=- é🎥\r\n".into(),
    };
    vec![
        in_room(
            r#"42["answer",{"type":"answer","sdp":"v=0\r\no=- é🎥\r\n"}]"#,
            vec![signal_from("c1", answer)],
        ),
        in_room(
            r#"42["offer",{"sdp":"v=0","type":"offer"}]"#,
            vec![signal_from("c1", offer("v=0"))],
        ),
        // Forks that keep the room name, and that ask for an acknowledgement.
        in_room(
            r#"42["offer",{"type":"offer","sdp":"v=0"},"room1"]"#,
            vec![signal_from("c1", offer("v=0"))],
        ),
        in_room(
            r#"4217["offer",{"type":"offer","sdp":"v=0"}]"#,
            vec![signal_from("c1", offer("v=0"))],
        ),
        in_room(
            r#"42["candidate",{"candidate":"candidate:1 1 udp 1 é.local 9 typ host","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"8hhY"}]"#,
            vec![signal_from(
                "c1",
                candidate(Some("0"), Some(0), Some("8hhY")),
            )],
        ),
        in_room(
            r#"42["candidate",{"candidate":"candidate:1 1 udp 1 é.local 9 typ host","sdpMid":null,"sdpMLineIndex":1}]"#,
            vec![signal_from("c1", candidate(None, Some(1), None))],
        ),
        in_room(r#"42["leave"]"#, vec![left("c1")]),
        in_room(
            r#"42["ready"]"#,
            vec![left("c1"), Event::Joined(peer("c2"))],
        ),
        in_room("2", vec![Event::Ping]),
        in_room("3", vec![]),
        in_room("6", vec![]),
        in_room("41", vec![Event::Refused(Refusal::Removed)]),
        by(
            alone,
            r#"42["ready"]"#,
            vec![Event::Joined(peer("c1"))],
            &[],
        ),
        by(alone, r#"42["leave"]"#, vec![], &[]),
        by(
            alone,
            r#"42["offer",{"type":"offer","sdp":"v=0"}]"#,
            vec![Event::Found(peer("c1")), signal_from("c1", offer("v=0"))],
            &[],
        ),
        by(
            second,
            r#"42["offer",{"type":"offer","sdp":"v=0"}]"#,
            vec![signal_from("a", offer("v=0"))],
            &[],
        ),
        by(second, r#"42["leave"]"#, vec![left("a")], &[]),
        by(
            second,
            r#"42["ready"]"#,
            vec![left("a"), Event::Joined(peer("a1"))],
            &[],
        ),
        by(started, OPEN, vec![], &["40"]),
        // Servers of version 4.1 send no `maxPayload`.
        by(
            started,
            r#"0{"sid":"e1","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}"#,
            vec![],
            &["40"],
        ),
        by(
            opened,
            r#"40{"sid":"s1"}"#,
            vec![],
            &[r#"42["join","Straße_7"]"#],
        ),
        by(
            opened,
            r#"44{"message":"not today"}"#,
            vec![Event::Refused(Refusal::Removed)],
            &[],
        ),
        by(old, OLD_OPEN, vec![], &[]),
        by(
            entering,
            r#"42["created"]"#,
            vec![welcome("a", vec![], false)],
            &[],
        ),
        by(
            entering,
            r#"42["joined"]"#,
            vec![welcome("b", vec![peer("a")], false)],
            &[r#"42["ready","Straße_7"]"#],
        ),
        by(
            entering,
            r#"42["full"]"#,
            vec![Event::Refused(Refusal::RoomFull)],
            &[],
        ),
        by(
            old_entering,
            r#"42["created"]"#,
            vec![welcome("a", vec![], true)],
            &[],
        ),
    ]
}

/// The server removes the room name.
fn relay(frame: &str) -> String {
    let frame = frame
        .strip_suffix(r#","Straße_7"]"#)
        .expect("the room comes last");
    frame.to_owned() + "]"
}

/// Offers have no numbers, and the end of candidates is not sent.
pub(crate) fn unnumbered(signal: Signal) -> Option<Signal> {
    match signal {
        Signal::Offer { sdp, .. } => Some(Signal::Offer { id: None, sdp }),
        Signal::Answer { sdp, .. } => Some(Signal::Answer { id: None, sdp }),
        Signal::Candidate(candidate) if candidate.candidate.is_empty() => None,
        candidate => Some(candidate),
    }
}

fn signal(signal: Signal) -> Request {
    let to = Some(from("c1"));
    Request::Signal { to, signal }
}

fn requests() -> Vec<(Request, Vec<&'static str>)> {
    let answer = Signal::Answer {
        id: Some(4),
        sdp: "v=0\r\n".into(),
    };
    vec![
        (
            Request::Join(join(Some("a~b"))),
            vec![r#"42["join","a~b"]"#],
        ),
        (
            signal(offer("v=0\r\n")),
            vec![r#"42["offer",{"type":"offer","sdp":"v=0\r\n"},"Straße_7"]"#],
        ),
        (
            signal(answer),
            vec![r#"42["answer",{"type":"answer","sdp":"v=0\r\n"},"Straße_7"]"#],
        ),
        (
            signal(candidate(Some("0"), Some(0), Some("u"))),
            vec![
                r#"42["candidate",{"candidate":"candidate:1 1 udp 1 é.local 9 typ host","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"u"},"Straße_7"]"#,
            ],
        ),
        (signal(Signal::Candidate(Candidate::default())), vec![]),
        (Request::Media(MediaState::LIVE), vec![]),
        (Request::Pong, vec!["3"]),
        (Request::Ping, vec!["2"]),
        (Request::Bye, vec![r#"42["leave","Straße_7"]"#]),
    ]
}

#[test]
fn requests_before_the_handshake_are_sent_after_it_in_order() {
    let mut client = started();
    for early in ["1", "2", "3"].map(|sdp| signal(offer(sdp))) {
        assert_eq!(client.encode(&early), Ok(vec![]));
    }
    assert_eq!(client.decode(OPEN).unwrap().replies, ["40"]);
    assert_eq!(
        client.encode(&signal(candidate(None, None, None))),
        Ok(vec![])
    );
    let replies = client.decode(r#"40{"sid":"s"}"#).unwrap().replies;
    let names: Vec<_> = replies.iter().map(|frame| &frame[4..7]).collect();
    assert_eq!(names, ["joi", "off", "off", "off", "can"]);
    let again = client.decode(r#"40{"sid":"s"}"#).unwrap();
    assert_eq!(again, Decoded::default(), "nothing is sent twice");
}

/// A server relays `leave` to the room, whoever sends it.
#[test]
fn leave_is_sent_only_by_a_client_that_has_joined() {
    let leave = Ok(vec![r#"42["leave","Straße_7"]"#.to_owned()]);
    for mut inside in [alone(), first_of_two(), second()] {
        assert_eq!(inside.encode(&Request::Bye), leave);
    }
    let full = after(entering(), &[r#"42["full"]"#]);
    let (back, _) = reconnected(second(), "a", r#"42["full"]"#);
    for mut outside in [started(), opened(), entering(), full, back] {
        assert_eq!(outside.encode(&Request::Bye), Ok(vec![]));
    }
}

/// A page that still waits for its camera loses `ready`, and ignores offers.
#[test]
fn newcomer_without_reply_sends_ready_again() {
    let names = |frames: Vec<String>| {
        let names = frames
            .iter()
            .map(|frame| frame[4..].split('"').next().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    let by = |connection: &str, edition: u32| {
        offer(&format!(
            "v=0\r\no=- {connection} {edition} IN IP4 0.0.0.0\r\n"
        ))
    };
    let mut newcomer = second();
    for (connection, edition, expected) in [
        ("1", 2, &["offer"][..]),
        ("1", 3, &["offer"]),
        ("2", 2, &["ready", "offer"]),
    ] {
        let frames = newcomer.encode(&signal(by(connection, edition))).unwrap();
        assert_eq!(names(frames), expected, "{connection}, {edition}");
    }
    newcomer
        .decode(r#"42["offer",{"type":"offer","sdp":"v=0"}]"#)
        .unwrap();
    assert_eq!(
        names(newcomer.encode(&signal(by("3", 2))).unwrap()),
        ["offer"]
    );
    let mut first = first_of_two();
    for connection in ["1", "2", "3"] {
        let frames = first.encode(&signal(by(connection, 2))).unwrap();
        assert_eq!(names(frames), ["offer"]);
    }
}

/// A client that has reconnected and still receives media from `keeps`.
fn reconnected(
    mut client: Box<dyn Dialect>,
    keeps: &str,
    frame: &str,
) -> (Box<dyn Dialect>, Decoded) {
    client.opened();
    let join = Join {
        keeps: vec![from(keeps)],
        ..join(Some("Straße_7"))
    };
    client.encode(&Request::Join(join)).unwrap();
    let mut client = after(client, &[OPEN, r#"40{"sid":"s2"}"#]);
    let read = client.decode(frame).unwrap();
    (client, read)
}

const CREATED: &str = r#"42["created"]"#;
const JOINED: &str = r#"42["joined"]"#;

/// `ready` would make the peer close the working connection.
#[test]
fn after_reconnect_ready_is_not_sent_while_media_continues() {
    for (before, me, you) in [(first_of_two(), "a", "c1"), (second(), "b", "a")] {
        let (mut client, read) = reconnected(before, you, JOINED);
        let same = welcome(me, vec![peer(you)], false);
        assert_eq!(
            read,
            Decoded {
                events: vec![same],
                replies: Vec::new()
            }
        );
        let read = client.decode(r#"42["offer",{"type":"offer","sdp":"v=0"}]"#);
        assert_eq!(read.unwrap().events, [signal_from(you, offer("v=0"))]);
    }
    for (before, me, you) in [(first_of_two(), "a", "c1"), (second(), "b", "a")] {
        let (mut client, read) = reconnected(before, you, CREATED);
        assert_eq!(
            read.events,
            [welcome(me, vec![], false)],
            "the peer has not reconnected yet"
        );
        let read = client.decode(r#"42["offer",{"type":"offer","sdp":"v=0"}]"#);
        assert_eq!(read.unwrap().events, [signal_from(you, offer("v=0"))]);
    }
}

#[test]
fn after_reconnect_without_media_the_client_starts_over() {
    let (_, read) = reconnected(first_of_two(), "someone else", JOINED);
    assert_eq!(read.replies, [r#"42["ready","Straße_7"]"#]);
    assert_eq!(
        read.events,
        [welcome("b", vec![peer("a")], false), left("c1")]
    );
    let (_, read) = reconnected(second(), "someone else", JOINED);
    assert_eq!(read.replies, [r#"42["ready","Straße_7"]"#]);
    assert_eq!(read.events, [welcome("b", vec![peer("a")], false)]);
    let (mut client, read) = reconnected(first_of_two(), "someone else", CREATED);
    assert_eq!(
        read,
        Decoded {
            events: vec![welcome("a", vec![], false), left("c1")],
            replies: Vec::new(),
        }
    );
    let newcomer = client.decode(r#"42["ready"]"#).unwrap().events;
    assert_eq!(newcomer, [Event::Joined(peer("c2"))], "an id is used once");
}

/// The peer has left while we were disconnected, and a page that waits for `ready` has replaced it.
#[test]
fn offer_of_a_replaced_peer_is_taken_after_reconnect() {
    let (mut client, _) = reconnected(first_of_two(), "c1", JOINED);
    for connection in [7, 8] {
        let sdp = format!("v=0\r\no=- {connection} 2 IN IP4 0.0.0.0\r\n");
        client.encode(&signal(offer(&sdp))).unwrap();
    }
    let read = client
        .decode(r#"42["offer",{"type":"offer","sdp":"v=0"}]"#)
        .unwrap();
    assert_eq!(
        read.events,
        [
            left("c1"),
            Event::Found(peer("0")),
            signal_from("0", offer("v=0"))
        ]
    );
    assert!(from("0") < from("a"));
}

#[test]
fn newcomer_has_a_greater_id() {
    let mut first = alone();
    for number in 1..=20 {
        let events = first.decode(r#"42["ready"]"#).unwrap().events;
        let Some(Event::Joined(peer)) = events.last() else {
            panic!("{events:?}");
        };
        assert_eq!(peer.id, from(&format!("c{number}")));
        assert!(peer.id > from("a") && peer.id > from("b"));
    }
}
