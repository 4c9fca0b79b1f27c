//! The contract of [`Dialect`](videocalls_protocol::Dialect), tested on every dialect. A new dialect
//! is one more file here and one more line in [`SUBJECTS`].
#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on has failed"
)]
mod appointments;
mod channels_mesh;
mod hostile;
mod json;
mod relay;
mod rooms;
mod socketio_rooms;
mod subject;

use subject::{SUBJECTS, from, signals};
use videocalls_protocol::{Candidate, Decoded, Event, Request, Signal};

#[test]
fn frames_decode_to_the_expected_events() {
    for subject in SUBJECTS {
        for case in (subject.frames)() {
            let read = subject.client_for(&case).decode(case.frame);
            assert_eq!(read, Ok(case.expected), "{}: {}", subject.name, case.frame);
        }
    }
}

/// Servers in Python write a space after each colon and comma and escape characters that are not
/// ASCII. The order of fields has no meaning.
#[test]
fn spacing_escapes_and_field_order_are_ignored() {
    for subject in SUBJECTS {
        for case in (subject.frames)() {
            for alike in [json::python(case.frame), json::backwards(case.frame)] {
                let read = subject.client_for(&case).decode(&alike);
                assert_eq!(read, Ok(case.expected.clone()), "{}: {alike}", subject.name);
            }
        }
    }
}

#[test]
fn unknown_field_is_ignored() {
    for subject in SUBJECTS {
        for case in (subject.frames)() {
            let more = json::with_a_field(case.frame);
            let read = subject.client_for(&case).decode(&more);
            assert_eq!(read, Ok(case.expected), "{}: {more}", subject.name);
        }
    }
}

#[test]
fn message_of_unknown_kind_is_an_unknown_event() {
    for subject in SUBJECTS {
        let mut client = (subject.client)();
        for frame in subject.unknown {
            let bytes = frame.len();
            let read = client.decode(frame);
            let unknown = Ok(Event::Unknown { bytes }.into());
            assert_eq!(read, unknown, "{}: {frame}", subject.name);
        }
    }
}

/// The same candidate in the forms in which pages send it.
#[test]
fn candidates_of_unusual_form_are_used() {
    for subject in SUBJECTS {
        let Some(frame) = subject.candidate_frame else {
            continue;
        };
        for candidate in [
            r#"{"candidate":"c","sdpMid":"1","sdpMLineIndex":1,"usernameFragment":""}"#,
            r#"{"candidate":"c","sdpMid":1,"sdpMLineIndex":"1"}"#,
            r#"{"type":"candidate","candidate":"c","id":"1","label":1}"#,
            r#"{"candidate":{"candidate":"c","sdpMid":"1","sdpMLineIndex":1},"isTrusted":true}"#,
        ] {
            let read = (subject.client)().decode(&frame(candidate));
            let expected = Candidate {
                candidate: "c".into(),
                sdp_mid: Some("1".into()),
                sdp_m_line_index: Some(1),
                username_fragment: None,
            };
            let signal = Signal::Candidate(expected);
            let from = from(subject.you);
            let expected = Ok(Event::Signal { from, signal }.into());
            assert_eq!(read, expected, "{}: {candidate}", subject.name);
        }
        let bare = r#"{"candidate":"c"}"#;
        let read = (subject.client)().decode(&frame(bare)).unwrap().events;
        let first = Some(0);
        assert!(
            matches!(&read[..], [Event::Signal { signal: Signal::Candidate(it), .. }]
                if it.sdp_m_line_index == first),
            "{}: browsers refuse a candidate without a media section: {read:?}",
            subject.name
        );
    }
}

/// Browsers end their candidates with null, and some pages pass that on in one form or another.
#[test]
fn candidates_that_name_none_are_ignored() {
    for subject in SUBJECTS {
        let Some(frame) = subject.candidate_frame else {
            continue;
        };
        for nothing in ["null", "{}", r#"{"candidate":null}"#] {
            let read = (subject.client)().decode(&frame(nothing));
            let events = read.expect(nothing).events;
            let harmless = events.iter().all(|event| match event {
                Event::Signal { signal, .. } => *signal == Signal::Candidate(Candidate::default()),
                event => matches!(event, Event::Unknown { .. }),
            });
            assert!(harmless, "{}: {nothing}: {events:?}", subject.name);
        }
    }
}

/// One client sends, a model of the server relays, and another client reads.
#[test]
fn signals_arrive_unchanged_and_in_order() {
    for subject in SUBJECTS {
        let (mut sender, mut receiver) = ((subject.client)(), (subject.other)());
        for signal in signals() {
            let request = Request::Signal {
                to: Some(from(subject.you)),
                signal: signal.clone(),
            };
            let frames = sender.encode(&request).unwrap();
            let read = frames.iter().flat_map(|frame| {
                let relayed = (subject.relay)(frame);
                receiver.decode(&relayed).expect("it can be read").events
            });
            // In some dialects the codec introduces the sender.
            let mut read: Vec<_> = read.collect();
            read.retain(
                |event| !matches!(event, Event::Found(peer) if peer.id == from(subject.me)),
            );
            match (subject.carried)(signal) {
                Some(signal) => {
                    let from = from(subject.me);
                    assert_eq!(read, [Event::Signal { from, signal }], "{}", subject.name);
                }
                None => assert_eq!(read, [], "{}", subject.name),
            }
        }
    }
}

#[test]
fn echo_of_an_own_message_is_dropped() {
    for subject in SUBJECTS.iter().filter(|subject| subject.echoes) {
        let mut client = (subject.client)();
        for signal in signals() {
            let to = Some(from(subject.you));
            let request = Request::Signal { to, signal };
            for frame in client.encode(&request).unwrap() {
                for echo in [json::python(&frame), frame] {
                    let read = client.decode(&echo);
                    assert_eq!(read, Ok(Decoded::default()), "{}: {echo}", subject.name);
                }
            }
        }
    }
}

#[test]
fn requests_encode_to_the_expected_frames() {
    for subject in SUBJECTS {
        for (request, frames) in (subject.requests)() {
            let written = (subject.client)().encode(&request).unwrap();
            let expected: Vec<_> = frames.into_iter().map(json::read).collect();
            let read: Vec<_> = written.iter().map(|frame| json::read(frame)).collect();
            assert_eq!(read, expected, "{}: {request:?}", subject.name);
            written.iter().for_each(|frame| json::no_field_twice(frame));
        }
    }
}

#[test]
fn incomplete_request_is_an_error() {
    for subject in SUBJECTS {
        for (request, error) in (subject.unencodable)() {
            let written = (subject.client)().encode(&request);
            assert_eq!(written, Err(error), "{}: {request:?}", subject.name);
        }
    }
}

#[test]
fn close_codes_map_to_the_expected_actions() {
    for subject in SUBJECTS {
        for &(code, action) in subject.close_actions {
            assert_eq!(
                (subject.client)().closed(code),
                action,
                "{}: {code}",
                subject.name
            );
        }
        (0..=u16::MAX).for_each(|code| {
            let _ = (subject.client)().closed(code);
        });
    }
}

#[test]
fn room_name_rule_applies_to_rooms_only() {
    for subject in SUBJECTS {
        let client = (subject.client)();
        for name in [
            "Dr. No's room",
            "a/b",
            " x ",
            "cafe\u{301}?",
            &"x".repeat(500),
        ] {
            let accepted = client.room_name(name).map(|room| room.to_string());
            match subject.name {
                "rooms" => assert_eq!(accepted.is_ok(), name == " x ", "{name}"),
                other => assert_eq!(accepted, Ok(name.to_owned()), "{other}"),
            }
        }
        assert!(client.room_name("").is_err(), "{}", subject.name);
    }
}

#[test]
fn capabilities_never_change() {
    for subject in SUBJECTS {
        let mut client = (subject.client)();
        let before = client.capabilities();
        for case in (subject.frames)() {
            assert_eq!(
                subject.client_for(&case).capabilities(),
                before,
                "{}",
                subject.name
            );
            let _ = client.decode(case.frame);
        }
        for (request, _) in (subject.requests)() {
            let _ = client.encode(&request);
        }
        assert_eq!(client.capabilities(), before, "{}", subject.name);
    }
}
