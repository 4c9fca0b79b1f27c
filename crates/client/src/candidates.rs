//! ICE candidates between our types and the browser's.

use videocalls_protocol::Candidate;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::RtcPeerConnection;

use crate::browser::{PeerConnectionExt, ignore, object, property, small, text};

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
    if candidate.candidate.is_empty() {
        let connection = connection.unchecked_ref::<PeerConnectionExt>();
        return ignore(&connection.end_ice_candidates());
    }
    let init = object(&[
        ("candidate", candidate.candidate.as_str().into()),
        ("sdpMid", candidate.sdp_mid.as_deref().into()),
        ("sdpMLineIndex", candidate.sdp_m_line_index.into()),
        (
            "usernameFragment",
            candidate.username_fragment.as_deref().into(),
        ),
    ]);
    ignore(
        &connection.add_ice_candidate_with_opt_rtc_ice_candidate_init(Some(init.unchecked_ref())),
    );
}
