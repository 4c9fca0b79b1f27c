//! A client and a professional with their links. The id of each is the role.

use videocalls_protocol::appointments::Appointments;
use videocalls_protocol::{
    Candidate, CloseAction, Decoded, Dialect, DisplayName, Event, IceServers, Join, MediaState,
    Peer, Refusal, Request, RoomName, Signal, Terms, Welcome,
};

use super::json;
use super::socketio_rooms::{OPEN, SOCKETIO_BARE, SOCKETIO_PREFIXES, unnumbered};
use super::subject::{Case, Subject, from, last_event};

const UNKNOWN: &[&str] = &[
    r#"42["hologram",{"a":1}]"#,
    r#"42[7]"#,
    r#"42/other,["apptData",[]]"#,
    "5",
];
const CLOSINGS: &[(u16, CloseAction)] = &[
    // The server has forgotten the session, or the client did not answer its pings.
    (1000, CloseAction::RejoinFresh),
    (1001, CloseAction::RejoinFresh),
    (1005, CloseAction::RejoinFresh),
    (1006, CloseAction::RejoinFresh),
    (1011, CloseAction::RejoinFresh),
    (1012, CloseAction::RejoinFresh),
    (1008, CloseAction::Terminal(Refusal::BadRequest)),
    (1009, CloseAction::Terminal(Refusal::BadRequest)),
];

pub(crate) const CLIENT: Subject = Subject {
    name: "appointments (client)",
    client,
    me: "client",
    other: professional,
    you: "professional",
    frames: client_frames,
    unknown: UNKNOWN,
    relay,
    carried: |signal| unnumbered(signal).filter(|it| !matches!(it, Signal::Answer { .. })),
    echoes: false,
    requests: client_requests,
    unencodable: Vec::new,
    close_actions: CLOSINGS,
    foreign_texts: false,
    candidate_frame: Some(|candidate| format!(r#"42["iceToClient",{candidate}]"#)),
    prefixes: SOCKETIO_PREFIXES,
    without_json: SOCKETIO_BARE,
    repeatable: last_event,
};

pub(crate) const PROFESSIONAL: Subject = Subject {
    name: "appointments (professional)",
    client: professional,
    me: "professional",
    other: client,
    you: "client",
    frames: professional_frames,
    unknown: UNKNOWN,
    relay,
    carried: |signal| unnumbered(signal).filter(|it| !matches!(it, Signal::Offer { .. })),
    echoes: false,
    requests: professional_requests,
    unencodable: Vec::new,
    close_actions: CLOSINGS,
    foreign_texts: false,
    candidate_frame: Some(|candidate| format!(r#"42["iceToClient",{candidate}]"#)),
    prefixes: SOCKETIO_PREFIXES,
    without_json: SOCKETIO_BARE,
    repeatable: last_event,
};

const APPOINTMENT: &str = r#"{"professionalsFullName":"Dr. Ünal 🩺","apptDate":1700000000000,"uuid":"u7","clientName":"Jim","iat":1700000000}"#;
const CLIENT_TOKEN: &str = "h.eyJwcm9mZXNzaW9uYWxzRnVsbE5hbWUiOiJEci4gw5xuYWwg8J-puiIsImFwcHREYXRlIjoxNzAwMDAwMDAwMDAwLCJ1dWlkIjoidTciLCJjbGllbnROYW1lIjoiSmltIiwiaWF0IjoxNzAwMDAwMDAwfQ.s";

/// Writes base64url (RFC 4648 section 5) without padding.
fn token(payload: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = "h.".to_owned();
    for three in payload.as_bytes().chunks(3) {
        let mut bits = 0;
        (0..3).for_each(|at| bits = bits << 8 | u32::from(*three.get(at).unwrap_or(&0)));
        for at in 0..=three.len() {
            let digit = bits >> (18 - 6 * at) & 63;
            text.push(DIGITS[digit as usize].into());
        }
    }
    text + ".s"
}

fn owner(payload: &str) -> Option<Box<dyn Dialect>> {
    Appointments::new(&token(payload)).map(|it| Box::new(it) as Box<dyn Dialect>)
}

fn connected(mut dialect: Box<dyn Dialect>, room: Option<&str>) -> Box<dyn Dialect> {
    let join = Join {
        room: room.and_then(|room| RoomName::new(room).ok()),
        name: None,
        token: None,
        resume: None,
        keeps: Vec::new(),
        media: MediaState::LIVE,
    };
    assert_eq!(dialect.encode(&Request::Join(join)), Ok(vec![]));
    dialect.decode(OPEN).unwrap();
    dialect.decode(r#"40{"sid":"s"}"#).unwrap();
    dialect
}

/// A client that has made no offer yet.
fn client_without_offer() -> Box<dyn Dialect> {
    connected(owner(APPOINTMENT).unwrap(), None)
}

/// A client that has sent an offer, which the server may not have processed yet.
fn client_with_unconfirmed_offer() -> Box<dyn Dialect> {
    let mut client = client_without_offer();
    client.encode(&signal(offer("v=0"))).unwrap();
    client
}

fn client() -> Box<dyn Dialect> {
    let mut client = client_with_unconfirmed_offer();
    assert_eq!(client.decode("430[[]]"), Ok(Decoded::default()));
    client
}

fn professional() -> Box<dyn Dialect> {
    connected(
        owner(r#"{"fullName":"Dr. Ünal","proId":1234,"iat":1}"#).unwrap(),
        Some("u7"),
    )
}

/// A professional that takes the first appointment with an offer.
fn open_professional() -> Box<dyn Dialect> {
    connected(owner(r#"{"proId":"x"}"#).unwrap(), None)
}

fn opened_client() -> Box<dyn Dialect> {
    let mut client = owner(APPOINTMENT).unwrap();
    client.decode(OPEN).unwrap();
    client
}

fn signal(signal: Signal) -> Request {
    Request::Signal { to: None, signal }
}

fn offer(sdp: &str) -> Signal {
    let sdp = sdp.to_owned();
    Signal::Offer { id: None, sdp }
}

fn answer(sdp: &str) -> Signal {
    let sdp = sdp.to_owned();
    Signal::Answer { id: None, sdp }
}

fn candidate() -> Signal {
    Signal::Candidate(Candidate {
        candidate: "candidate:1 1 udp 1 h 9 typ host".into(),
        sdp_mid: Some("0".into()),
        sdp_m_line_index: Some(0),
        username_fragment: None,
    })
}

fn found(id: &str, name: Option<&str>) -> Event {
    let name = name.and_then(|name| DisplayName::new(name).ok());
    Event::Found(Peer::new(from(id), name))
}

fn signal_from(id: &str, signal: Signal) -> Event {
    let from = from(id);
    Event::Signal { from, signal }
}

fn case(
    by: Option<fn() -> Box<dyn Dialect>>,
    frame: &'static str,
    events: Vec<Event>,
    replies: &[&str],
) -> Case {
    Case {
        client: by,
        frame,
        expected: Decoded {
            events,
            replies: replies.iter().map(|&reply| reply.to_owned()).collect(),
        },
    }
}

fn welcome(me: &str) -> Event {
    Event::Welcome(Welcome {
        id: from(me),
        peers: Vec::new(),
        resumed: false,
        heard: None,
        resume: None,
        epoch: None,
        seq: None,
        ping_interval: Some(18_750),
        keep_alive: None,
        ice_servers: IceServers::default(),
        terms: Terms::default(),
    })
}

fn client_frames() -> Vec<Case> {
    const ANSWER: &str = r#"42["answerToClient",{"type":"answer","sdp":"v=0\r\no=- é🎥\r\n"}]"#;
    const CANDIDATE: &str = r#"42["iceToClient",{"candidate":"candidate:1 1 udp 1 h 9 typ host","sdpMid":"0","sdpMLineIndex":0}]"#;
    const KNOWN: &str = r#"430[[{"candidate":"candidate:1 1 udp 1 h 9 typ host","sdpMid":"0","sdpMLineIndex":0},null,7]]"#;
    let answered = || {
        let answered = signal_from("professional", answer("v=0\r\no=- é🎥\r\n"));
        vec![found("professional", Some("Dr. Ünal 🩺")), answered]
    };
    let reachable = || vec![signal_from("professional", candidate())];
    vec![
        case(None, ANSWER, answered(), &[]),
        case(None, CANDIDATE, reachable(), &[]),
        case(None, KNOWN, reachable(), &[]),
        case(None, r#"42["answerToClient",null]"#, vec![], &[]),
        case(None, "2", vec![Event::Ping], &[]),
        case(None, "41", vec![Event::Refused(Refusal::Forbidden)], &[]),
        // An answer that comes before the server can have processed the offer is an old one.
        case(Some(client_without_offer), ANSWER, vec![], &[]),
        case(Some(client_with_unconfirmed_offer), ANSWER, vec![], &[]),
        case(
            Some(client_without_offer),
            r#"42["answerToClient",null]"#,
            vec![],
            &[],
        ),
        case(
            Some(client_with_unconfirmed_offer),
            r#"42["answerToClient",null]"#,
            vec![],
            &[],
        ),
        case(Some(client_without_offer), CANDIDATE, reachable(), &[]),
        case(
            Some(client_with_unconfirmed_offer),
            CANDIDATE,
            reachable(),
            &[],
        ),
        case(
            Some(opened_client),
            r#"40{"sid":"s"}"#,
            vec![welcome("client")],
            &[],
        ),
        case(
            Some(opened_client),
            r#"44{"message":"who?"}"#,
            vec![Event::Refused(Refusal::Forbidden)],
            &[],
        ),
        case(
            Some(|| Box::new(Appointments::new(CLIENT_TOKEN).unwrap())),
            OPEN,
            vec![],
            &[
                r#"40{"jwt":"h.eyJwcm9mZXNzaW9uYWxzRnVsbE5hbWUiOiJEci4gw5xuYWwg8J-puiIsImFwcHREYXRlIjoxNzAwMDAwMDAwMDAwLCJ1dWlkIjoidTciLCJjbGllbnROYW1lIjoiSmltIiwiaWF0IjoxNzAwMDAwMDAwfQ.s"}"#,
            ],
        ),
    ]
}

fn professional_frames() -> Vec<Case> {
    let offered = |name: Option<&str>, candidates: usize| {
        let mut events = vec![found("client", name), signal_from("client", offer("v=0"))];
        events.extend((0..candidates).map(|_| signal_from("client", candidate())));
        events
    };
    let asks = &[r#"420["getIce","u7","professional"]"#];
    vec![
        case(
            None,
            r#"42["newOfferWaiting",{"professionalsFullName":"Dr. Ünal","apptDate":1,"uuid":"u7","clientName":"Jim 🎥","offer":{"type":"offer","sdp":"v=0"},"offererIceCandidates":[{"candidate":"candidate:1 1 udp 1 h 9 typ host","sdpMid":"0","sdpMLineIndex":0}],"answer":null,"answerIceCandidates":[]}]"#,
            offered(Some("Jim 🎥"), 1),
            asks,
        ),
        // As the forks spell it.
        case(
            None,
            r#"42["newOfferWaiting",{"professionFullName":"Dr. Ünal","appDate":1,"uuid":"u7","clientName":" ","offer":{"type":"offer","sdp":"v=0"},"OfferIceCandidates":[null,{"candidate":"candidate:1 1 udp 1 h 9 typ host","sdpMid":"0","sdpMLineIndex":0},[],{}],"Answer":null,"AnswerIceCandidates":[]}]"#,
            offered(None, 1),
            asks,
        ),
        case(
            Some(open_professional),
            r#"42["newOfferWaiting",{"uuid":2,"offer":{"type":"offer","sdp":"v=0"},"offererIceCandidates":[]}]"#,
            offered(None, 0),
            &[r#"420["getIce","2","professional"]"#],
        ),
        case(
            None,
            r#"42["newOfferWaiting",{"uuid":"of another client","offer":{"type":"offer","sdp":"v=0"}}]"#,
            vec![],
            &[],
        ),
        case(
            None,
            r#"42["iceToClient",{"candidate":"candidate:1 1 udp 1 h 9 typ host","sdpMid":"0","sdpMLineIndex":0}]"#,
            vec![signal_from("client", candidate())],
            &[],
        ),
        case(
            None,
            r#"430[[{"candidate":"candidate:1 1 udp 1 h 9 typ host","sdpMid":"0","sdpMLineIndex":0}]]"#,
            vec![signal_from("client", candidate())],
            &[],
        ),
        case(None, "430[null]", vec![], &[]),
        case(None, "430[]", vec![], &[]),
        case(
            None,
            r#"42["apptData",[{"professionalsFullName":"Dr. Ünal","apptDate":1,"uuid":1,"clientName":"Jim","waiting":true}]]"#,
            vec![],
            &[],
        ),
        case(None, "2", vec![Event::Ping], &[]),
        case(None, "41", vec![Event::Refused(Refusal::Forbidden)], &[]),
    ]
}

/// What the server makes of a frame of one of them.
fn relay(frame: &str) -> String {
    let (head, Some(mut message)) = json::read(frame) else {
        panic!("{frame} has no JSON");
    };
    if head == "420" || head == "421" {
        return "430[[]]".to_owned();
    }
    let mut payload = message[1].take();
    let (name, payload) = match message[0].as_str().unwrap() {
        "newOffer" => {
            let mut waiting = payload["apptInfo"].take();
            waiting["offer"] = payload["offer"].take();
            waiting["offererIceCandidates"] = json::value("[]");
            ("newOfferWaiting", waiting)
        }
        "newAnswer" => {
            assert_eq!(payload["uuid"], "u7");
            ("answerToClient", payload["answer"].take())
        }
        "iceToServer" => {
            assert_eq!(payload["uuid"], "u7");
            assert!(payload["who"] == "client" || payload["who"] == "professional");
            ("iceToClient", payload["iceC"].take())
        }
        other => panic!("the server does not know {other}"),
    };
    format!("42[\"{name}\",{payload}]")
}

fn client_requests() -> Vec<(Request, Vec<&'static str>)> {
    let nothing = [
        signal(answer("v=0")),
        signal(Signal::Candidate(Candidate::default())),
        Request::Media(MediaState::LIVE),
        Request::Bye,
    ];
    let mut requests = vec![
        (
            signal(offer("v=0\r\n")),
            vec![
                r#"420["getIce","u7","client"]"#,
                r#"42["newOffer",{"offer":{"type":"offer","sdp":"v=0\r\n"},"apptInfo":{"professionalsFullName":"Dr. Ünal 🩺","apptDate":1700000000000,"uuid":"u7","clientName":"Jim","iat":1700000000}}]"#,
                r#"421["getIce","u7","client"]"#,
            ],
        ),
        (
            signal(candidate()),
            vec![
                r#"42["iceToServer",{"iceC":{"candidate":"candidate:1 1 udp 1 h 9 typ host","sdpMid":"0","sdpMLineIndex":0},"who":"client","uuid":"u7"}]"#,
            ],
        ),
        (Request::Pong, vec!["3"]),
        (Request::Ping, vec!["2"]),
    ];
    requests.extend(nothing.map(|request| (request, vec![])));
    requests
}

fn professional_requests() -> Vec<(Request, Vec<&'static str>)> {
    vec![
        (
            signal(answer("v=0\r\n")),
            vec![r#"42["newAnswer",{"answer":{"type":"answer","sdp":"v=0\r\n"},"uuid":"u7"}]"#],
        ),
        (
            signal(candidate()),
            vec![
                r#"42["iceToServer",{"iceC":{"candidate":"candidate:1 1 udp 1 h 9 typ host","sdpMid":"0","sdpMLineIndex":0},"who":"professional","uuid":"u7"}]"#,
            ],
        ),
        (signal(offer("v=0")), vec![]),
        (Request::Bye, vec![]),
    ]
}

/// The server loses candidates that come before their offer.
#[test]
fn candidate_before_the_offer_is_not_sent() {
    let mut client = client_without_offer();
    assert_eq!(client.encode(&signal(candidate())), Ok(vec![]));
    client.encode(&signal(offer("v=0"))).unwrap();
    assert_eq!(client.encode(&signal(candidate())).unwrap().len(), 1);
    let mut professional = open_professional();
    for early in [answer("v=0"), candidate()] {
        assert_eq!(professional.encode(&signal(early)), Ok(vec![]));
    }
}

const fn answers() -> [&'static str; 2] {
    [
        r#"42["answerToClient",{"type":"answer","sdp":"old"}]"#,
        r#"42["answerToClient",{"type":"answer","sdp":"new"}]"#,
    ]
}

/// The answer of an earlier visit arrives after the new offer was sent.
#[test]
fn answer_before_the_first_acknowledgement_is_ignored_as_old() {
    let [old, new] = answers();
    let mut client = client_with_unconfirmed_offer();
    assert_eq!(client.decode(old), Ok(Decoded::default()));
    assert_eq!(client.decode("430[[]]"), Ok(Decoded::default()));
    let read = client.decode(new).unwrap().events;
    assert_eq!(
        read.last(),
        Some(&signal_from("professional", answer("new")))
    );
    client.encode(&signal(offer("v=1"))).unwrap();
    assert_eq!(client.decode(new), Ok(Decoded::default()), "a new offer");
}

/// A server without an earlier offer does not acknowledge the first request, and has no old answer.
#[test]
fn answer_before_the_second_acknowledgement_is_used_after_it() {
    let [_, new] = answers();
    let mut client = client_with_unconfirmed_offer();
    assert_eq!(client.decode(new), Ok(Decoded::default()));
    let read = client.decode("431[[]]").unwrap().events;
    assert_eq!(
        read.last(),
        Some(&signal_from("professional", answer("new")))
    );
    assert_eq!(client.decode("431[[]]"), Ok(Decoded::default()), "once");
}

/// Some servers acknowledge nothing. Candidates after an answer show that it is current.
#[test]
fn answer_is_used_when_candidates_follow_without_acknowledgement() {
    let [old, new] = answers();
    let mut client = client_with_unconfirmed_offer();
    client.decode(old).unwrap();
    client.decode(new).unwrap();
    let candidate_frame = r#"42["iceToClient",{"candidate":"candidate:1 1 udp 1 h 9 typ host","sdpMid":"0","sdpMLineIndex":0}]"#;
    let read = client.decode(candidate_frame).unwrap().events;
    let expected = [answer("new"), candidate()].map(|signal| signal_from("professional", signal));
    assert_eq!(read[1..], expected);
}

/// Requests are lost with the socket, and the server repeats its stored answer.
#[test]
fn after_reconnect_repeated_answer_does_not_match_a_lost_offer() {
    let [old, new] = answers();
    let mut client = client_with_unconfirmed_offer();
    client.opened();
    client.decode(OPEN).unwrap();
    assert_eq!(
        client.decode(r#"40{"sid":"s2"}"#).unwrap().events,
        [welcome("client")]
    );
    assert_eq!(client.decode(old), Ok(Decoded::default()));
    assert_eq!(
        client.encode(&signal(candidate())),
        Ok(vec![]),
        "there is no offer either"
    );
    client.encode(&signal(offer("v=1"))).unwrap();
    client.decode("430[[]]").unwrap();
    let read = client.decode(new).unwrap().events;
    assert_eq!(
        read.last(),
        Some(&signal_from("professional", answer("new")))
    );
}

/// The session recognizes the repetition.
#[test]
fn after_reconnect_answer_to_an_answered_offer_is_passed_on_again() {
    let [_, new] = answers();
    let mut client = client();
    client.decode(new).unwrap();
    client.opened();
    client.decode(OPEN).unwrap();
    client.decode(r#"40{"sid":"s2"}"#).unwrap();
    let read = client.decode(new).unwrap().events;
    assert_eq!(
        read.last(),
        Some(&signal_from("professional", answer("new")))
    );
    assert_eq!(client.encode(&signal(candidate())).unwrap().len(), 1);
}

#[test]
fn professional_ignores_offers_of_other_appointments() {
    let mut professional = open_professional();
    let waiting = |uuid: &str| {
        format!(r#"42["newOfferWaiting",{{"uuid":{uuid},"offer":{{"type":"offer","sdp":"v=0"}}}}]"#)
    };
    assert_eq!(professional.decode(&waiting("1")).unwrap().events.len(), 2);
    assert_eq!(professional.decode(&waiting("2")), Ok(Decoded::default()));
    let again = professional.decode(&waiting("\"1\"")).unwrap();
    assert_eq!(
        again.events.len(),
        2,
        "a string and a number are the same id"
    );
}

#[test]
fn professional_name_is_read_in_all_spellings_of_the_forks() {
    for field in [
        "professionalsFullName",
        "proffessionalsFullName",
        "professionalFullName",
        "professionFullName",
    ] {
        let mut client = connected(
            owner(&format!(r#"{{"{field}":"Dr. No","uuid":3}}"#)).unwrap(),
            None,
        );
        let frames = client.encode(&signal(offer("v=0"))).unwrap();
        assert!(frames[1].contains(r#""uuid":3}"#), "as in the token");
        client.decode("430[[]]").unwrap();
        let read = client.decode(answers()[1]).unwrap().events;
        assert_eq!(read[0], found("professional", Some("Dr. No")));
    }
}

#[test]
fn text_that_is_not_a_token_is_rejected() {
    let bad = [
        "",
        ".",
        "..",
        "a",
        "a.b",
        "a.b.c",
        "h.e30.s",
        "h.e30=.s",
        "h.bnVsbA.s",
        "h.W10.s",
        "h.\u{e9}.s",
        "h._____w.s",
        "h.eyJ1dWlkIjox.s",
    ];
    for bad in bad {
        assert!(Appointments::new(bad).is_none(), "{bad}");
    }
    for payload in [
        r#"{"uuid":null}"#,
        r#"{"uuid":{}}"#,
        r#"{"proId":null}"#,
        "[]",
        "7",
    ] {
        assert!(owner(payload).is_none(), "{payload}");
    }
    let long = format!(r#"{{"uuid":1,"x":"{}"}}"#, "x".repeat(1 << 20));
    assert!(owner(&long).is_some());
    assert_eq!(token(APPOINTMENT), CLIENT_TOKEN);
}

#[test]
fn preflight_status_of_an_unknown_link_is_a_refusal() {
    let mut client = client_without_offer();
    let preflight = client.preflight().unwrap();
    assert_eq!(preflight.path, "/validate-link");
    assert_eq!(json::value(&preflight.body)["token"], CLIENT_TOKEN);
    for status in [0, 200, 204, 304, 404, 405] {
        assert_eq!(
            client.preflight_done(status),
            Decoded::default(),
            "{status}"
        );
    }
    for status in [400, 401, 403, 500] {
        let refused = Event::Refused(Refusal::Forbidden).into();
        assert_eq!(client.preflight_done(status), refused, "{status}");
    }
}
