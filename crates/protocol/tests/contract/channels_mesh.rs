//! Any number of people on a Django channels server. The channels are `me` and `other`, the people have
//! their names for ids.

use videocalls_protocol::channels_mesh::ChannelsMesh;
use videocalls_protocol::{
    Candidate, CloseAction, Decoded, Dialect, DisplayName, EncodeError, Event, Join, LeaveReason,
    MediaState, Peer, Refusal, Request, Signal, Welcome,
};

use super::json;
use super::subject::{Said, Subject, from, last_event};

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
    ],
    pass_on,
    carried,
    echoes: true,
    requests,
    unsayable,
    closings: &[
        (1000, CloseAction::RejoinFresh),
        (1001, CloseAction::RejoinFresh),
        (1005, CloseAction::RejoinFresh),
        (1006, CloseAction::RejoinFresh),
        // A handler of the server failed; it does for any exception.
        (1011, CloseAction::RejoinFresh),
        (1012, CloseAction::RejoinFresh),
        (1013, CloseAction::RejoinFresh),
        (1008, CloseAction::Terminal(Refusal::BadRequest)),
        (1009, CloseAction::Terminal(Refusal::BadRequest)),
    ],
    heads: &[("", '{')],
    bare: &[],
    lasting: last_event,
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

fn says(id: &str, name: &str, signal: Signal) -> Vec<Event> {
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

fn frames() -> Vec<Said> {
    let frame = |by, frame, events: Vec<Event>| Said {
        by,
        frame,
        means: Decoded {
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
        })]
    };
    vec![
        in_room(
            r#"{"peer":"Ann~567890","action":"new-offer","message":{"sdp":{"type":"offer","sdp":"v=0\r\no=- é🎥\r\n"},"receiver_channel_name":"other"}}"#,
            says(YOU, "Ann", offer("v=0\r\no=- é🎥\r\n")),
        ),
        in_room(
            r#"{"peer":"Ann~567890","action":"new-answer","message":{"receiver_channel_name":"other","sdp":{"sdp":"v=0","type":"answer"}}}"#,
            says(YOU, "Ann", answer("v=0")),
        ),
        // Clones misspell the key.
        in_room(
            r#"{"peer":"Ann~567890","action":"new-answer","message":{"sdp":{"type":"answer","sdp":"v=0"},"reciver_channel_name":"other"}}"#,
            says(YOU, "Ann", answer("v=0")),
        ),
        // A page of the old style has no digits.
        in_room(
            r#"{"peer":"Änne: the ~ 1st of","action":"new-offer","message":{"sdp":{"type":"offer","sdp":"v=0"},"receiver_channel_name":"specific.1!2"}}"#,
            says("specific.1!2", "Änne: the ~ 1st of", offer("v=0")),
        ),
        in_room(
            r#"{"peer":"会議~00000f","action":"new-peer","message":{"receiver_channel_name":"third"}}"#,
            vec![Event::Joined(peer("会議~00000f", Some("会議")))],
        ),
        in_room(
            r#"{"peer":"\u202e","action":"new-peer","message":{"receiver_channel_name":"third"}}"#,
            vec![Event::Joined(peer("third", None))],
        ),
        // The same one again, by another channel, and by the one that is known.
        in_room(
            r#"{"peer":"Ann~567890","action":"new-offer","message":{"sdp":{"type":"offer","sdp":"v=0"},"receiver_channel_name":"third"}}"#,
            says(YOU, "Ann", offer("v=0")),
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

/// The server delivers to the channel that is named, and names the sender's in its place.
fn pass_on(frame: &str) -> String {
    let mut message = json::value(frame);
    let channel = &mut message["message"]["receiver_channel_name"];
    assert_eq!(channel, "other", "{frame}");
    *channel = "me".into();
    json::python(&message.to_string())
}

/// Descriptions alone travel, and hold the candidates.
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

/// The channel to which a client writes what is for a person.
fn reaches(client: &mut Box<dyn Dialect>, id: &str) -> Option<String> {
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
fn who_comes_back_is_the_same_by_another_channel() {
    let mut client = client();
    let read = client.decode(&arrival(YOU, "third")).unwrap();
    let joined = Event::Joined(peer(YOU, Some("Ann")));
    assert_eq!(
        read.events,
        [joined],
        "what they missed is to be said again"
    );
    assert_eq!(reaches(&mut client, YOU).as_deref(), Some("third"));
    let [reply] = &read.replies[..] else {
        panic!("they are told our channel, which may be another too: {read:?}");
    };
    assert_eq!(
        json::value(reply),
        json::value(r#"{"peer":"Zoë~123456","action":"still-here","message":{}}"#)
    );
    let newcomer = client.decode(&arrival("Bob~000001", "fourth")).unwrap();
    assert_eq!(newcomer.replies, [""; 0], "who is new gets an offer");
}

#[test]
fn what_was_on_its_way_by_an_old_channel_is_heard_but_not_answered_there() {
    let mut client = client();
    client.decode(&arrival(YOU, "third")).unwrap();
    let late = r#"{"peer":"Ann~567890","action":"new-offer","message":{"sdp":{"type":"offer","sdp":"v=0"},"receiver_channel_name":"other"}}"#;
    assert_eq!(
        client.decode(late).unwrap().events,
        says(YOU, "Ann", offer("v=0"))
    );
    assert_eq!(reaches(&mut client, YOU).as_deref(), Some("third"));
}

#[test]
fn who_comes_back_keeps_the_id_and_learns_the_channels_of_the_others() {
    for told in [true, false] {
        let mut client = client();
        client.opened();
        let frames = client.encode(&Request::Join(join(Some("Zoë")))).unwrap();
        assert_eq!(json::value(&frames[0])["peer"], ME);
        let read = client.decode(&arrival(ME, "me again")).unwrap();
        assert!(matches!(&read.events[..], [Event::Welcome(it)] if it.id == from(ME)));
        let read = match told {
            true => client.decode(&still_here(YOU, "third")).unwrap().events,
            false => {
                let offered = r#"{"peer":"Ann~567890","action":"new-offer","message":{"sdp":{"type":"offer","sdp":"v=0"},"receiver_channel_name":"third"}}"#;
                client.decode(offered).unwrap().events
            }
        };
        assert_eq!(read.is_empty(), told, "nobody has joined or left");
        assert_eq!(reaches(&mut client, YOU).as_deref(), Some("third"));
    }
}

/// A network that was dark delivers what was said on the old socket behind what the new one said.
#[test]
fn an_own_word_that_comes_late_is_put_right() {
    for late in [arrival(ME, "an old one"), still_here(ME, "an old one")] {
        let mut client = client();
        let read = client.decode(&late).unwrap();
        assert_eq!(read.events, []);
        assert_eq!(read.replies.len(), 1);
        assert_eq!(json::value(&read.replies[0])["action"], "still-here");
        client.decode(&still_here(ME, "me")).unwrap();
        let read = client.decode(&still_here(ME, "me")).unwrap();
        assert_eq!(read, Decoded::default(), "that is the right one");
    }
}

/// What we say on the new one comes after it, and so counts.
#[test]
fn an_own_word_from_before_the_own_arrival_means_nothing() {
    let mut client = client();
    client.opened();
    let read = client.decode(&still_here(ME, "an old one")).unwrap();
    assert_eq!(read, Decoded::default());
    let read = client.decode(&arrival(ME, "me again")).unwrap();
    assert!(matches!(&read.events[..], [Event::Welcome(_)]));
    assert_eq!(read.replies, [""; 0]);
}

#[test]
fn a_page_of_the_old_style_that_comes_by_another_channel_is_another() {
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
fn a_message_by_no_channel_is_wrong() {
    for action in ["new-peer", "still-here", "new-offer"] {
        let frame = arrival(YOU, "").replace("new-peer", action);
        assert!(client().decode(&frame).is_err(), "{action}");
    }
}

/// A server would close the socket of who names no channel.
#[test]
fn nothing_is_said_to_somebody_whose_channel_is_not_known() {
    let mut client = client();
    assert_eq!(reaches(&mut client, "Bob~000001"), None);
    assert_eq!(
        reaches(&mut client, "a channel").as_deref(),
        Some("a channel")
    );
}

fn unsayable() -> Vec<(Request, EncodeError)> {
    let nobody = |signal| Request::Signal { to: None, signal };
    vec![
        (nobody(offer("v=0")), EncodeError::AddresseeMissing),
        (nobody(answer("v=0")), EncodeError::AddresseeMissing),
    ]
}

#[test]
fn a_server_that_misspells_is_answered_in_its_own_spelling() {
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
fn a_crowd_is_remembered_as_far_as_a_room_goes() {
    let mut client = client();
    for number in 0..10_000 {
        let arrival = arrival(&format!("n{number}"), &format!("c{number}"));
        assert_eq!(client.decode(&arrival).unwrap().events.len(), 1);
    }
    let known = arrival("n9999", "c9999");
    assert_eq!(client.decode(&known), Ok(Decoded::default()));
}

#[test]
fn chat_travels_with_the_name_in_front_as_the_pages_have_it() {
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
