//! What no server of good will would send. Nothing panics, and the codec stays usable.

use videocalls_protocol::{DecodeError, Dialect, Event};

use super::subject::{SUBJECTS, Subject};

/// The codec still reads what it read before.
fn still_works(subject: &Subject, client: &mut dyn Dialect, after: &str) {
    let said = (subject.frames)().remove(0);
    assert_eq!(
        client.decode(said.frame).map(subject.lasting),
        Ok((subject.lasting)(said.means)),
        "{} after {after}",
        subject.name
    );
}

#[test]
fn a_truncated_frame_is_malformed() {
    for subject in SUBJECTS {
        let mut client = (subject.client)();
        for frame in (subject.frames)().into_iter().map(|said| said.frame) {
            let ends = (0..frame.len()).filter(|&end| frame.is_char_boundary(end));
            for start in ends.map(|end| &frame[..end]) {
                if subject.bare.contains(&start) {
                    continue;
                }
                let read = client.decode(start);
                let malformed = matches!(read, Err(DecodeError::Malformed { .. }));
                assert!(malformed, "{}: {start} is {read:?}", subject.name);
            }
            still_works(subject, &mut *client, frame);
        }
    }
}

/// What is not the JSON object, or the list, that belongs behind the head of a frame.
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
        "{",
        "}",
        "{}{}",
        "[",
        "]",
        "[][]",
        "[1,]",
        "[1 2]",
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
        for (head, bracket) in subject.heads {
            let other = if *bracket == '{' { "[]" } else { "{}" };
            for body in frames.into_iter().chain([other]) {
                let frame = [head, body].concat();
                if subject.bare.contains(&frame.as_str()) {
                    continue;
                }
                let read = client.decode(&frame);
                let malformed = matches!(read, Err(DecodeError::Malformed { .. }));
                assert!(malformed, "{}: {frame:.40} is {read:?}", subject.name);
                still_works(subject, &mut *client, "rubbish");
            }
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
        for said in (subject.frames)() {
            let frame = said.frame;
            let most = said.means.events.len().max(1);
            for (start, end) in values(frame) {
                for other in others {
                    let spoiled = format!("{}{other}{}", &frame[..start], &frame[end..]);
                    if let Ok(decoded) = subject.hearer(&said).decode(&spoiled) {
                        let events = decoded.events.len();
                        assert!(events <= most, "{}: {spoiled}", subject.name);
                    }
                    let _ = client.decode(&spoiled);
                }
            }
        }
        still_works(subject, &mut *client, "spoiled values");
    }
}

#[test]
fn whoever_a_message_is_about_has_an_id() {
    for subject in SUBJECTS {
        for said in (subject.frames)() {
            let frame = said.frame;
            let about_someone = said.means.events.iter().any(|event| {
                !matches!(
                    event,
                    Event::Ping
                        | Event::Refused(_)
                        | Event::Rejected { .. }
                        | Event::Unknown { .. }
                )
            });
            let nobody = [subject.you, subject.me]
                .iter()
                .fold(frame.to_owned(), |text, id| {
                    text.replace(&format!("\"{id}\""), "\"\"")
                });
            if about_someone && nobody != frame {
                let read = subject.hearer(&said).decode(&nobody);
                let wrong = matches!(read, Err(DecodeError::Field { .. }));
                assert!(wrong, "{}: {nobody} is {read:?}", subject.name);
            }
        }
    }
}

/// The limit for a message stands in front of the codec; should somebody forget it, a long message
/// costs its reading, and no more.
#[test]
fn a_mebibyte_of_anything_is_survived() {
    const MEBIBYTE: usize = 1 << 20;
    let long = [
        "[".repeat(MEBIBYTE),
        "{\"a\":".repeat(MEBIBYTE / 5),
        "7".repeat(MEBIBYTE),
        "é".repeat(MEBIBYTE / 2),
        format!("[{}1]", "1,".repeat(MEBIBYTE / 2)),
        format!("{{{}\"a\":1}}", "\"a\":1,".repeat(MEBIBYTE / 6)),
    ];
    let text = "x".repeat(MEBIBYTE);
    let escapes = "\\u00e9".repeat(MEBIBYTE / 6);
    for subject in SUBJECTS {
        let mut client = (subject.client)();
        for (head, _) in subject.heads {
            for body in &long {
                let _ = client.decode(&[head, body.as_str()].concat());
            }
        }
        for said in (subject.frames)() {
            let values = values(said.frame);
            let Some(&(start, end)) = values.get(said.frame.len() % values.len().max(1)) else {
                continue;
            };
            let (before, after) = (&said.frame[..start], &said.frame[end..]);
            for long in [&text, &escapes] {
                let _ = client.decode(&format!("{before}\"{long}\"{after}"));
            }
        }
        still_works(subject, &mut *client, "long messages");
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
        let frames: Vec<_> = (subject.frames)().iter().map(|said| said.frame).collect();
        for frame in frames.into_iter().cycle().take(4_000) {
            let mut bytes = frame.as_bytes().to_vec();
            for _ in 0..1 + random(4) {
                let at = random(bytes.len());
                match random(if bytes.len() > 1 { 3 } else { 1 }) {
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

/// Where the values of a frame stand: the fields of its objects and the items of its lists.
fn values(frame: &str) -> Vec<(usize, usize)> {
    let (mut found, mut inside, mut escaped) = (Vec::new(), false, false);
    // For each bracket that is open: whether it is a list's, and where its current value begins.
    let mut open: Vec<(bool, Option<usize>)> = Vec::new();
    for (at, c) in frame.char_indices() {
        if !inside && matches!(c, ',' | '}' | ']') {
            let (list, start) = open.last_mut().unwrap();
            found.extend(start.filter(|&start| start < at).map(|start| (start, at)));
            *start = Some(at + 1).filter(|_| *list);
        }
        match c {
            ':' if !inside => open.last_mut().unwrap().1 = Some(at + 1),
            '{' if !inside => open.push((false, None)),
            '[' if !inside => open.push((true, Some(at + 1))),
            '}' | ']' if !inside => drop(open.pop()),
            _ => {}
        }
        inside ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
    }
    found
}
