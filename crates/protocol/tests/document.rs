//! The tables of `docs/rooms.md` and the codec agree: every field that is written or read is
//! documented, and every documented field is written and read.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use videocalls_protocol::rooms::{Rooms, read_request, write_event, write_ping};
use videocalls_protocol::{
    Ask, Candidate, Dialect, DisplayName, Event, Grants, IceServer, IceServers, Join, Knock,
    LeaveReason, MediaState, Moderation, ParticipantId, Peer, Refusal, Request, Resume, RoomName,
    RoomState, Signal, Terms, Welcome,
};

const DOCUMENT: &str = include_str!("../../../docs/rooms.md");
const SOURCES: [&str; 7] = [
    include_str!("../src/grants.rs"),
    include_str!("../src/moderation.rs"),
    include_str!("../src/rooms/client.rs"),
    include_str!("../src/rooms/moderation.rs"),
    include_str!("../src/rooms/server.rs"),
    include_str!("../src/rooms/wire.rs"),
    include_str!("../src/media.rs"),
];

/// For each kind of message: its fields, each with its JSON type.
type Messages = BTreeMap<String, BTreeMap<String, String>>;

#[test]
fn client_writes_exactly_the_documented_fields() {
    assert_eq!(written(&client_frames()), documented("From the client"));
}

#[test]
fn server_writes_exactly_the_documented_fields() {
    let mut written = written(&server_frames());
    // What the server passes on is documented with the message of the client.
    let signal = written.get_mut("signal").unwrap();
    signal.retain(|field, _| !field.contains('.'));
    for content in ["description", "candidate"] {
        signal.insert(content.to_owned(), "object".to_owned());
    }
    assert_eq!(written, documented("From the server"));
}

#[test]
fn server_reads_every_documented_field() {
    assert_each_is_read("From the client", &client_frames(), |frame| {
        format!("{:?}", read_request(frame))
    });
}

#[test]
fn client_reads_every_documented_field() {
    assert_each_is_read("From the server", &server_frames(), |frame| {
        let mut client = Rooms::default();
        client
            .decode(r#"{"type":"welcome","id":"me","resume":"r","seq":1}"#)
            .unwrap();
        let to = Some(id("other"));
        let signal = offer();
        client.encode(&Request::Signal { to, signal }).unwrap();
        // What a message changes in the codec counts as read, too.
        format!("{:?} {client:?}", client.clone().decode(frame))
            + &{
                let _ = client.decode(frame);
                format!("{client:?}")
            }
    });
}

/// This finds fields that one half reads and the other does not write, and undocumented kinds, states
/// and reasons.
#[test]
fn every_name_in_the_source_is_documented() {
    let (before, _) = DOCUMENT.split_once("## A session").unwrap();
    let code = before.split('`').skip(1).step_by(2);
    let names = code.flat_map(|code| code.split(|c: char| !c.is_alphanumeric() && c != '-'));
    let documented: BTreeSet<_> = names.collect();
    for source in SOURCES {
        let source = source.split("#[cfg(test)]").next().unwrap();
        for name in source.split('"').skip(1).step_by(2) {
            // Written for events that only a client's codec makes, so never.
            if name == "unknown" {
                continue;
            }
            assert!(documented.contains(name), "docs/rooms.md has no `{name}`");
        }
    }
}

/// Changes one field after the other, and compares what is read.
fn assert_each_is_read(heading: &str, frames: &[String], read: impl Fn(&str) -> String) {
    for (kind, fields) in documented(heading) {
        for field in fields.keys() {
            // The server states its version for people and later clients.
            if (kind.as_str(), field.as_str()) == ("welcome", "v") {
                continue;
            }
            let is_read = frames.iter().any(|frame| {
                let without = without(frame, field);
                kind_of(frame) == kind
                    && without.is_some_and(|without| read(&without) != read(frame))
            });
            assert!(is_read, "{kind} {field} is documented and not read");
        }
    }
}

/// The rows of the table under a heading.
fn documented(heading: &str) -> Messages {
    let (_, section) = DOCUMENT.split_once(&format!("## {heading}\n")).unwrap();
    let rows = section
        .lines()
        .skip_while(|line| !line.starts_with("| ---"));
    let rows = rows.skip(1).take_while(|line| line.starts_with('|'));
    let mut messages = Messages::new();
    let mut kind = String::new();
    for row in rows {
        let cells: Vec<_> = row
            .split('|')
            .map(|cell| cell.trim().trim_matches('`'))
            .collect();
        if !cells[1].is_empty() {
            kind = cells[1].to_owned();
        }
        let fields = messages.entry(kind.clone()).or_default();
        if !cells[2].is_empty() {
            let field = cells[2].trim_end_matches('?').to_owned();
            fields.insert(field, cells[3].to_owned());
        }
    }
    assert!(messages.len() > 5, "the table is read: {messages:?}");
    messages
}

/// The fields of frames, by kind. `type` is in all of them, and `seq` counts events of all kinds.
fn written(frames: &[String]) -> Messages {
    let mut messages = Messages::new();
    for frame in frames {
        let Value::Object(mut message) = serde_json::from_str(frame).unwrap() else {
            panic!("{frame} is no object");
        };
        message.remove("type");
        let kind = kind_of(frame);
        if kind != "welcome" && kind != "join" {
            message.remove("seq");
        }
        let fields = messages.entry(kind).or_default();
        collect("", &Value::Object(message), fields);
    }
    messages
}

fn collect(path: &str, value: &Value, fields: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let dot = if path.is_empty() { "" } else { "." };
                collect(&[path, dot, name].concat(), value, fields);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            let path = [path, "[]"].concat();
            items.iter().for_each(|item| collect(&path, item, fields));
        }
        value => {
            let kind = match value {
                Value::String(_) => "string",
                Value::Number(_) => "number",
                Value::Bool(_) => "boolean",
                Value::Array(_) => "array",
                _ => "null",
            };
            fields.insert(path.to_owned(), kind.to_owned());
        }
    }
}

fn kind_of(frame: &str) -> String {
    let message: Value = serde_json::from_str(frame).unwrap();
    message["type"].as_str().unwrap().to_owned()
}

/// The frame without this field; `None` if it is not there.
fn without(frame: &str, field: &str) -> Option<String> {
    let mut message: Value = serde_json::from_str(frame).unwrap();
    let (path, name) = field.rsplit_once('.').unwrap_or(("", field));
    let parent = match path.strip_suffix("[]") {
        Some(list) => message.get_mut(list)?.get_mut(0)?,
        None if path.is_empty() => &mut message,
        None => message.get_mut(path)?,
    };
    parent.as_object_mut()?.remove(name)?;
    Some(message.to_string())
}

fn id(id: &str) -> ParticipantId {
    ParticipantId::new(id)
}

fn offer() -> Signal {
    let sdp = "v=0\r\n".to_owned();
    Signal::Offer { id: Some(1), sdp }
}

fn candidate() -> Signal {
    Signal::Candidate(Candidate {
        candidate: "c".into(),
        sdp_mid: Some("0".into()),
        sdp_m_line_index: Some(1),
        username_fragment: Some("u".into()),
    })
}

fn ice_servers() -> IceServers {
    let server = IceServer {
        urls: vec!["turn:turn.example.org".into()],
        username: Some("u".into()),
        credential: Some("c".into()),
    };
    IceServers {
        servers: vec![server],
        lifetime: Some(600),
    }
}

/// One message of each kind with all of its fields.
fn client_frames() -> Vec<String> {
    let signal = |signal| Request::Signal {
        to: Some(id("other")),
        signal,
    };
    let join = Join {
        room: RoomName::new("standup").ok(),
        name: DisplayName::new("Ann").ok(),
        token: Some("t".into()),
        resume: Some(Resume {
            token: "r".into(),
            epoch: Some("e".into()),
            seq: Some(3),
        }),
        keeps: Vec::new(),
        media: MediaState::PENDING,
    };
    let requests = [
        Request::Join(join),
        signal(offer()),
        signal(candidate()),
        Request::Media(MediaState::PENDING),
        Request::ReceiveReport(vec![id("other")]),
        Request::Moderate(Moderation::Ask(id("other"), Ask::Mute)),
        Request::Moderate(Moderation::Lock(true)),
        Request::Token("t".into()),
        Request::Pong,
        Request::Ping,
        Request::Bye,
        Request::Unload,
    ];
    let frames = requests.map(|request| Rooms::default().encode(&request).unwrap().remove(0));
    frames.to_vec()
}

const ROOM: RoomState = RoomState {
    locked: true,
    lobby: true,
};

fn knock() -> Knock {
    Knock {
        id: id("other"),
        name: DisplayName::new("Bob").ok(),
    }
}

fn server_frames() -> Vec<String> {
    let peer = Peer {
        media: MediaState::PENDING,
        ..Peer::new(id("other"), DisplayName::new("Bob").ok())
    };
    let welcome = Welcome {
        id: id("me"),
        peers: vec![Peer {
            away: true,
            not_receiving: vec![id("me")],
            ..peer.clone()
        }],
        resumed: true,
        heard: Some(1),
        resume: Some("r2".into()),
        epoch: Some("e".into()),
        seq: Some(1),
        ping_interval: Some(5_000),
        keep_alive: None,
        ice_servers: ice_servers(),
        terms: Terms {
            grants: Some(Grants::from_names(["join"])),
            token_expires_in: Some(7),
            room: ROOM,
            knocks: vec![knock()],
        },
    };
    let from = || id("other");
    let signal = |signal| Event::Signal {
        from: from(),
        signal,
    };
    let unnumbered = [
        Event::Welcome(welcome),
        Event::IceServers(ice_servers()),
        Event::Waiting {
            ping_interval: Some(5_000),
            token_expires_in: Some(7),
        },
        Event::TokenExpired,
        Event::TokenAccepted {
            expires_in: Some(7),
            grants: Some(Grants::default()),
        },
        Event::Pong,
        Event::Rejected { code: "x".into() },
        Event::Refused(Refusal::RoomFull),
    ];
    let numbered = [
        Event::Joined(peer),
        Event::Left {
            id: from(),
            reason: LeaveReason::Bye,
        },
        signal(offer()),
        signal(candidate()),
        Event::Media {
            from: from(),
            media: MediaState::PENDING,
        },
        Event::Away(from()),
        Event::Back(from()),
        Event::Room(ROOM),
        Event::Knock(knock()),
        Event::KnockEnded(from()),
        Event::Asked {
            from: from(),
            ask: Ask::Mute,
        },
        Event::ReceiveReport {
            from: from(),
            not_receiving: vec![id("me")],
        },
    ];
    let unnumbered = unnumbered.iter().map(|event| write_event(event, None));
    let numbered = numbered.iter().map(|event| write_event(event, Some(2)));
    let ping = write_ping(1, 7);
    unnumbered.chain(numbered).chain([ping]).collect()
}
