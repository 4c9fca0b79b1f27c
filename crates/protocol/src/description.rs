use crate::Signal;
use crate::json::{Record, Text};

/// A session description: an offer or an answer, with its SDP text.
///
/// On every wire it has the shape of the browser's own `RTCSessionDescription`
/// (<https://www.w3.org/TR/webrtc/#rtcsessiondescription-class>).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Description {
    /// Whether this is an offer or an answer.
    pub kind: DescriptionKind,
    /// The SDP text (RFC 8866), lines ended by CR LF.
    pub sdp: String,
}

/// Which half of an exchange a [`Description`] is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DescriptionKind {
    /// The half that starts an exchange.
    Offer,
    /// The half that ends it.
    Answer,
}

/// An ICE candidate, as `RTCIceCandidate.toJSON()` gives it
/// (<https://www.w3.org/TR/webrtc/#rtcicecandidate-interface>).
///
/// An empty `candidate` marks the end of the candidates of its generation.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Candidate {
    /// The `candidate-attribute` of RFC 8839 section 5.1, without `a=`.
    pub candidate: String,
    /// The media section's identification tag.
    pub sdp_mid: Option<String>,
    /// The media section's index.
    pub sdp_m_line_index: Option<u16>,
    /// The ICE generation to which the candidate belongs.
    pub username_fragment: Option<String>,
}

impl Description {
    pub(crate) fn read(mut record: Record<'_>) -> Option<Self> {
        let kind = match record.text("type")?.as_str() {
            "offer" => DescriptionKind::Offer,
            "answer" => DescriptionKind::Answer,
            _ => return None,
        };
        Some(Self {
            kind,
            sdp: record.text("sdp")?,
        })
    }

    pub(crate) fn write(kind: DescriptionKind, sdp: &str) -> Text {
        let word = match kind {
            DescriptionKind::Offer => "offer",
            DescriptionKind::Answer => "answer",
        };
        Text::default().text("type", word).text("sdp", sdp)
    }
}

impl From<Description> for Signal {
    /// A description as a signal, in a dialect that does not number its offers.
    fn from(description: Description) -> Self {
        let Description { kind, sdp } = description;
        match kind {
            DescriptionKind::Offer => Self::Offer { id: None, sdp },
            DescriptionKind::Answer => Self::Answer { id: None, sdp },
        }
    }
}

impl Candidate {
    pub(crate) fn read(mut record: Record<'_>) -> Option<Self> {
        Some(Self {
            candidate: record.text("candidate")?,
            sdp_mid: record.text("sdpMid"),
            sdp_m_line_index: record.number("sdpMLineIndex"),
            username_fragment: record.text("usernameFragment"),
        })
    }

    pub(crate) fn write(&self) -> Text {
        Text::default()
            .text("candidate", &self.candidate)
            .text_if("sdpMid", self.sdp_mid.as_deref())
            .number("sdpMLineIndex", self.sdp_m_line_index)
            .text_if("usernameFragment", self.username_fragment.as_deref())
    }
}
