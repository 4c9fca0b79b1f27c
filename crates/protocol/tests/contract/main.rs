//! One contract for all dialects, as `Dialect` states it: a table of subjects, and what each of
//! them is held to. A new dialect is one more file here and one more line in [`SUBJECTS`].
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
use videocalls_protocol::{Decoded, Event, Request};

#[test]
fn each_frame_is_read_as_what_it_says() {
    for subject in SUBJECTS {
        for said in (subject.frames)() {
            let read = subject.hearer(&said).decode(said.frame);
            assert_eq!(read, Ok(said.means), "{}: {}", subject.name, said.frame);
        }
    }
}

/// Servers in Python put a space behind each colon and comma and escape what is not ASCII; and
/// the order of fields means nothing.
#[test]
fn spacing_escapes_and_order_make_no_difference() {
    for subject in SUBJECTS {
        for said in (subject.frames)() {
            for alike in [json::python(said.frame), json::backwards(said.frame)] {
                let read = subject.hearer(&said).decode(&alike);
                assert_eq!(read, Ok(said.means.clone()), "{}: {alike}", subject.name);
            }
        }
    }
}

#[test]
fn a_field_that_nobody_knows_is_left_alone() {
    for subject in SUBJECTS {
        for said in (subject.frames)() {
            let more = json::with_a_field(said.frame);
            let read = subject.hearer(&said).decode(&more);
            assert_eq!(read, Ok(said.means), "{}: {more}", subject.name);
        }
    }
}

#[test]
fn an_unknown_kind_is_counted_and_not_read() {
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

/// What one client sends, the server's model passes on, and another client reads.
#[test]
fn signals_arrive_as_they_were_sent_and_in_order() {
    for subject in SUBJECTS {
        let (mut sender, mut receiver) = ((subject.client)(), (subject.other)());
        for signal in signals() {
            let request = Request::Signal {
                to: Some(from(subject.you)),
                signal: signal.clone(),
            };
            let frames = sender.encode(&request).unwrap();
            let read = frames.iter().flat_map(|frame| {
                let passed_on = (subject.pass_on)(frame);
                receiver.decode(&passed_on).expect("it can be read").events
            });
            // Where nobody else does, the codec introduces who speaks.
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
fn an_own_message_that_comes_back_is_dropped() {
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
fn requests_are_written_as_the_servers_of_the_dialect_expect_them() {
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
fn what_cannot_be_said_is_an_error_and_no_frame() {
    for subject in SUBJECTS {
        for (request, error) in (subject.unsayable)() {
            let written = (subject.client)().encode(&request);
            assert_eq!(written, Err(error), "{}: {request:?}", subject.name);
        }
    }
}

#[test]
fn a_close_code_says_whether_to_come_back() {
    for subject in SUBJECTS {
        for &(code, action) in subject.closings {
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
fn capabilities_never_change() {
    for subject in SUBJECTS {
        let mut client = (subject.client)();
        let before = client.capabilities();
        for said in (subject.frames)() {
            assert_eq!(
                subject.hearer(&said).capabilities(),
                before,
                "{}",
                subject.name
            );
            let _ = client.decode(said.frame);
        }
        for (request, _) in (subject.requests)() {
            let _ = client.encode(&request);
        }
        assert_eq!(client.capabilities(), before, "{}", subject.name);
    }
}
