use crate::json::{Record, Text};

/// A session description: an offer or an answer, with its SDP text.
///
/// Every dialect sends it in the form of the browser's own `RTCSessionDescription`
/// (<https://www.w3.org/TR/webrtc/#rtcsessiondescription-class>).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Description {
    /// Whether this is an offer or an answer.
    pub kind: DescriptionKind,
    /// The SDP text (RFC 8866); its lines end with CR LF.
    pub sdp: String,
}

/// The type of a [`Description`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DescriptionKind {
    /// An offer.
    Offer,
    /// An answer.
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
        let kind = match kind {
            DescriptionKind::Offer => "offer",
            DescriptionKind::Answer => "answer",
        };
        Text::default().text("type", kind).text("sdp", sdp)
    }
}

impl Candidate {
    /// Reads a candidate in any of the forms that peers send: that of `RTCIceCandidate.toJSON()`, with
    /// or without its optional fields; the same inside another `candidate` field, as in an
    /// `RTCPeerConnectionIceEvent`; with `label` and `id` for the index and the tag of the media
    /// section. Returns `None` for what names no candidate, such as null.
    pub(crate) fn read(mut record: Record<'_>) -> Option<Self> {
        if let Some(nested) = record.record("candidate") {
            return Self::read(nested);
        }
        let candidate = record.text("candidate")?;
        let sdp_mid = record
            .text_or_number("sdpMid")
            .or_else(|| record.text_or_number("id"));
        let index = record
            .text_or_number("sdpMLineIndex")
            .or_else(|| record.text_or_number("label"));
        let sdp_m_line_index = index.and_then(|index| index.parse().ok());
        // A browser refuses a candidate without a section. The first one carries all media.
        let first = sdp_mid.is_none() && sdp_m_line_index.is_none() && !candidate.is_empty();
        Some(Self {
            candidate,
            sdp_mid,
            sdp_m_line_index: sdp_m_line_index.or(first.then_some(0)),
            username_fragment: record
                .text("usernameFragment")
                .filter(|fragment| !fragment.is_empty()),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Candidate> {
        Candidate::read(Record::parse(json).expect("it is JSON"))
    }

    fn candidate(mid: Option<&str>, index: Option<u16>, fragment: Option<&str>) -> Candidate {
        Candidate {
            candidate: "c".to_owned(),
            sdp_mid: mid.map(str::to_owned),
            sdp_m_line_index: index,
            username_fragment: fragment.map(str::to_owned),
        }
    }

    #[test]
    fn candidate_is_read_in_every_form_that_peers_send() {
        for (json, expected) in [
            (
                r#"{"candidate":"c","sdpMid":"1","sdpMLineIndex":1,"usernameFragment":"u"}"#,
                candidate(Some("1"), Some(1), Some("u")),
            ),
            (
                r#"{"candidate":"c","sdpMid":null,"sdpMLineIndex":1}"#,
                candidate(None, Some(1), None),
            ),
            (
                r#"{"candidate":"c","sdpMid":"audio"}"#,
                candidate(Some("audio"), None, None),
            ),
            (r#"{"candidate":"c"}"#, candidate(None, Some(0), None)),
            (
                r#"{"candidate":"c","sdpMid":"0","usernameFragment":""}"#,
                candidate(Some("0"), None, None),
            ),
            (
                r#"{"type":"candidate","label":1,"id":"video","candidate":"c"}"#,
                candidate(Some("video"), Some(1), None),
            ),
            (
                r#"{"label":"1","id":1,"candidate":"c"}"#,
                candidate(Some("1"), Some(1), None),
            ),
            (
                r#"{"isTrusted":true,"candidate":{"candidate":"c","sdpMid":"0","sdpMLineIndex":0}}"#,
                candidate(Some("0"), Some(0), None),
            ),
        ] {
            assert_eq!(read(json), Some(expected), "{json}");
        }
    }

    #[test]
    fn nothing_is_read_where_no_candidate_is_named() {
        for json in [
            "{}",
            r#"{"candidate":null}"#,
            r#"{"candidate":{"candidate":null}}"#,
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }

    #[test]
    fn end_of_candidates_needs_no_media_section() {
        let end = read(r#"{"candidate":""}"#);
        assert_eq!(end, Some(Candidate::default()));
    }
}
