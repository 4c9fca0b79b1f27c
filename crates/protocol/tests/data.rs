//! The messages of the data channels: what is written is read back, and what a hostile peer writes is an
//! error, or is ignored.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use videocalls_protocol::DisplayName;
use videocalls_protocol::data::{
    Content, Hello, HistoryLine, InvalidMessage, LineId, MAX_PAYLOAD_BYTES, MAX_REACTION_BYTES,
    MAX_TEXT_BYTES, Message, Payload, VERSION, decode, encode,
};

fn messages() -> Vec<Message> {
    let numbered = |is_direct, content| Message::Numbered {
        number: 0x0102_0304,
        is_direct,
        content,
    };
    vec![
        Message::Hello(Hello {
            version: VERSION,
            instance: u32::MAX,
            is_hand_raised: true,
            lines: 100,
        }),
        Message::Ack(7),
        numbered(false, Content::Text("Grüße 👋".into())),
        numbered(true, Content::Text(String::new())),
        numbered(true, Content::Payload(Payload::Text("{}".into()))),
        numbered(false, Content::Payload(Payload::Bytes(vec![0, 255, 128]))),
        numbered(
            false,
            Content::Payload(Payload::Bytes(vec![1; MAX_PAYLOAD_BYTES])),
        ),
        Message::Unnumbered(Payload::Bytes(vec![])),
        Message::Unnumbered(Payload::Text("x".into())),
        Message::Reaction("🎉".into()),
        Message::Hand(false),
        Message::Hand(true),
        Message::HistoryRequest,
        Message::HistoryLine(line(Some("Ann"))),
        Message::HistoryLine(line(None)),
        Message::HistoryEnd,
    ]
}

fn line(name: Option<&str>) -> HistoryLine {
    HistoryLine {
        id: LineId {
            instance: 1,
            number: 2,
        },
        age_ms: 3,
        from: "p1".into(),
        name: name.map(|name| DisplayName::new(name).unwrap()),
        text: "hello".into(),
    }
}

#[test]
fn every_message_reads_back() {
    for message in messages() {
        assert_eq!(decode(&encode(&message)), Ok(Some(message)));
    }
}

#[test]
fn layout_is_as_documented() {
    let text = Message::Numbered {
        number: 258,
        is_direct: true,
        content: Content::Text("hi".into()),
    };
    assert_eq!(encode(&text), [2, 0, 0, 1, 2, 1, b'h', b'i']);
    let hello = Message::Hello(Hello {
        version: 1,
        instance: 5,
        is_hand_raised: true,
        lines: 3,
    });
    assert_eq!(encode(&hello), [0, 1, 0, 0, 0, 5, 1, 0, 0, 0, 3]);
    let data = Message::Unnumbered(Payload::Text("a".into()));
    assert_eq!(encode(&data), [4, 2, b'a']);
}

#[test]
fn kinds_and_fields_of_later_versions_are_ignored() {
    assert_eq!(decode(&[200, 1, 2]), Ok(None));
    let mut hello = encode(&messages()[0]);
    hello.extend([9, 9, 9]);
    assert_eq!(decode(&hello), Ok(Some(messages()[0].clone())));
}

#[test]
fn truncated_message_is_an_error_and_never_a_panic() {
    for message in messages() {
        let whole = encode(&message);
        for length in 0..whole.len().min(64) {
            // Texts and payloads reach to the end, so they may be shorter.
            if let Err(error) = decode(&whole[..length]) {
                assert!(matches!(
                    error,
                    InvalidMessage::Truncated | InvalidMessage::NotText
                ));
            }
        }
    }
    assert_eq!(decode(&[]), Err(InvalidMessage::Truncated));
    assert_eq!(decode(&[0, 1, 0]), Err(InvalidMessage::Truncated));
    // A name that claims to be longer than the message.
    let mut lying = encode(&Message::HistoryLine(line(None)));
    lying[13] = 255;
    assert_eq!(decode(&lying), Err(InvalidMessage::Truncated));
}

#[test]
fn part_over_its_limit_is_an_error() {
    for (kind, fixed, most) in [
        (2, 5, MAX_TEXT_BYTES),
        (3, 5, MAX_PAYLOAD_BYTES),
        (4, 1, MAX_PAYLOAD_BYTES),
        (5, 0, MAX_REACTION_BYTES),
        (8, 16, MAX_TEXT_BYTES),
    ] {
        let mut frame = vec![0; 1 + fixed + most];
        frame[0] = kind;
        assert!(decode(&frame).is_ok(), "kind {kind}");
        frame.push(0);
        assert_eq!(decode(&frame), Err(InvalidMessage::TooLong), "kind {kind}");
    }
}

#[test]
fn text_that_is_not_utf_8_is_an_error() {
    for frame in [
        &[2, 0, 0, 0, 1, 0, 0xff][..],
        &[3, 0, 0, 0, 1, 2, 0xff],
        &[4, 2, 0xff],
        &[5, 0xc3],
    ] {
        assert_eq!(decode(frame), Err(InvalidMessage::NotText));
    }
}

#[test]
fn deceptive_name_in_the_history_is_left_out() {
    let mut bytes = encode(&Message::HistoryLine(line(Some("A-n"))));
    let at = bytes.iter().position(|&byte| byte == b'-').unwrap();
    bytes[at] = 7;
    let Ok(Some(Message::HistoryLine(read))) = decode(&bytes) else {
        panic!("it is readable");
    };
    assert_eq!(read.name, None);
}
