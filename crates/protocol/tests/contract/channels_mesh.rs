//! Any number of people on a Django channels server. The channels are `me` and `other`; the ids are
//! the participants' names.

use videocalls_protocol::channels_mesh::ChannelsMesh;
use videocalls_protocol::{
    Candidate, CloseAction, Decoded, Dialect, DisplayName, EncodeError, Event, IceServers, Join,
    LeaveReason, MediaState, Peer, Refusal, Request, Signal, Terms, Welcome,
};

use super::json;
use super::subject::{Case, Subject, from, last_event};

pub(crate) const SUBJECT: Subject = Subject {
    name: "channels-mesh",
    client,
    me: ME,
    other,
    you: YOU,
    frames,
    unknown: &[
        r#"{"peer":"Ann~567890","action":"hologram","message":{"receiver_channel_name":"other"}}"#,
        r#"{"peer":"Ann~567890","action":"new-offers","message":{}}"#,
        // Heartbeats and presence messages of servers.
        r#"{"type":"ping"}"#,
        r#"{"type": "presence", "peer": "Ann~567890", "message": {"status": "online"}}"#,
        r#"{"peer":"Ann~567890","action":"presence"}"#,
        "{}",
        "ping",
        "hello everybody",
        "",
        "null",
        r#"["ping"]"#,
    ],
    foreign_texts: true,
    candidate_frame: None,
    relay,
    carried,
    echoes: true,
    requests,
    unencodable,
    close_actions: &[
        (1000, CloseAction::RejoinFresh),
        (1001, CloseAction::RejoinFresh),
        (1005, CloseAction::RejoinFresh),
        (1006, CloseAction::RejoinFresh),
        // A handler of the server threw an exception.
        (1011, CloseAction::RejoinFresh),
        (1012, CloseAction::RejoinFresh),
        (1013, CloseAction::RejoinFresh),
        (1008, CloseAction::Terminal(Refusal::BadRequest)),
        (1009, CloseAction::Terminal(Refusal::BadRequest)),
    ],
    prefixes: &[("", '{')],
    without_json: &[],
    repeatable: last_event,
};

const ME: &str = "Zoë~123456";
const YOU: &str = "Ann~567890";

fn join(name: Option<&str>) -> Join {
    Join {
        room: None,
        name: name.and_then(|name| DisplayName::new(name).ok()),
        token: None,
        resume: None,
        keeps: Vec::new(),
        media: MediaState::LIVE,
    }
}

fn named(name: &str, id: &str) -> Box<dyn Dialect> {
    let mut client = Box::new(ChannelsMesh::new(id));
    client.encode(&Request::Join(join(Some(name)))).unwrap();
    client
}

/// A server's `new-peer`.
fn arrival(name: &str, channel: &str) -> String {
    format!(
        r#"{{"peer": "{name}", "action": "new-peer", "message": {{"receiver_channel_name": "{channel}"}}}}"#
    )
}

fn entering() -> Box<dyn Dialect> {
    named("Zoë", "12345678")
}

fn client() -> Box<dyn Dialect> {
    let mut client = entering();
    client.decode(&arrival("Zoë~123456", "me")).unwrap();
    client.decode(&arrival("Ann~567890", "other")).unwrap();
    client
}

fn other() -> Box<dyn Dialect> {
    let mut other = named("Ann", "567890");
    other.decode(&arrival("Ann~567890", "other")).unwrap();
    other.decode(&arrival("Zoë~123456", "me")).unwrap();
    other
}

fn peer(id: &str, name: Option<&str>) -> Peer {
    Peer::new(from(id), name.and_then(|name| DisplayName::new(name).ok()))
}

fn signal_from(id: &str, name: &str, signal: Signal) -> Vec<Event> {
    let from = from(id);
    vec![
        Event::Found(peer(id, Some(name))),
        Event::Signal { from, signal },
    ]
}

fn offer(sdp: &str) -> Signal {
    let sdp = sdp.to_owned();
    Signal::Offer { id: None, sdp }
}

fn answer(sdp: &str) -> Signal {
    let sdp = sdp.to_owned();
    Signal::Answer { id: None, sdp }
}

fn left(id: &str) -> Event {
    Event::Left {
        id: from(id),
        reason: LeaveReason::Bye,
    }
}

fn frames() -> Vec<Case> {
    let frame = |by, frame, events: Vec<Event>| Case {
        client: by,
        frame,
        expected: Decoded {
            events,
            replies: Vec::new(),
        },
    };
    let in_room = |text, events| frame(None, text, events);
    let before = |text, events| frame(Some(entering as fn() -> Box<dyn Dialect>), text, events);
    let welcome = || {
        vec![Event::Welcome(Welcome {
            id: from(ME),
            peers: Vec::new(),
            resumed: false,
            heard: None,
            resume: None,
            epoch: None,
            seq: None,
            ping_interval: None,
            keep_alive: None,
            ice_servers: IceServers::default(),
            terms: Terms::default(),
        })]
    };
    vec![
        in_room(
            r#"{"peer":"Ann~567890","action":"new-offer","message":{"sdp":{"type":"offer","sdp":"v=0\r\no=- é🎥\r\n"},"receiver_channel_name":"other"}}"#,
            signal_from(YOU, "Ann", offer("v=0\r\no=- é🎥\r\n")),
        ),
        in_room(
            r#"{"peer":"Ann~567890","action":"new-answer","message":{"receiver_channel_name":"other","sdp":{"sdp":"v=0","type":"answer"}}}"#,
            signal_from(YOU, "Ann", answer("v=0")),
        ),
        // Forks misspell the field.
        in_room(
            r#"{"peer":"Ann~567890","action":"new-answer","message":{"sdp":{"type":"answer","sdp":"v=0"},"reciver_channel_name":"other"}}"#,
            signal_from(YOU, "Ann", answer("v=0")),
        ),
        // A legacy page adds no digits.
        in_room(
            r#"{"peer":"Änne: the ~ 1st of","action":"new-offer","message":{"sdp":{"type":"offer","sdp":"v=0"},"receiver_channel_name":"specific.1!2"}}"#,
            signal_from("specific.1!2", "Änne: the ~ 1st of", offer("v=0")),
        ),
        in_room(
            r#"{"peer":"会議~00000f","action":"new-peer","message":{"receiver_channel_name":"third"}}"#,
            vec![Event::Joined(peer("会議~00000f", Some("会議")))],
        ),
        in_room(
            r#"{"peer":"a\u202eb","action":"new-peer","message":{"receiver_channel_name":"third"}}"#,
            vec![Event::Joined(peer("third", None))],
        ),
        // The same participant on another channel, and on the known one.
        in_room(
            r#"{"peer":"Ann~567890","action":"new-offer","message":{"sdp":{"type":"offer","sdp":"v=0"},"receiver_channel_name":"third"}}"#,
            signal_from(YOU, "Ann", offer("v=0")),
        ),
        in_room(
            r#"{"peer":"Ann~567890","action":"new-peer","message":{"receiver_channel_name":"other"}}"#,
            vec![],
        ),
        in_room(
            r#"{"peer":"Zoë~123456","action":"new-peer","message":{"receiver_channel_name":"me"}}"#,
            vec![],
        ),
        in_room(
            r#"{"peer":"Ann~567890","action":"still-here","message":{"receiver_channel_name":"other"}}"#,
            vec![],
        ),
        in_room(
            r#"{"peer":"Zoë~123456","action":"still-here","message":{"receiver_channel_name":"me"}}"#,
            vec![],
        ),
        before(
            r#"{"peer":"Zoë~123456","action":"new-peer","message":{"receiver_channel_name":"me"}}"#,
            welcome(),
        ),
        before(
            r#"{"peer":"Zoë~123456","action":"new-peer","message":{"reciver_channel_name":"me"}}"#,
            welcome(),
        ),
        before(
            r#"{"peer":"Ann~567890","action":"new-peer","message":{"receiver_channel_name":"other"}}"#,
            vec![Event::Joined(peer(YOU, Some("Ann")))],
        ),
    ]
}

/// The server delivers to the named channel, and replaces its name by the sender's.
fn relay(frame: &str) -> String {
    let mut message = json::value(frame);
    let channel = &mut message["message"]["receiver_channel_name"];
    assert_eq!(channel, "other", "{frame}");
    *channel = "me".into();
    json::python(&message.to_string())
}

/// Only descriptions are sent; they contain the candidates.
fn carried(signal: Signal) -> Option<Signal> {
    match signal {
        Signal::Offer { sdp, .. } => Some(Signal::Offer { id: None, sdp }),
        Signal::Answer { sdp, .. } => Some(Signal::Answer { id: None, sdp }),
        Signal::Candidate(_) => None,
    }
}

fn to_other(signal: Signal) -> Request {
    let to = Some(from(YOU));
    Request::Signal { to, signal }
}

fn requests() -> Vec<(Request, Vec<&'static str>)> {
    vec![
        (
            Request::Join(join(Some("Bob \"🎥\" \\"))),
            vec![r#"{"peer":"Bob \"🎥\" \\~123456","action":"new-peer","message":{}}"#],
        ),
        (
            Request::Join(join(None)),
            vec![r#"{"peer":"guest~123456","action":"new-peer","message":{}}"#],
        ),
        (
            to_other(offer("v=0\r\n")),
            vec![
                r#"{"peer":"Zoë~123456","action":"new-offer","message":{"sdp":{"type":"offer","sdp":"v=0\r\n"},"receiver_channel_name":"other"}}"#,
            ],
        ),
        (
            to_other(answer("v=0\r\n")),
            vec![
                r#"{"peer":"Zoë~123456","action":"new-answer","message":{"sdp":{"type":"answer","sdp":"v=0\r\n"},"receiver_channel_name":"other"}}"#,
            ],
        ),
        (to_other(Signal::Candidate(Candidate::default())), vec![]),
        (Request::Media(MediaState::LIVE), vec![]),
        (Request::Pong, vec![]),
        (Request::Ping, vec![]),
        (Request::Bye, vec![]),
    ]
}

/// The channel to which a client addresses messages for a participant.
fn channel_of(client: &mut Box<dyn Dialect>, id: &str) -> Option<String> {
    let (to, signal) = (Some(from(id)), offer("v=0"));
    let frames = client.encode(&Request::Signal { to, signal }).unwrap();
    let frame = frames.first()?;
    let channel = json::value(frame)["message"]["receiver_channel_name"].take();
    channel.as_str().map(str::to_owned)
}

fn still_here(name: &str, channel: &str) -> String {
    arrival(name, channel).replace("new-peer", "still-here")
}

#[test]
fn reconnected_client_keeps_its_id_on_another_channel() {
    let mut client = client();
    let read = client.decode(&arrival(YOU, "third")).unwrap();
    let joined = Event::Joined(peer(YOU, Some("Ann")));
    assert_eq!(read.events, [joined], "its open offers are to be repeated");
    assert_eq!(channel_of(&mut client, YOU).as_deref(), Some("third"));
    let [reply] = &read.replies[..] else {
        panic!("it learns our channel, which may have changed too: {read:?}");
    };
    assert_eq!(
        json::value(reply),
        json::value(r#"{"peer":"Zoë~123456","action":"still-here","message":{}}"#)
    );
    let newcomer = client.decode(&arrival("Bob~000001", "fourth")).unwrap();
    assert_eq!(
        newcomer.replies, [""; 0],
        "a newcomer gets an offer instead"
    );
}

#[test]
fn late_message_from_an_old_channel_is_used_and_answered_on_the_new_one() {
    let mut client = client();
    client.decode(&arrival(YOU, "third")).unwrap();
    let late = r#"{"peer":"Ann~567890","action":"new-offer","message":{"sdp":{"type":"offer","sdp":"v=0"},"receiver_channel_name":"other"}}"#;
    assert_eq!(
        client.decode(late).unwrap().events,
        signal_from(YOU, "Ann", offer("v=0"))
    );
    assert_eq!(channel_of(&mut client, YOU).as_deref(), Some("third"));
}

#[test]
fn after_reconnect_own_id_is_kept_and_channels_of_others_are_learned() {
    for announced in [true, false] {
        let mut client = client();
        client.opened();
        let frames = client.encode(&Request::Join(join(Some("Zoë")))).unwrap();
        assert_eq!(json::value(&frames[0])["peer"], ME);
        let read = client.decode(&arrival(ME, "me again")).unwrap();
        assert!(matches!(&read.events[..], [Event::Welcome(it)] if it.id == from(ME)));
        let read = match announced {
            true => client.decode(&still_here(YOU, "third")).unwrap().events,
            false => {
                let offered = r#"{"peer":"Ann~567890","action":"new-offer","message":{"sdp":{"type":"offer","sdp":"v=0"},"receiver_channel_name":"third"}}"#;
                client.decode(offered).unwrap().events
            }
        };
        assert_eq!(read.is_empty(), announced, "nobody has joined or left");
        assert_eq!(channel_of(&mut client, YOU).as_deref(), Some("third"));
    }
}

/// After a network outage, messages of the old socket may arrive after those of the new one.
#[test]
fn late_echo_of_an_old_channel_is_corrected() {
    for late in [arrival(ME, "an old one"), still_here(ME, "an old one")] {
        let mut client = client();
        let read = client.decode(&late).unwrap();
        assert_eq!(read.events, []);
        assert_eq!(read.replies.len(), 1);
        assert_eq!(json::value(&read.replies[0])["action"], "still-here");
        client.decode(&still_here(ME, "me")).unwrap();
        let read = client.decode(&still_here(ME, "me")).unwrap();
        assert_eq!(read, Decoded::default(), "the right channel");
    }
}

/// What we send on the new socket arrives later.
#[test]
fn echo_from_before_the_own_arrival_is_ignored() {
    let mut client = client();
    client.opened();
    let read = client.decode(&still_here(ME, "an old one")).unwrap();
    assert_eq!(read, Decoded::default());
    let read = client.decode(&arrival(ME, "me again")).unwrap();
    assert!(matches!(&read.events[..], [Event::Welcome(_)]));
    assert_eq!(read.replies, [""; 0]);
}

#[test]
fn legacy_page_on_another_channel_is_a_new_participant() {
    let mut client = client();
    client.decode(&arrival("Old", "first")).unwrap();
    let read = client.decode(&arrival("Old", "second")).unwrap();
    let joined = Event::Joined(peer("second", Some("Old")));
    assert_eq!(
        read,
        Decoded {
            events: vec![left("first"), joined],
            replies: Vec::new()
        }
    );
}

#[test]
fn message_without_channel_is_an_error() {
    for action in ["new-peer", "still-here", "new-offer"] {
        let frame = arrival(YOU, "").replace("new-peer", action);
        assert!(client().decode(&frame).is_err(), "{action}");
    }
}

/// A server would close a socket that sends to no channel.
#[test]
fn nothing_is_sent_to_a_participant_without_known_channel() {
    let mut client = client();
    assert_eq!(channel_of(&mut client, "Bob~000001"), None);
    assert_eq!(
        channel_of(&mut client, "a channel").as_deref(),
        Some("a channel")
    );
}

fn unencodable() -> Vec<(Request, EncodeError)> {
    let nobody = |signal| Request::Signal { to: None, signal };
    vec![
        (nobody(offer("v=0")), EncodeError::AddresseeMissing),
        (nobody(answer("v=0")), EncodeError::AddresseeMissing),
    ]
}

#[test]
fn misspelled_field_is_written_as_the_server_spells_it() {
    let mut client = entering();
    let welcome = arrival(ME, "me").replace("receiver", "reciver");
    client.decode(&welcome).unwrap();
    let arrival = arrival(YOU, "other").replace("receiver", "reciver");
    client.decode(&arrival).unwrap();
    let frame = client.encode(&to_other(offer("v=0"))).unwrap().remove(0);
    assert_eq!(
        json::value(&frame)["message"]["reciver_channel_name"],
        "other"
    );
}

#[test]
fn number_of_remembered_participants_is_bounded() {
    let mut client = client();
    for number in 0..10_000 {
        let arrival = arrival(&format!("n{number}"), &format!("c{number}"));
        assert_eq!(client.decode(&arrival).unwrap().events.len(), 1);
    }
    let known = arrival("n9999", "c9999");
    assert_eq!(client.decode(&known), Ok(Decoded::default()));
}

#[test]
fn chat_line_is_sent_with_the_name_in_front() {
    let client = client();
    let line = client.write_chat("see: this");
    assert_eq!(line, "Zoë~123456: see: this");
    for (line, text) in [
        (line.as_str(), "see: this"),
        ("ann: hello", "hello"),
        ("ann: ", ""),
        ("hello", "hello"),
        ("12:30", "12:30"),
        ("", ""),
        (":", ":"),
    ] {
        assert_eq!(client.read_chat(line), text);
    }
}
