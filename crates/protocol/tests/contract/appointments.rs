//! A client and a professional with their links. Each is known to the other by the role.

use videocalls_protocol::appointments::Appointments;
use videocalls_protocol::{
    Candidate, CloseAction, Decoded, Dialect, DisplayName, Event, Join, MediaState, Peer, Refusal,
    Request, RoomName, Signal, Welcome,
};

use super::json;
use super::socketio_rooms::{OPEN, SOCKETIO_BARE, SOCKETIO_HEADS, unnumbered};
use super::subject::{Said, Subject, from, last_event};

const UNKNOWN: &[&str] = &[
    r#"42["hologram",{"a":1}]"#,
    r#"42[7]"#,
    r#"42/other,["apptData",[]]"#,
    "5",
];
const CLOSINGS: &[(u16, CloseAction)] = &[
    // A session that the server does not know any more, or that did not answer its pings.
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
    pass_on,
    carried: |signal| unnumbered(signal).filter(|it| !matches!(it, Signal::Answer { .. })),
    echoes: false,
    requests: client_requests,
    unsayable: Vec::new,
    closings: CLOSINGS,
    heads: SOCKETIO_HEADS,
    bare: SOCKETIO_BARE,
    lasting: last_event,
};

pub(crate) const PROFESSIONAL: Subject = Subject {
    name: "appointments (professional)",
    client: professional,
    me: "professional",
    other: client,
    you: "client",
    frames: professional_frames,
    unknown: UNKNOWN,
    pass_on,
    carried: |signal| unnumbered(signal).filter(|it| !matches!(it, Signal::Offer { .. })),
    echoes: false,
    requests: professional_requests,
    unsayable: Vec::new,
    closings: CLOSINGS,
    heads: SOCKETIO_HEADS,
    bare: SOCKETIO_BARE,
    lasting: last_event,
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

/// Has made no offer yet.
fn fresh_client() -> Box<dyn Dialect> {
    connected(owner(APPOINTMENT).unwrap(), None)
}

/// Has made an offer, which the server may not have taken yet.
fn offering_client() -> Box<dyn Dialect> {
    let mut client = fresh_client();
    client.encode(&signal(offer("v=0"))).unwrap();
    client
}

fn client() -> Box<dyn Dialect> {
    let mut client = offering_client();
    assert_eq!(client.decode("430[[]]"), Ok(Decoded::default()));
    client
}

fn professional() -> Box<dyn Dialect> {
    connected(
        owner(r#"{"fullName":"Dr. Ünal","proId":1234,"iat":1}"#).unwrap(),
        Some("u7"),
    )
}

/// Takes whoever has an offer first.
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

fn says(id: &str, signal: Signal) -> Event {
    let from = from(id);
    Event::Signal { from, signal }
}

fn said(
    by: Option<fn() -> Box<dyn Dialect>>,
    frame: &'static str,
    events: Vec<Event>,
    replies: &[&str],
) -> Said {
    Said {
        by,
        frame,
        means: Decoded {
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
    })
}

fn client_frames() -> Vec<Said> {
    const ANSWER: &str = r#"42["answerToClient",{"type":"answer","sdp":"v=0\r\no=- é🎥\r\n"}]"#;
    const CANDIDATE: &str = r#"42["iceToClient",{"candidate":"candidate:1 1 udp 1 h 9 typ host","sdpMid":"0","sdpMLineIndex":0}]"#;
    const KNOWN: &str = r#"430[[{"candidate":"candidate:1 1 udp 1 h 9 typ host","sdpMid":"0","sdpMLineIndex":0},null,7]]"#;
    let heard = || {
        let answered = says("professional", answer("v=0\r\no=- é🎥\r\n"));
        vec![found("professional", Some("Dr. Ünal 🩺")), answered]
    };
    let reachable = || vec![says("professional", candidate())];
    vec![
        said(None, ANSWER, heard(), &[]),
        said(None, CANDIDATE, reachable(), &[]),
        said(None, KNOWN, reachable(), &[]),
        said(None, r#"42["answerToClient",null]"#, vec![], &[]),
        said(None, "2", vec![Event::Ping], &[]),
        said(None, "41", vec![Event::Refused(Refusal::Forbidden)], &[]),
        // An answer that comes before the server can have heard the offer is an old one.
        said(Some(fresh_client), ANSWER, vec![], &[]),
        said(Some(offering_client), ANSWER, vec![], &[]),
        said(
            Some(fresh_client),
            r#"42["answerToClient",null]"#,
            vec![],
            &[],
        ),
        said(
            Some(offering_client),
            r#"42["answerToClient",null]"#,
            vec![],
            &[],
        ),
        said(Some(fresh_client), CANDIDATE, reachable(), &[]),
        said(Some(offering_client), CANDIDATE, reachable(), &[]),
        said(
            Some(opened_client),
            r#"40{"sid":"s"}"#,
            vec![welcome("client")],
            &[],
        ),
        said(
            Some(opened_client),
            r#"44{"message":"who?"}"#,
            vec![Event::Refused(Refusal::Forbidden)],
            &[],
        ),
        said(
            Some(|| Box::new(Appointments::new(CLIENT_TOKEN).unwrap())),
            OPEN,
            vec![],
            &[
                r#"40{"jwt":"h.eyJwcm9mZXNzaW9uYWxzRnVsbE5hbWUiOiJEci4gw5xuYWwg8J-puiIsImFwcHREYXRlIjoxNzAwMDAwMDAwMDAwLCJ1dWlkIjoidTciLCJjbGllbnROYW1lIjoiSmltIiwiaWF0IjoxNzAwMDAwMDAwfQ.s"}"#,
            ],
        ),
    ]
}

fn professional_frames() -> Vec<Said> {
    let offered = |name: Option<&str>, candidates: usize| {
        let mut events = vec![found("client", name), says("client", offer("v=0"))];
        events.extend((0..candidates).map(|_| says("client", candidate())));
        events
    };
    let asks = &[r#"420["getIce","u7","professional"]"#];
    vec![
        said(
            None,
            r#"42["newOfferWaiting",{"professionalsFullName":"Dr. Ünal","apptDate":1,"uuid":"u7","clientName":"Jim 🎥","offer":{"type":"offer","sdp":"v=0"},"offererIceCandidates":[{"candidate":"candidate:1 1 udp 1 h 9 typ host","sdpMid":"0","sdpMLineIndex":0}],"answer":null,"answerIceCandidates":[]}]"#,
            offered(Some("Jim 🎥"), 1),
            asks,
        ),
        // As the forks spell it.
        said(
            None,
            r#"42["newOfferWaiting",{"professionFullName":"Dr. Ünal","appDate":1,"uuid":"u7","clientName":" ","offer":{"type":"offer","sdp":"v=0"},"OfferIceCandidates":[null,{"candidate":"candidate:1 1 udp 1 h 9 typ host","sdpMid":"0","sdpMLineIndex":0},[],{}],"Answer":null,"AnswerIceCandidates":[]}]"#,
            offered(None, 1),
            asks,
        ),
        said(
            Some(open_professional),
            r#"42["newOfferWaiting",{"uuid":2,"offer":{"type":"offer","sdp":"v=0"},"offererIceCandidates":[]}]"#,
            offered(None, 0),
            &[r#"420["getIce","2","professional"]"#],
        ),
        said(
            None,
            r#"42["newOfferWaiting",{"uuid":"of another client","offer":{"type":"offer","sdp":"v=0"}}]"#,
            vec![],
            &[],
        ),
        said(
            None,
            r#"42["iceToClient",{"candidate":"candidate:1 1 udp 1 h 9 typ host","sdpMid":"0","sdpMLineIndex":0}]"#,
            vec![says("client", candidate())],
            &[],
        ),
        said(
            None,
            r#"430[[{"candidate":"candidate:1 1 udp 1 h 9 typ host","sdpMid":"0","sdpMLineIndex":0}]]"#,
            vec![says("client", candidate())],
            &[],
        ),
        said(None, "430[null]", vec![], &[]),
        said(None, "430[]", vec![], &[]),
        said(
            None,
            r#"42["apptData",[{"professionalsFullName":"Dr. Ünal","apptDate":1,"uuid":1,"clientName":"Jim","waiting":true}]]"#,
            vec![],
            &[],
        ),
        said(None, "2", vec![Event::Ping], &[]),
        said(None, "41", vec![Event::Refused(Refusal::Forbidden)], &[]),
    ]
}

/// What the server makes of what one of them says.
fn pass_on(frame: &str) -> String {
    let (head, Some(mut message)) = json::read(frame) else {
        panic!("{frame} says nothing");
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

/// The server loses candidates that come before the offer they belong to.
#[test]
fn a_candidate_before_the_offer_is_not_said() {
    let mut client = fresh_client();
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

/// The answer of an earlier visit arrives when the new offer is on its way already.
#[test]
fn an_answer_that_came_before_the_first_question_was_answered_is_an_old_one() {
    let [old, new] = answers();
    let mut client = offering_client();
    assert_eq!(client.decode(old), Ok(Decoded::default()));
    assert_eq!(client.decode("430[[]]"), Ok(Decoded::default()));
    let heard = client.decode(new).unwrap().events;
    assert_eq!(heard.last(), Some(&says("professional", answer("new"))));
    client.encode(&signal(offer("v=1"))).unwrap();
    assert_eq!(client.decode(new), Ok(Decoded::default()), "a new offer");
}

/// A server that knows no offer leaves the first question unanswered, and has no old answer.
#[test]
fn an_answer_that_overtakes_the_second_question_counts() {
    let [_, new] = answers();
    let mut client = offering_client();
    assert_eq!(client.decode(new), Ok(Decoded::default()));
    let heard = client.decode("431[[]]").unwrap().events;
    assert_eq!(heard.last(), Some(&says("professional", answer("new"))));
    assert_eq!(client.decode("431[[]]"), Ok(Decoded::default()), "once");
}

/// A server that does not answer the question is known by the candidates behind the answer.
#[test]
fn an_answer_with_candidates_behind_it_counts_all_the_same() {
    let [old, new] = answers();
    let mut client = offering_client();
    client.decode(old).unwrap();
    client.decode(new).unwrap();
    let candidate_frame = r#"42["iceToClient",{"candidate":"candidate:1 1 udp 1 h 9 typ host","sdpMid":"0","sdpMLineIndex":0}]"#;
    let heard = client.decode(candidate_frame).unwrap().events;
    let said = [answer("new"), candidate()].map(|signal| says("professional", signal));
    assert_eq!(heard[1..], said);
}

/// What was asked behind the offer is lost with the socket, and the server repeats what it has kept.
#[test]
fn who_comes_back_does_not_take_the_repeated_answer_for_one_to_a_lost_offer() {
    let [old, new] = answers();
    let mut client = offering_client();
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
        "nor is there an offer"
    );
    client.encode(&signal(offer("v=1"))).unwrap();
    client.decode("430[[]]").unwrap();
    let heard = client.decode(new).unwrap().events;
    assert_eq!(heard.last(), Some(&says("professional", answer("new"))));
}

/// It is as good as the first time; the session knows it for a repetition.
#[test]
fn who_comes_back_from_an_answered_offer_hears_the_answer_again() {
    let [_, new] = answers();
    let mut client = client();
    client.decode(new).unwrap();
    client.opened();
    client.decode(OPEN).unwrap();
    client.decode(r#"40{"sid":"s2"}"#).unwrap();
    let heard = client.decode(new).unwrap().events;
    assert_eq!(heard.last(), Some(&says("professional", answer("new"))));
    assert_eq!(client.encode(&signal(candidate())).unwrap().len(), 1);
}

#[test]
fn a_professional_keeps_to_the_first_appointment_that_waits() {
    let mut professional = open_professional();
    let waiting = |uuid: &str| {
        format!(r#"42["newOfferWaiting",{{"uuid":{uuid},"offer":{{"type":"offer","sdp":"v=0"}}}}]"#)
    };
    assert_eq!(professional.decode(&waiting("1")).unwrap().events.len(), 2);
    assert_eq!(professional.decode(&waiting("2")), Ok(Decoded::default()));
    let again = professional.decode(&waiting("\"1\"")).unwrap();
    assert_eq!(again.events.len(), 2, "a text or a number, it is the same");
}

#[test]
fn who_owns_a_token_is_read_as_the_forks_spell_it() {
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
        assert!(frames[1].contains(r#""uuid":3}"#), "as the server gave it");
        client.decode("430[[]]").unwrap();
        let heard = client.decode(answers()[1]).unwrap().events;
        assert_eq!(heard[0], found("professional", Some("Dr. No")));
    }
}

#[test]
fn what_is_no_token_makes_no_codec() {
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
fn a_link_that_the_server_does_not_accept_is_a_refusal() {
    let mut client = fresh_client();
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
