//! What no server of good will would send. Nothing panics, and the codec stays usable.

use videocalls_protocol::{DecodeError, Dialect, Event};

use super::subject::{SUBJECTS, Subject};

/// The codec still reads what it read before.
fn still_works(subject: &Subject, client: &mut dyn Dialect, after: &str) {
    let (frame, event) = (subject.frames)().remove(0);
    assert_eq!(
        client.decode(frame),
        Ok(event.into()),
        "{} after {after}",
        subject.name
    );
}

#[test]
fn a_truncated_frame_is_malformed() {
    for subject in SUBJECTS {
        let mut client = (subject.client)();
        for (frame, _) in (subject.frames)() {
            for end in (0..frame.len()).filter(|&end| frame.is_char_boundary(end)) {
                let read = client.decode(&frame[..end]);
                let malformed = matches!(read, Err(DecodeError::Malformed { .. }));
                assert!(malformed, "{}: {} is {read:?}", subject.name, &frame[..end]);
            }
            still_works(subject, &mut *client, frame);
        }
    }
}

#[test]
fn what_is_not_an_object_is_malformed() {
    let deep = "[".repeat(60_000);
    let nested = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    let frames = [
        "",
        " ",
        "null",
        "0",
        "\"x\"",
        "[]",
        "{",
        "}",
        "{}{}",
        "{\"type\"}",
        "{'type':'ping'}",
        "{\"a\":1,}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\u{1}\"}",
        "{\"a\":01}",
        "\u{feff}{}",
        &deep,
        &nested,
    ];
    for subject in SUBJECTS {
        let mut client = (subject.client)();
        for frame in frames {
            let read = client.decode(frame);
            let malformed = matches!(read, Err(DecodeError::Malformed { .. }));
            assert!(malformed, "{}: {frame:.40} is {read:?}", subject.name);
            still_works(subject, &mut *client, "rubbish");
        }
    }
}

/// Each value of each frame in turn is something else.
#[test]
fn a_value_of_another_type_spoils_its_message_at_most() {
    let others = [
        "null",
        "true",
        "-1",
        "1e999",
        "99999999999999999999",
        "\"\"",
        "[]",
        "{}",
        "[[{}]]",
    ];
    for subject in SUBJECTS {
        let mut client = (subject.client)();
        for (frame, _) in (subject.frames)() {
            for (start, end) in values(frame) {
                for other in others {
                    let spoiled = format!("{}{other}{}", &frame[..start], &frame[end..]);
                    if let Ok(decoded) = client.decode(&spoiled) {
                        assert!(decoded.events.len() <= 1, "{}: {spoiled}", subject.name);
                    }
                }
            }
        }
        still_works(subject, &mut *client, "spoiled values");
    }
}

#[test]
fn whoever_a_message_is_about_has_an_id() {
    for subject in SUBJECTS {
        let mut client = (subject.client)();
        for (frame, event) in (subject.frames)() {
            let about_someone = !matches!(
                event,
                Event::Ping | Event::Refused(_) | Event::Rejected { .. } | Event::Unknown { .. }
            );
            let nobody = ["other", "me"].iter().fold(frame.to_owned(), |text, id| {
                text.replace(&format!("\"{id}\""), "\"\"")
            });
            if about_someone && nobody != frame {
                let read = client.decode(&nobody);
                let wrong = matches!(read, Err(DecodeError::Field { .. }));
                assert!(wrong, "{}: {nobody} is {read:?}", subject.name);
            }
        }
    }
}

/// Bytes that are changed, dropped or doubled at random, by a seeded generator (splitmix64).
#[test]
fn damaged_frames_never_panic() {
    for subject in SUBJECTS {
        let mut client = (subject.client)();
        let mut state = 17_u64;
        let mut random = |end: usize| {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            usize::try_from((mixed ^ (mixed >> 27)) % end as u64).unwrap()
        };
        for (frame, _) in (subject.frames)().into_iter().cycle().take(4_000) {
            let mut bytes = frame.as_bytes().to_vec();
            for _ in 0..1 + random(4) {
                let at = random(bytes.len());
                match random(3) {
                    0 => bytes[at] = b"{}[]\",:\\u0dn-e\x01 "[random(16)],
                    1 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, bytes[at]),
                }
            }
            let damaged = String::from_utf8_lossy(&bytes);
            let _ = client.decode(&damaged);
        }
        still_works(subject, &mut *client, "damaged frames");
    }
}

/// Where the values of a frame's fields stand: what follows a colon, up to its comma or bracket.
fn values(frame: &str) -> Vec<(usize, usize)> {
    let (mut found, mut inside, mut escaped, mut depth) = (Vec::new(), false, false, 0);
    let mut open: Vec<(usize, usize)> = Vec::new();
    for (at, c) in frame.char_indices() {
        if !inside && matches!(c, ',' | '}' | ']') {
            while let Some(&(start, _)) = open.last().filter(|(_, level)| *level == depth) {
                found.push((start, at));
                open.pop();
            }
        }
        match c {
            ':' if !inside => open.push((at + 1, depth)),
            '{' | '[' if !inside => depth += 1,
            '}' | ']' if !inside => depth -= 1,
            _ => {}
        }
        inside ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
    }
    found
}
