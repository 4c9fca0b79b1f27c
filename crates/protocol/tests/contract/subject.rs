use videocalls_protocol::{
    Candidate, CloseAction, Decoded, Dialect, EncodeError, Event, ParticipantId, Request, Signal,
    TrackSources,
};

/// A dialect under test, with its examples.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    /// A client after its handshake, whose id is `me`.
    pub(crate) client: fn() -> Box<dyn Dialect>,
    pub(crate) me: &'static str,
    /// The peer, whose id is `you`.
    pub(crate) other: fn() -> Box<dyn Dialect>,
    pub(crate) you: &'static str,
    /// Frames from a server and their meaning. The first is for [`client`](Self::client).
    pub(crate) frames: fn() -> Vec<Case>,
    /// Frames of unknown kinds.
    pub(crate) unknown: &'static [&'static str],
    /// What the server makes of a frame with a signal from `me` to `you`.
    pub(crate) relay: fn(&str) -> String,
    /// The part of a signal that the dialect carries.
    pub(crate) carried: fn(Signal) -> Option<Signal>,
    /// Whether the server may send a client's messages back to it.
    pub(crate) echoes: bool,
    /// Requests and their frames.
    pub(crate) requests: fn() -> Vec<(Request, Vec<&'static str>)>,
    pub(crate) unencodable: fn() -> Vec<(Request, EncodeError)>,
    pub(crate) close_actions: &'static [(u16, CloseAction)],
    /// Prefixes of frames, each with the bracket that opens the JSON after it.
    pub(crate) prefixes: &'static [(&'static str, char)],
    /// Whether the server may send texts of its own, which are of unknown kinds.
    pub(crate) foreign_texts: bool,
    /// Wraps a candidate's JSON into a frame for [`client`](Self::client), where candidates are
    /// messages.
    pub(crate) candidate_frame: Option<fn(&str) -> String>,
    /// Complete frames without JSON, which are also beginnings of other frames.
    pub(crate) without_json: &'static [&'static str],
    /// The part of a result that does not depend on earlier frames.
    pub(crate) repeatable: fn(Decoded) -> Decoded,
}

/// A frame from a server and its expected meaning.
pub(crate) struct Case {
    /// The receiving client, if it is not [`Subject::client`].
    pub(crate) client: Option<fn() -> Box<dyn Dialect>>,
    pub(crate) frame: &'static str,
    pub(crate) expected: Decoded,
}

impl Subject {
    /// A new client that receives this frame.
    pub(crate) fn client_for(&self, case: &Case) -> Box<dyn Dialect> {
        case.client.unwrap_or(self.client)()
    }
}

pub(crate) const SUBJECTS: &[Subject] = &[
    super::rooms::SUBJECT,
    super::relay::SUBJECT,
    super::socketio_rooms::SUBJECT,
    super::channels_mesh::SUBJECT,
    super::appointments::CLIENT,
    super::appointments::PROFESSIONAL,
];

/// Cases of dialects in which each frame is one event, for a client after its handshake.
pub(crate) fn one_each(frames: Vec<(&'static str, Event)>) -> Vec<Case> {
    let cases = frames.into_iter().map(|(frame, event)| Case {
        client: None,
        frame,
        expected: event.into(),
    });
    cases.collect()
}

/// The last event, without its sender: the sender may be introduced again, under another id.
pub(crate) fn last_event(mut read: Decoded) -> Decoded {
    let mut last = read.events.pop();
    if let Some(Event::Signal { from, .. }) = &mut last {
        *from = ParticipantId::new("somebody");
    }
    last.map(Decoded::from).unwrap_or_default()
}

pub(crate) fn from(id: &str) -> ParticipantId {
    ParticipantId::new(id)
}

pub(crate) const SDP: &str = "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\n";

/// Signals of all forms.
pub(crate) fn signals() -> Vec<Signal> {
    let whole = Candidate {
        candidate: "candidate:1 1 udp 2113937151 a\u{e9}.local 54400 typ host".into(),
        sdp_mid: Some("0".into()),
        sdp_m_line_index: Some(0),
        username_fragment: Some("8hh\"\\Y".into()),
    };
    let bare = Candidate {
        sdp_mid: None,
        username_fragment: None,
        ..whole.clone()
    };
    let end = Candidate {
        candidate: String::new(),
        ..whole.clone()
    };
    let sdp = SDP.to_owned();
    let odd = "v=0\r\n\u{0}\u{1f}\u{7f}\u{2028}\"\\/é🎥".to_owned();
    vec![
        Signal::Offer {
            id: Some(u32::MAX),
            sdp: sdp.clone(),
            sources: TrackSources::default(),
        },
        Signal::Answer {
            id: Some(0),
            sdp: sdp.clone(),
            sources: TrackSources::default(),
        },
        Signal::Offer {
            id: None,
            sdp,
            sources: TrackSources::default(),
        },
        Signal::Answer {
            id: None,
            sdp: odd,
            sources: TrackSources::default(),
        },
        Signal::Offer {
            id: None,
            sdp: String::new(),
            sources: TrackSources::default(),
        },
        Signal::Candidate(whole),
        Signal::Candidate(bare),
        Signal::Candidate(end),
    ]
}
