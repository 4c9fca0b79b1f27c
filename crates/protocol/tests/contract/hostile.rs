//! Malformed and hostile input. Nothing panics, and the codec stays usable.

use videocalls_protocol::{DecodeError, Dialect, Event};

use super::subject::{SUBJECTS, Subject};

/// The codec still reads valid frames.
fn still_works(subject: &Subject, client: &mut dyn Dialect, after: &str) {
    let case = (subject.frames)().remove(0);
    assert_eq!(
        client.decode(case.frame).map(subject.repeatable),
        Ok((subject.repeatable)(case.expected)),
        "{} after {after}",
        subject.name
    );
}

/// The frame is malformed, or of an unknown kind where servers send texts of their own.
fn assert_malformed(subject: &Subject, client: &mut dyn Dialect, frame: &str) {
    let read = client.decode(frame);
    let bytes = frame.len();
    let expected = match subject.foreign_texts && !frame.starts_with('{') {
        true => read == Ok(Event::Unknown { bytes }.into()),
        false => matches!(read, Err(DecodeError::Malformed { .. })),
    };
    assert!(expected, "{}: {frame:.40} is {read:?}", subject.name);
}

#[test]
fn truncated_frame_is_malformed() {
    for subject in SUBJECTS {
        let mut client = (subject.client)();
        for frame in (subject.frames)().into_iter().map(|case| case.frame) {
            let ends = (0..frame.len()).filter(|&end| frame.is_char_boundary(end));
            for start in ends.map(|end| &frame[..end]) {
                if subject.without_json.contains(&start) {
                    continue;
                }
                assert_malformed(subject, &mut *client, start);
            }
            still_works(subject, &mut *client, frame);
        }
    }
}

/// Texts other than the JSON object or array that follows the prefix of a frame.
#[test]
fn frame_without_valid_json_is_malformed() {
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
        for (head, bracket) in subject.prefixes {
            let other = if *bracket == '{' { "[]" } else { "{}" };
            for body in frames.into_iter().chain([other]) {
                let frame = [head, body].concat();
                if subject.without_json.contains(&frame.as_str()) {
                    continue;
                }
                assert_malformed(subject, &mut *client, &frame);
                still_works(subject, &mut *client, "invalid JSON");
            }
        }
    }
}

/// Replaces each value of each frame in turn.
#[test]
fn value_of_another_type_affects_its_message_only() {
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
        for case in (subject.frames)() {
            let frame = case.frame;
            let most = case.expected.events.len().max(1);
            for (start, end) in values(frame) {
                for other in others {
                    let spoiled = format!("{}{other}{}", &frame[..start], &frame[end..]);
                    if let Ok(decoded) = subject.client_for(&case).decode(&spoiled) {
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
fn message_about_a_participant_without_id_is_an_error() {
    for subject in SUBJECTS {
        for case in (subject.frames)() {
            let frame = case.frame;
            let about_someone = case.expected.events.iter().any(|event| {
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
                let read = subject.client_for(&case).decode(&nobody);
                let wrong = matches!(read, Err(DecodeError::Field { .. }));
                assert!(wrong, "{}: {nobody} is {read:?}", subject.name);
            }
        }
    }
}

/// Longer messages are rejected before they reach the codec. Should that check be missing, they must
/// do no harm.
#[test]
fn message_of_a_mebibyte_does_not_panic() {
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
        for (head, _) in subject.prefixes {
            for body in &long {
                let _ = client.decode(&[head, body.as_str()].concat());
            }
        }
        for case in (subject.frames)() {
            let values = values(case.frame);
            let Some(&(start, end)) = values.get(case.frame.len() % values.len().max(1)) else {
                continue;
            };
            let (before, after) = (&case.frame[..start], &case.frame[end..]);
            for long in [&text, &escapes] {
                let _ = client.decode(&format!("{before}\"{long}\"{after}"));
            }
        }
        still_works(subject, &mut *client, "long messages");
    }
}

/// Changes, drops or doubles random bytes, by a seeded generator (splitmix64).
#[test]
fn damaged_frame_does_not_panic() {
    for subject in SUBJECTS {
        let mut client = (subject.client)();
        let mut state = 17_u64;
        let mut random = |end: usize| {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            usize::try_from((mixed ^ (mixed >> 27)) % end as u64).unwrap()
        };
        let frames: Vec<_> = (subject.frames)().iter().map(|case| case.frame).collect();
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

/// The positions of the values in a frame: fields of objects and items of arrays.
fn values(frame: &str) -> Vec<(usize, usize)> {
    let (mut found, mut inside, mut escaped) = (Vec::new(), false, false);
    // For each open bracket: whether it is that of an array, and where the current value begins.
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
