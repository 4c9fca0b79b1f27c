use serde::{Deserialize, Serialize};

/// A session description: an offer or an answer, with its SDP text.
///
/// Serialises as the browser's own `RTCSessionDescription` does
/// (<https://www.w3.org/TR/webrtc/#rtcsessiondescription-class>).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Description {
    /// Whether this is an offer or an answer.
    #[serde(rename = "type")]
    pub kind: DescriptionKind,
    /// The SDP text (RFC 8866), lines ended by CR LF.
    pub sdp: String,
}

/// Which half of an exchange a [`Description`] is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
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
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Candidate {
    /// The `candidate-attribute` of RFC 8839 section 5.1, without `a=`.
    pub candidate: String,
    /// The media section's identification tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sdp_mid: Option<String>,
    /// The media section's index.
    #[serde(skip_serializing_if = "Option::is_none", rename = "sdpMLineIndex")]
    pub sdp_m_line_index: Option<u16>,
    /// The ICE generation to which the candidate belongs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username_fragment: Option<String>,
}
