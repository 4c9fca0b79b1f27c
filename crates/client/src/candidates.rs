//! ICE candidates between our types and the browser's.

use js_sys::Object;
use videocalls_protocol::Candidate;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::RtcPeerConnection;

use crate::browser::{ignore, object, property, small, text};

/// Reads an `icecandidate` event. One without a candidate marks their end, as an empty candidate
/// does.
pub(crate) fn read(event: &JsValue) -> Candidate {
    let candidate = property(event, "candidate");
    let word = |name| property(&candidate, name).as_string();
    let index = property(&candidate, "sdpMLineIndex").as_f64();
    Candidate {
        candidate: text(&candidate, "candidate"),
        sdp_mid: word("sdpMid"),
        sdp_m_line_index: index.map(small),
        username_fragment: word("usernameFragment"),
    }
}

/// Adds a remote candidate. The link survives one that the browser refuses.
pub(crate) fn add(connection: &RtcPeerConnection, candidate: &Candidate) {
    let init = to_js(candidate);
    let init = init.as_ref().map(JsCast::unchecked_ref);
    ignore(&connection.add_ice_candidate_with_opt_rtc_ice_candidate_init(init));
}

/// `None` marks the end of candidates.
fn to_js(candidate: &Candidate) -> Option<Object> {
    if candidate.candidate.is_empty() {
        return None;
    }
    Some(object(&[
        ("candidate", candidate.candidate.as_str().into()),
        ("sdpMid", candidate.sdp_mid.as_deref().into()),
        ("sdpMLineIndex", candidate.sdp_m_line_index.into()),
        (
            "usernameFragment",
            candidate.username_fragment.as_deref().into(),
        ),
    ]))
}
