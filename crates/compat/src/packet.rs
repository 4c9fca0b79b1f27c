//! Socket.IO packets: the text behind the `4` of an Engine.IO message.

use axum::extract::ws::Utf8Bytes;
use serde_json::json;
use serde_json::value::RawValue;

/// A packet of a client.
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
    /// The answer to an event of the server, which asks for none.
    Ack,
    /// An event or answer with binary attachments.
    Binary,
}

/// An event with its arguments as JSON.
#[derive(Debug)]
pub(crate) struct Event<'a> {
    pub(crate) name: String,
    pub(crate) arguments: Vec<&'a RawValue>,
    /// The number under which the client waits for an answer.
    pub(crate) ack: Option<&'a str>,
}

/// A message is no packet, or an argument has the wrong type.
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
        let (namespace, rest) = text.split_once(',').unwrap_or((text, ""));
        // Clients of Socket.IO 1 and 2 append a query.
        let namespace = namespace
            .split_once('?')
            .map_or(namespace, |(path, _)| path);
        (namespace, rest)
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
    // JavaScript would round a longer number.
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

/// An event with one argument, as JSON, or none.
pub(crate) fn event(name: &str, argument: Option<&str>) -> Utf8Bytes {
    match argument {
        Some(argument) => format!("42[\"{name}\",{argument}]").into(),
        None => format!("42[\"{name}\"]").into(),
    }
}

/// The answer to an event.
pub(crate) fn ack(number: &str, argument: &str) -> Utf8Bytes {
    format!("43{number}[{argument}]").into()
}

/// The answer to a connect of Socket.IO 3 and later.
pub(crate) fn connected(id: &str) -> Utf8Bytes {
    format!("40{{\"sid\":\"{id}\"}}").into()
}

pub(crate) fn disconnected() -> Utf8Bytes {
    Utf8Bytes::from_static("41")
}

/// The connect that a server of Socket.IO 1 and 2 sends first.
pub(crate) fn connected_legacy() -> Utf8Bytes {
    Utf8Bytes::from_static("40")
}

pub(crate) fn no_such_namespace(namespace: &str) -> Utf8Bytes {
    let reason = json!({ "message": "Invalid namespace" });
    format!("44{namespace},{reason}").into()
}

pub(crate) fn no_such_namespace_legacy(namespace: &str) -> Utf8Bytes {
    format!("44{namespace},\"Invalid namespace\"").into()
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
    fn reads_events() {
        let event = event_of(r#"2["offer",{"a": [1]},"room"]"#);
        assert_eq!((event.name.as_str(), event.ack), ("offer", None));
        let arguments = event.arguments.iter().map(|raw| raw.get());
        assert!(arguments.eq([r#"{"a": [1]}"#, r#""room""#]));
        let event = event_of(r#"217["getIce"]"#);
        assert_eq!((event.ack, event.arguments.len()), (Some("17"), 0));
    }

    #[test]
    fn reads_namespaces() {
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
    fn refuses_what_is_no_packet() {
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
