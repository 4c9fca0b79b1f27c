use videocalls_protocol::{
    Candidate, Dialect, EncodeError, Event, ParticipantId, Request, Signal, Verdict,
};

/// A dialect under the contract, and what is known of it.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    /// A client that is known as `me`, with its handshake behind it.
    pub(crate) client: fn() -> Box<dyn Dialect>,
    /// Another one, who is known as `other`.
    pub(crate) other: fn() -> Box<dyn Dialect>,
    /// Frames of a server, and what they say.
    pub(crate) frames: fn() -> Vec<(&'static str, Event)>,
    /// A frame of a kind that does not exist yet.
    pub(crate) unknown: &'static str,
    /// What the server makes of a signal of `me` that is for `other`.
    pub(crate) pass_on: fn(&str) -> String,
    /// What of a signal the dialect carries.
    pub(crate) carried: fn(Signal) -> Option<Signal>,
    /// Whether the server may send a client's messages back to it.
    pub(crate) echoes: bool,
    /// Requests, and their frames as JSON.
    pub(crate) requests: fn() -> Vec<(Request, Option<&'static str>)>,
    pub(crate) unsayable: fn() -> Vec<(Request, EncodeError)>,
    pub(crate) closings: &'static [(u16, Verdict)],
}

pub(crate) const SUBJECTS: &[Subject] = &[super::rooms::SUBJECT, super::relay::SUBJECT];

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
