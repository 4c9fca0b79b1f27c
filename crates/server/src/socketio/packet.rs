//! What stands behind the `4` of an Engine.IO message.

use axum::extract::ws::Utf8Bytes;
use serde_json::json;
use serde_json::value::RawValue;

/// What a client says.
#[derive(Debug)]
pub(crate) struct Packet<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) kind: Kind<'a>,
}

#[derive(Debug)]
pub(crate) enum Kind<'a> {
    Connect(Option<&'a RawValue>),
    Disconnect,
    Event(Event<'a>),
    /// The answer to an event that wanted one; ours never do.
    Ack,
    /// An event with attachments, or the answer to one.
    Binary,
}

/// An event, its arguments unread.
#[derive(Debug)]
pub(crate) struct Event<'a> {
    pub(crate) name: String,
    pub(crate) arguments: Vec<&'a RawValue>,
    /// The number under which the client waits for an answer.
    pub(crate) ack: Option<&'a str>,
}

/// A message is no packet, or an argument not what its event has there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Malformed;

impl From<serde_json::Error> for Malformed {
    fn from(_: serde_json::Error) -> Self {
        Self
    }
}

pub(crate) fn read(text: &str) -> Result<Packet<'_>, Malformed> {
    let mut letters = text.chars();
    let kind = letters.next();
    let (namespace, rest) = split_namespace(letters.as_str());
    let kind = match kind {
        Some('0') => Kind::Connect(read_auth(rest)?),
        Some('1') => Kind::Disconnect,
        Some('2') => Kind::Event(read_event(rest)?),
        Some('3') => Kind::Ack,
        Some('5' | '6') => Kind::Binary,
        _ => return Err(Malformed),
    };
    Ok(Packet { namespace, kind })
}

fn split_namespace(text: &str) -> (&str, &str) {
    if text.starts_with('/') {
        text.split_once(',').unwrap_or((text, ""))
    } else {
        ("/", text)
    }
}

fn read_auth(text: &str) -> Result<Option<&RawValue>, Malformed> {
    if text.is_empty() {
        return Ok(None);
    }
    Ok(Some(serde_json::from_str(text)?))
}

fn read_event(text: &str) -> Result<Event<'_>, Malformed> {
    let list = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let ack = &text[..text.len() - list.len()];
    // A longer number would be rounded by the client that waits for it.
    if ack.len() > 15 {
        return Err(Malformed);
    }
    let mut arguments: Vec<&RawValue> = serde_json::from_str(list)?;
    if arguments.is_empty() {
        return Err(Malformed);
    }
    let name = serde_json::from_str(arguments.remove(0).get())?;
    Ok(Event {
        name,
        arguments,
        ack: (!ack.is_empty()).then_some(ack),
    })
}

/// An event with an argument that is JSON already, or none.
pub(crate) fn event(name: &str, argument: Option<&str>) -> Utf8Bytes {
    match argument {
        Some(argument) => format!("42[\"{name}\",{argument}]").into(),
        None => format!("42[\"{name}\"]").into(),
    }
}

/// The answer to an event that wanted one.
pub(crate) fn ack(number: &str, argument: &str) -> Utf8Bytes {
    format!("43{number}[{argument}]").into()
}

pub(crate) fn connected(id: &str) -> Utf8Bytes {
    format!("40{{\"sid\":\"{id}\"}}").into()
}

pub(crate) fn disconnected() -> Utf8Bytes {
    Utf8Bytes::from_static("41")
}

pub(crate) fn no_such_namespace(namespace: &str) -> Utf8Bytes {
    let reason = json!({ "message": "Invalid namespace" });
    format!("44{namespace},{reason}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event_of(text: &str) -> Event<'_> {
        match read(text) {
            Ok(Packet {
                namespace: "/",
                kind: Kind::Event(event),
            }) => event,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_event_has_a_name_arguments_and_maybe_a_number() {
        let event = event_of(r#"2["offer",{"a": [1]},"room"]"#);
        assert_eq!((event.name.as_str(), event.ack), ("offer", None));
        let arguments = event.arguments.iter().map(|raw| raw.get());
        assert!(arguments.eq([r#"{"a": [1]}"#, r#""room""#]));
        let event = event_of(r#"217["getIce"]"#);
        assert_eq!((event.ack, event.arguments.len()), (Some("17"), 0));
    }

    #[test]
    fn a_namespace_stands_before_the_number() {
        let packet = read(r#"2/admin,1["tellme"]"#).unwrap();
        assert_eq!(packet.namespace, "/admin");
        assert!(matches!(
            packet.kind,
            Kind::Event(Event { ack: Some("1"), .. })
        ));
        let packet = read(r#"0/admin,{"token":"1"}"#).unwrap();
        assert!(matches!(packet.kind, Kind::Connect(Some(_))));
        assert_eq!(read("0/admin").unwrap().namespace, "/admin");
        assert_eq!(read("1/admin,").unwrap().namespace, "/admin");
    }

    #[test]
    fn what_is_no_packet_is_malformed() {
        for text in [
            "",
            "2",
            "2[]",
            "2[1]",
            "2{}",
            "2[\"a\"",
            "27",
            "0{",
            "7",
            "é",
            "4{}",
            "2[\"a\"]x",
            "21234567890123456[\"a\"]",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
