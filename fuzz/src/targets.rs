//! The fuzz targets. Each line of an input is a frame from a server, and the client sends something
//! after each. Used by the fuzzer and by `tests/fuzz.rs` of `videocalls-session`.

#![allow(dead_code, reason = "each target uses its own part")]

use videocalls_protocol::appointments::Appointments;
use videocalls_protocol::channels_mesh::ChannelsMesh;
use videocalls_protocol::data::{announce, decode, encode};
use videocalls_protocol::relay::Relay;
use videocalls_protocol::rooms::{Incoming, Rooms, read_request, write_event};
use videocalls_protocol::socketio_rooms::SocketIoRooms;
use videocalls_protocol::{
    Candidate, Dialect, DisplayName, Event, Join, MediaState, ParticipantId, Request, RoomName,
    Signal,
};
use videocalls_session::{Config, Input, LinkReport, Muted, Output, Session, Source, Timestamp};

/// The tokens contain `{"uuid":"u7","clientName":"Jim"}` and `{"proId":1}`.
const CLIENT: &str = "h.eyJ1dWlkIjoidTciLCJjbGllbnROYW1lIjoiSmltIn0.s";
const PROFESSIONAL: &str = "h.eyJwcm9JZCI6MX0.s";
const SDP: &str = "v=0\r\no=- 7 1 IN IP4 0.0.0.0\r\nm=audio 9 X 0\r\na=mid:0\r\na=ice-ufrag:u\r\n";

/// A target, by the name of its corpus.
pub(crate) struct Target(pub(crate) &'static str, pub(crate) fn(&[u8]));

pub(crate) const TARGETS: [Target; 10] = [
    Target("rooms", rooms),
    Target("rooms_server", rooms_server),
    Target("relay", relay),
    Target("socketio_rooms", socketio_rooms),
    Target("channels_mesh", channels_mesh),
    Target("client", client),
    Target("professional", professional),
    Target("descriptions", descriptions),
    Target("calls", calls),
    Target("data", data),
];

pub(crate) fn rooms(data: &[u8]) {
    talk(Rooms::default(), data);
}

pub(crate) fn relay(data: &[u8]) {
    talk(Relay::new("me"), data);
}

pub(crate) fn socketio_rooms(data: &[u8]) {
    talk(SocketIoRooms::new(), data);
}

pub(crate) fn channels_mesh(data: &[u8]) {
    talk(ChannelsMesh::new("123456"), data);
}

pub(crate) fn client(data: &[u8]) {
    if let Some(codec) = Appointments::new(CLIENT) {
        talk(codec, data);
    }
}

/// The first line is read as a token, too.
pub(crate) fn professional(data: &[u8]) {
    let _ = lines(data).next().map(|line| Appointments::new(&line));
    if let Some(codec) = Appointments::new(PROFESSIONAL) {
        talk(codec, data);
    }
}

/// A client's frame reads the same after it is written again.
pub(crate) fn rooms_server(data: &[u8]) {
    for frame in lines(data) {
        let Ok(Incoming::Request(request)) = read_request(&frame) else {
            continue;
        };
        if let Request::Join(_) | Request::Signal { .. } | Request::Media(_) = &request {
            let written = Rooms::default().encode(&request).unwrap_or_default();
            let read = written.first().map(|frame| read_request(frame));
            assert_eq!(read, Some(Ok(Incoming::Request(request.clone()))));
        }
        if let Request::Signal {
            to: Some(from),
            signal,
        } = request
        {
            let event = Event::Signal { from, signal };
            let read = Rooms::default().decode(&write_event(&event, Some(7)));
            assert_eq!(read, Ok(event.into()));
        }
    }
}

/// Each line is in turn an offer, an answer or a candidate for a session on a relay, with `|` for the
/// ends of its lines.
pub(crate) fn descriptions(data: &[u8]) {
    let codec = Relay::new("m");
    let mut session = started(&codec);
    let mut now = 0;
    for (index, line) in lines(data).enumerate() {
        let sdp = line.replace('|', "\r\n");
        let signal = match index % 3 {
            0 => Signal::Offer { id: None, sdp },
            1 => Signal::Answer { id: None, sdp },
            _ => Signal::Candidate(Candidate {
                username_fragment: sdp.get(..4).map(str::to_owned),
                candidate: sdp,
                ..Candidate::default()
            }),
        };
        let from = ParticipantId::new(if line.len() % 2 == 0 { "a" } else { "z" });
        now += 400;
        feed(
            &mut session,
            now,
            Input::SignalingEvent(Event::Signal { from, signal }),
        );
        feed(&mut session, now, Input::Timeout);
    }
    settle(session, now);
}

/// A whole call, in the dialect that the first byte selects.
pub(crate) fn calls(data: &[u8]) {
    let Some((which, data)) = data.split_first() else {
        return;
    };
    match which % 6 {
        0 => call(Rooms::default(), data),
        1 => call(Relay::new("me"), data),
        2 => call(SocketIoRooms::new(), data),
        3 => call(ChannelsMesh::new("123456"), data),
        4 => Appointments::new(CLIENT)
            .into_iter()
            .for_each(|it| call(it, data)),
        _ => Appointments::new(PROFESSIONAL)
            .into_iter()
            .for_each(|it| call(it, data)),
    }
}

/// Messages of data channels, each after its length in one byte. A message reads the same after it is
/// written again, and a session takes it from a peer.
pub(crate) fn data(mut data: &[u8]) {
    let mut session = started(&Relay::new("m"));
    let from = ParticipantId::new("z");
    let sdp = announce(&[SDP, "m=application 9 X\r\n"].concat());
    let signal = Signal::Offer { id: None, sdp };
    let offer = Event::Signal {
        from: from.clone(),
        signal,
    };
    // Our own offer has met with no answer, so theirs is accepted at once.
    feed(&mut session, 5_000, Input::SignalingEvent(offer));
    let Some(link) = session.link_of(&from) else {
        return;
    };
    let mut report = |report| drop(feed(&mut session, 5_000, Input::Link { link, report }));
    while let Some((&length, rest)) = data.split_first() {
        let (message, rest) = rest.split_at(rest.len().min(length.into()));
        data = rest;
        if let Ok(Some(read)) = decode(message) {
            assert_eq!(decode(&encode(&read)), Ok(Some(read)));
        }
        report(LinkReport::Data(message.to_vec()));
        // The last byte may stand for a new channel.
        if message.last() == Some(&1) {
            report(LinkReport::DataOpened);
        }
    }
    settle(session, 5_000);
}

/// A client reads each line and sends an offer after each.
fn talk(mut codec: impl Dialect, data: &[u8]) {
    let before = codec.capabilities();
    let mut whom = None;
    say(&mut codec, &Request::Join(join()));
    for frame in lines(data) {
        let decoded = codec.decode(&frame).unwrap_or_default();
        for event in &decoded.events {
            if let Event::Joined(peer) | Event::Found(peer) = event {
                whom = Some(peer.id.clone());
            }
        }
        let (sdp, to) = (SDP.to_owned(), whom.clone());
        say(
            &mut codec,
            &Request::Signal {
                to,
                signal: Signal::Offer { id: None, sdp },
            },
        );
    }
    assert_eq!(codec.capabilities(), before);
    let _ = codec.read_chat(&codec.write_chat("x"));
}

/// A client reads each line, and a session decides what it sends.
fn call(mut codec: impl Dialect, data: &[u8]) {
    let mut session = started(&codec);
    let mut now = 0;
    say(&mut codec, &Request::Join(join()));
    for frame in lines(data) {
        now += 700;
        let decoded = codec.decode(&frame).unwrap_or_default();
        for event in decoded.events {
            for request in feed(&mut session, now, Input::SignalingEvent(event)) {
                say(&mut codec, &request);
            }
        }
        for request in feed(&mut session, now, Input::Timeout) {
            say(&mut codec, &request);
        }
    }
    settle(session, now);
}

fn lines(data: &[u8]) -> impl Iterator<Item = String> {
    data.split(|&byte| byte == b'\n')
        .take(8)
        .map(|line| String::from_utf8_lossy(line).into_owned())
}

fn join() -> Join {
    Join {
        room: RoomName::new("u7").ok(),
        name: DisplayName::new("Ann").ok(),
        token: None,
        resume: None,
        keeps: Vec::new(),
        media: MediaState::LIVE,
    }
}

/// Frames must not contain line ends.
fn say(codec: &mut impl Dialect, request: &Request) {
    for frame in codec.encode(request).unwrap_or_default() {
        assert!(!frame.contains('\n'));
    }
}

fn started(codec: &impl Dialect) -> Session {
    let join = join();
    let mut session = Session::new(Config {
        capabilities: codec.capabilities(),
        room: join.room,
        name: join.name,
        token: None,
        fetches_token: false,
        own_id: codec.own_id(),
        audio: Source::Device,
        video: Source::Nothing,
        muted: Muted::default(),
        patience: std::time::Duration::from_secs(60),
        seed: 7,
        measures: true,
    });
    for input in [
        Input::Start,
        Input::SignalingOpened,
        Input::MediaSettled(MediaState::LIVE),
    ] {
        feed(&mut session, 0, input);
    }
    session
}

/// Handles an input, answers its outputs like a browser, and returns the requests to send.
fn feed(session: &mut Session, now: u64, input: Input) -> Vec<Request> {
    let (mut inputs, mut sent) = (vec![input], Vec::new());
    // The version grows with each description, as in a browser.
    let mut version = now;
    let mut turns = 0;
    while let Some(input) = inputs.pop() {
        turns += 1;
        assert!(turns < 10_000, "the session never settles");
        session.handle(Timestamp::from_millis(now), input);
        while let Some(output) = session.poll() {
            match output {
                Output::Send(request) => sent.push(request),
                Output::Link { link, op } => {
                    version += 1;
                    let sdp = SDP.replace("7 1", &["7 ", &version.to_string()].concat());
                    let report = report(op, sdp);
                    inputs.extend(report.map(|report| Input::Link { link, report }));
                }
                _ => {}
            }
        }
    }
    sent
}

fn report(op: videocalls_session::LinkOp, sdp: String) -> Option<LinkReport> {
    use videocalls_session::LinkOp;
    match op {
        LinkOp::CreateOffer { token } | LinkOp::AcceptOffer { token, .. } => {
            Some(LinkReport::DescriptionCreated { token, sdp })
        }
        LinkOp::AcceptAnswer { token, .. } => Some(LinkReport::AnswerApplied { token }),
        _ => None,
    }
}

/// Ending the call releases everything, whatever came before.
fn settle(mut session: Session, now: u64) {
    let end = Input::End(videocalls_session::EndReason::Left);
    feed(&mut session, now, end);
    assert_eq!(session.next_timeout(), None);
    assert!(session.snapshot().participants.is_empty());
}
