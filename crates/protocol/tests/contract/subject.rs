use videocalls_protocol::{
    Candidate, CloseAction, Decoded, Dialect, EncodeError, Event, ParticipantId, Request, Signal,
};

/// A dialect under the contract, and what is known of it.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    /// A client with its handshake behind it, whom the other knows as `me`.
    pub(crate) client: fn() -> Box<dyn Dialect>,
    pub(crate) me: &'static str,
    /// The other one, whom the client knows as `you`.
    pub(crate) other: fn() -> Box<dyn Dialect>,
    pub(crate) you: &'static str,
    /// Frames of a server, and what they say. The first is heard by [`client`](Self::client).
    pub(crate) frames: fn() -> Vec<Said>,
    /// Frames of kinds that do not exist yet.
    pub(crate) unknown: &'static [&'static str],
    /// What the server makes of a signal of `me` that is for `you`.
    pub(crate) pass_on: fn(&str) -> String,
    /// What of a signal the dialect carries.
    pub(crate) carried: fn(Signal) -> Option<Signal>,
    /// Whether the server may send a client's messages back to it.
    pub(crate) echoes: bool,
    /// Requests, and their frames.
    pub(crate) requests: fn() -> Vec<(Request, Vec<&'static str>)>,
    pub(crate) unsayable: fn() -> Vec<(Request, EncodeError)>,
    pub(crate) closings: &'static [(u16, CloseAction)],
    /// What stands in front of a frame's JSON, each with the bracket that opens the JSON.
    pub(crate) heads: &'static [(&'static str, char)],
    /// Frames without JSON. They look like the beginnings of others.
    pub(crate) bare: &'static [&'static str],
    /// What of a reading does not depend on what was read before.
    pub(crate) lasting: fn(Decoded) -> Decoded,
}

/// A frame of a server, and what it means.
pub(crate) struct Said {
    /// Who hears it, if it is not [`Subject::client`].
    pub(crate) by: Option<fn() -> Box<dyn Dialect>>,
    pub(crate) frame: &'static str,
    pub(crate) means: Decoded,
}

impl Subject {
    /// Somebody who hears this for the first time.
    pub(crate) fn hearer(&self, said: &Said) -> Box<dyn Dialect> {
        said.by.unwrap_or(self.client)()
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

/// What a client with its handshake behind it hears, of dialects that say one thing by a frame.
pub(crate) fn one_each(frames: Vec<(&'static str, Event)>) -> Vec<Said> {
    let said = frames.into_iter().map(|(frame, event)| Said {
        by: None,
        frame,
        means: event.into(),
    });
    said.collect()
}

/// The last event alone: who speaks may have to be introduced again, and under another id.
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

/// Signals of every shape.
pub(crate) fn signals() -> Vec<Signal> {
    let whole = Candidate {
        candidate: "candidate:1 1 udp 2113937151 a\u{e9}.local 54400 typ host".into(),
        sdp_mid: Some("0".into()),
        sdp_m_line_index: Some(0),
        username_fragment: Some("8hh\"\\Y".into()),
    };
    let bare = Candidate {
        sdp_mid: None,
        sdp_m_line_index: None,
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
        },
        Signal::Answer {
            id: Some(0),
            sdp: sdp.clone(),
        },
        Signal::Offer { id: None, sdp },
        Signal::Answer { id: None, sdp: odd },
        Signal::Offer {
            id: None,
            sdp: String::new(),
        },
        Signal::Candidate(whole),
        Signal::Candidate(bare),
        Signal::Candidate(end),
    ]
}
