//! The chat lines of before, which newcomers get from one participant.

use videocalls_protocol::data::{Content, HistoryLine, LineId, Message};
use videocalls_protocol::{Event, ParticipantId};
use videocalls_session::{ChatLine, LineOrigin, Notice};

use super::data::{connect, hello, linked, receive, send_text, sent, text};
use crate::harness::{notices, peer};

#[test]
fn lines_of_before_are_requested_from_one_participant_and_delivered_once() {
    let (mut harness, link) = linked();
    harness.event(Event::Joined(peer("other")));
    let other = connect(&mut harness, "other", "300");
    harness.take_outputs();
    receive(&mut harness, link, &hello(9, 77));
    assert_eq!(
        sent(&harness.take_outputs()),
        [(link, Message::HistoryRequest)]
    );
    receive(&mut harness, other, &hello(8, 77));
    receive(&mut harness, link, &text(3, "live"));
    harness.take_outputs();
    harness.now += 5_000;
    for (number, age_ms, line) in [(2, 9_000, "before"), (3, 5_000, "live")] {
        let id = LineId {
            instance: 9,
            number,
        };
        let line = HistoryLine {
            id,
            age_ms,
            from: String::new(),
            name: None,
            text: line.into(),
        };
        receive(&mut harness, link, &Message::HistoryLine(line));
    }
    let line = Notice::Text(ChatLine {
        id: Some(LineId {
            instance: 9,
            number: 2,
        }),
        from: ParticipantId::new("you"),
        name: None,
        text: "before".into(),
        age_ms: 9_000,
        origin: LineOrigin::History,
    });
    assert_eq!(notices(&harness.take_outputs()), [&line]);
    // The other may have lines that this one has not.
    receive(&mut harness, link, &Message::HistoryEnd);
    assert_eq!(
        sent(&harness.take_outputs()),
        [(other, Message::HistoryRequest)]
    );
    receive(&mut harness, other, &Message::HistoryEnd);
    assert_eq!(sent(&harness.take_outputs()), []);
}

#[test]
fn unrequested_lines_of_before_are_ignored() {
    let (mut harness, link) = linked();
    receive(&mut harness, link, &hello(9, 0));
    harness.take_outputs();
    let line = HistoryLine {
        id: LineId {
            instance: 1,
            number: 1,
        },
        age_ms: 0,
        from: "somebody".into(),
        name: None,
        text: "invented".into(),
    };
    receive(&mut harness, link, &Message::HistoryLine(line));
    assert_eq!(harness.take_outputs(), []);
}

#[test]
fn lines_to_everyone_are_handed_on_and_direct_ones_are_not() {
    let (mut harness, link) = linked();
    receive(&mut harness, link, &hello(9, 0));
    send_text(&mut harness, "ours");
    receive(&mut harness, link, &text(1, "theirs"));
    receive(
        &mut harness,
        link,
        &Message::Numbered {
            number: 2,
            is_direct: true,
            content: Content::Text("secret".into()),
        },
    );
    harness.event(Event::Joined(peer("late")));
    let late = connect(&mut harness, "late", "300");
    receive(&mut harness, late, &hello(8, 0));
    harness.take_outputs();
    receive(&mut harness, late, &Message::HistoryRequest);
    let sent = sent(&harness.take_outputs());
    let lines: Vec<_> = sent
        .iter()
        .filter_map(|(_, it)| match it {
            Message::HistoryLine(line) => Some((line.from.as_str(), line.text.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(lines, [("", "ours"), ("you", "theirs")]);
    assert_eq!(sent.last(), Some(&(late, Message::HistoryEnd)));
}
