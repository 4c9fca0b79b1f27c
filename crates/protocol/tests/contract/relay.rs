//! The wire format of videocalls.js.

use videocalls_protocol::relay::{ROOM_FULL, Relay};
use videocalls_protocol::{
    Candidate, CloseAction, Event, Join, MediaState, Refusal, Request, Signal, TrackSources,
};

use super::subject::{Subject, from, one_each};

pub(crate) const SUBJECT: Subject = Subject {
    name: "relay",
    client: || Box::new(Relay::new("me")),
    other: || Box::new(Relay::new("other")),
    me: "me",
    you: "other",
    frames: || one_each(frames()),
    unknown: &[
        r#"{"chat":"hello","id":"other"}"#,
        // Heartbeats and presence messages of servers, and texts of other pages.
        r#"{"type":"ping"}"#,
        r#"{"type": "presence", "members": ["other"], "id": "other"}"#,
        r#"{"message": "Welcome!"}"#,
        r#"{"sdp":null,"ice":null,"id":"other"}"#,
        "{}",
        "ping",
        "hello everybody",
        "",
        "3",
        "null",
        r#""ping""#,
        r#"["ping"]"#,
    ],
    foreign_texts: true,
    candidate_frame: Some(|candidate| format!(r#"{{"ice":{candidate},"id":"other"}}"#)),
    relay: str::to_owned,
    carried,
    echoes: true,
    requests,
    unencodable: Vec::new,
    close_actions: &[
        (1000, CloseAction::Backoff),
        (1001, CloseAction::Backoff),
        (1005, CloseAction::Backoff),
        (1006, CloseAction::Backoff),
        // A handler of the server threw an exception.
        (1011, CloseAction::Backoff),
        (1012, CloseAction::Backoff),
        (1013, CloseAction::Backoff),
        (1008, CloseAction::Terminal(Refusal::BadRequest)),
        (1009, CloseAction::Terminal(Refusal::BadRequest)),
        (ROOM_FULL, CloseAction::Terminal(Refusal::RoomFull)),
    ],
    prefixes: &[("", '{')],
    without_json: &[],
    repeatable: std::convert::identity,
};

fn frames() -> Vec<(&'static str, Event)> {
    let signal_event = |signal| Event::Signal {
        from: from("other"),
        signal,
    };
    let candidate = |mid: Option<&str>, line, ufrag: Option<&str>| {
        signal_event(Signal::Candidate(Candidate {
            candidate: "candidate:1 1 udp 1 h 9 typ host".into(),
            sdp_mid: mid.map(str::to_owned),
            sdp_m_line_index: line,
            username_fragment: ufrag.map(str::to_owned),
        }))
    };
    vec![
        (
            r#"{"sdp":{"type":"offer","sdp":"v=0\r\no=- é🎥\r\n"},"id":"other"}"#,
            signal_event(Signal::Offer {
                id: None,
                sdp: "v=0\r\no=- é🎥\r\n".into(),
                sources: TrackSources::default(),
            }),
        ),
        (
            r#"{"id":"other","sdp":{"sdp":"v=0","type":"answer"}}"#,
            signal_event(Signal::Answer {
                id: None,
                sdp: "v=0".into(),
                sources: TrackSources::default(),
            }),
        ),
        (
            r#"{"ice":{"candidate":"candidate:1 1 udp 1 h 9 typ host","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"8hhY"},"id":"other"}"#,
            candidate(Some("0"), Some(0), Some("8hhY")),
        ),
        (
            r#"{"ice":{"candidate":"candidate:1 1 udp 1 h 9 typ host","sdpMid":null,"sdpMLineIndex":1,"usernameFragment":null},"id":"other"}"#,
            candidate(None, Some(1), None),
        ),
        (
            r#"{"ice":{"candidate":"candidate:1 1 udp 1 h 9 typ host"},"id":"other"}"#,
            candidate(None, Some(0), None),
        ),
    ]
}

/// Offers have no numbers, and the end of candidates is not sent.
fn carried(signal: Signal) -> Option<Signal> {
    match signal {
        Signal::Offer { sdp, .. } => Some(Signal::Offer {
            id: None,
            sdp,
            sources: TrackSources::default(),
        }),
        Signal::Answer { sdp, .. } => Some(Signal::Answer {
            id: None,
            sdp,
            sources: TrackSources::default(),
        }),
        Signal::Candidate(candidate) if candidate.candidate.is_empty() => None,
        candidate => Some(candidate),
    }
}

fn requests() -> Vec<(Request, Vec<&'static str>)> {
    let join = Join {
        room: None,
        name: None,
        token: None,
        resume: None,
        keeps: Vec::new(),
        media: MediaState::assumed(),
    };
    let offer = Signal::Offer {
        id: Some(1),
        sdp: "v=0\r\n".into(),
        sources: TrackSources::default(),
    };
    let candidate = Signal::Candidate(Candidate {
        candidate: "c".into(),
        sdp_mid: Some("0".into()),
        sdp_m_line_index: Some(0),
        username_fragment: Some("u".into()),
    });
    vec![
        (
            Request::Signal {
                to: None,
                signal: offer,
            },
            vec![r#"{"sdp":{"type":"offer","sdp":"v=0\r\n"},"id":"me"}"#],
        ),
        (
            Request::Signal {
                to: Some(from("other")),
                signal: candidate,
            },
            vec![
                r#"{"ice":{"candidate":"c","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"u"},"id":"me"}"#,
            ],
        ),
        (Request::Join(join), vec![]),
        (Request::Media(MediaState::assumed()), vec![]),
        (Request::Pong, vec![]),
        (Request::Bye, vec![]),
    ]
}

/// A relay keeps no state that would have to be restored.
#[test]
fn reconnecting_sends_nothing_and_keeps_the_id() {
    let mut client = (SUBJECT.client)();
    client.opened();
    let (join, _) = requests().remove(2);
    assert_eq!(client.encode(&join), Ok(vec![]));
    assert_eq!(client.own_id(), Some(from("me")));
}
