//! `docs/rooms.md` says what the code does.

use videocalls_protocol::rooms::{Incoming, Rooms, close, read_request};
use videocalls_protocol::{Dialect, Event};

const DOCUMENT: &str = include_str!("../../../../docs/rooms.md");

fn sample(who: &str) -> impl Iterator<Item = &'static str> {
    let says = format!(" {who}> ");
    DOCUMENT
        .lines()
        .filter_map(move |line| line.split_once(&says).map(|(_, message)| message))
}

#[test]
fn each_message_of_the_sample_session_is_valid() {
    let requests = sample("C").filter(|message| {
        let read = read_request(message);
        assert!(
            matches!(read, Ok(Incoming::Request(_))),
            "{message}: {read:?}"
        );
        true
    });
    assert_eq!(requests.count(), 14);
    let events = sample("S").filter(|message| {
        let read = Rooms::default().decode(message).unwrap();
        assert!(
            !matches!(read.events[..], [Event::Unknown { .. }]),
            "{message}"
        );
        true
    });
    assert_eq!(events.count(), 17);
}

#[test]
fn each_close_code_is_in_the_table() {
    for code in [
        close::SHUTDOWN,
        close::SLOW_CONSUMER,
        close::PING_TIMEOUT,
        close::STATE_LOST,
        close::RATE_LIMITED,
        close::INVALID_TOKEN,
        close::BAD_REQUEST,
        close::JOIN_TIMEOUT,
        close::REMOVED,
        close::ROOM_FULL,
        close::TOKEN_EXPIRED,
        close::FORBIDDEN,
        close::TOO_MANY_ERRORS,
        close::REPLACED,
        close::VERSION_NOT_SUPPORTED,
        close::INVALID_ROOM,
        close::INVALID_NAME,
        close::TOKEN_USED,
        close::ROOM_LOCKED,
        close::DENIED,
        close::CALL_ENDED,
    ] {
        assert!(DOCUMENT.contains(&format!("\n| {code} | ")), "{code}");
    }
}
