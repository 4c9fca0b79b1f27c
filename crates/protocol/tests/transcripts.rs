//! Replays the conversations of `transcripts/`; their format is described in the README there.
#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on has failed"
)]

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use videocalls_protocol::appointments::Appointments;
use videocalls_protocol::channels_mesh::ChannelsMesh;
use videocalls_protocol::relay::Relay;
use videocalls_protocol::rooms::Rooms;
use videocalls_protocol::socketio_rooms::SocketIoRooms;
use videocalls_protocol::{
    Candidate, Dialect, DisplayName, Event, Join, MediaState, ParticipantId, Peer, Request,
    RoomName, Signal, TrackSources,
};

#[test]
fn transcripts_replay_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let dialects = entries(&folder).into_iter().filter(|path| path.is_dir());
    let mut replayed = 0;
    for path in dialects.flat_map(|dialect| entries(&dialect)) {
        replay(&path);
        replayed += 1;
    }
    assert!(replayed >= 10, "both orders of five dialects");
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn replay(path: &Path) {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut lines: VecDeque<_> = lines
        .map(|line| line.split_once(' ').expect(line))
        .collect();
    let (_, codec) = lines.pop_front().unwrap();
    let mut codec = self::codec(codec);
    while let Some((mark, line)) = lines.pop_front() {
        let (events, frames) = match mark {
            "?" => (Vec::new(), codec.encode(&request(line)).expect(line)),
            "S>" => {
                let decoded = codec.decode(line).expect(line);
                (decoded.events, decoded.replies)
            }
            _ => panic!("{}: {mark} {line} is unexpected", path.display()),
        };
        let take_lines = |lines: &mut VecDeque<(&str, &str)>, mark| {
            let mut taken = Vec::new();
            while let Some((_, line)) = lines.pop_front_if(|(it, _)| *it == mark) {
                taken.push(line.to_owned());
            }
            taken
        };
        let events: Vec<_> = events.iter().map(describe).collect();
        let place = format!("{}: {mark} {line}", path.display());
        assert_eq!(events, take_lines(&mut lines, "="), "{place}");
        assert_eq!(frames, take_lines(&mut lines, "C>"), "{place}");
    }
}

fn codec(codec: &str) -> Box<dyn Dialect> {
    let (name, more) = codec.split_once(' ').unwrap_or((codec, ""));
    let mut codec: Box<dyn Dialect> = match name {
        "rooms" => Box::new(Rooms::default()),
        "relay" => Box::new(Relay::new(more)),
        "socketio-rooms" => Box::new(SocketIoRooms::new()),
        "channels-mesh" => Box::new(ChannelsMesh::new(more)),
        "appointments" => Box::new(Appointments::new(more).expect("a token")),
        _ => panic!("no dialect is called {name}"),
    };
    codec.address(&["ws://h/?", more].concat());
    codec
}

fn request(line: &str) -> Request {
    let mut words: VecDeque<_> = line.split(' ').collect();
    let mut field = |key: &str| {
        let at = words.iter().position(|word| word.starts_with(key))?;
        words.remove(at).map(|word| word[key.len()..].to_owned())
    };
    let to = field("to=").map(ParticipantId::new);
    let id = field("id=").map(|id| id.parse().unwrap());
    let (room, name) = (field("room="), field("name="));
    let kind = words.pop_front().unwrap();
    let text = Vec::from(words).join(" ");
    let signal = |signal| Request::Signal { to, signal };
    match kind {
        "join" => Request::Join(Join {
            room: room.map(|room| RoomName::new(&room).unwrap()),
            name: name.map(|name| DisplayName::new(&name).unwrap()),
            token: None,
            resume: None,
            keeps: Vec::new(),
            media: MediaState::assumed(),
        }),
        "offer" => signal(Signal::Offer {
            id,
            sdp: text,
            sources: TrackSources::default(),
        }),
        "answer" => signal(Signal::Answer {
            id,
            sdp: text,
            sources: TrackSources::default(),
        }),
        "candidate" => signal(Signal::Candidate(Candidate {
            candidate: text,
            sdp_mid: Some("0".into()),
            sdp_m_line_index: Some(0),
            username_fragment: Some("u".into()),
        })),
        "media" => Request::Media(MediaState::assumed()),
        "pong" => Request::Pong,
        "ping" => Request::Ping,
        "bye" => Request::Bye,
        _ => panic!("no request is called {kind}"),
    }
}

fn describe(event: &Event) -> String {
    let person = |peer: &Peer| match &peer.name {
        Some(name) => format!("{} ({name})", peer.id),
        None => peer.id.to_string(),
    };
    let number = |id: &Option<u32>| id.map_or_else(String::new, |id| format!(" id={id}"));
    match event {
        Event::Welcome(welcome) => {
            let mut text = format!("welcome {}", welcome.id);
            welcome
                .peers
                .iter()
                .for_each(|peer| text += &format!(", {}", person(peer)));
            let beats = [
                ("ping", welcome.ping_interval),
                ("keep-alive", welcome.keep_alive),
            ];
            for (name, beat) in beats {
                text += &beat.map_or_else(String::new, |beat| format!(", {name} {beat}"));
            }
            text
        }
        Event::Refused(refusal) => format!("refused {refusal:?}"),
        Event::Joined(peer) => format!("joined {}", person(peer)),
        Event::Found(peer) => format!("found {}", person(peer)),
        Event::Left { id, reason } => format!("left {id} {reason:?}"),
        Event::Signal { from, signal } => match signal {
            Signal::Offer { id, sdp, .. } => format!("offer from={from}{} {sdp}", number(id)),
            Signal::Answer { id, sdp, .. } => format!("answer from={from}{} {sdp}", number(id)),
            Signal::Candidate(it) => format!("candidate from={from} {}", it.candidate),
        },
        Event::Media { from, media } => {
            let tracks = media.tracks();
            let tracks = tracks.map(|(source, state)| format!(" {source}={}", state.to_wire()));
            format!("media {from}{}", tracks.collect::<String>())
        }
        Event::Ping => "ping".to_owned(),
        Event::Rejected { code } => format!("rejected {code}"),
        other => format!("{other:?}"),
    }
}
