//! How a connection sends the local tracks: by its first transceiver of each kind.

use js_sys::Array;
use videocalls_session::{LinkRole, TrackKind};
use wasm_bindgen::JsCast;
use web_sys::{MediaStreamTrack, RtcPeerConnection, RtcRtpSender, RtcRtpTransceiver};

use crate::browser::{call_method, ignore, object, property, set_property, text};
use crate::local_tracks::LocalTracks;

/// Adds the local tracks to a new connection.
///
/// A connection that offers gets one transceiver for sound and one for picture, with or without a
/// track, so that a track that comes later needs no negotiation.
pub(crate) fn prepare(connection: &RtcPeerConnection, role: LinkRole, local: &LocalTracks) {
    for kind in TrackKind::ALL {
        if role == LinkRole::Offerer {
            add(connection, kind, local);
        } else {
            attach(connection, kind, local);
        }
    }
}

/// Adds a track before the peer's offer has come: an offer uses the transceivers that `addTrack` has
/// made, and no others (RFC 9429 section 5.10).
pub(crate) fn attach(connection: &RtcPeerConnection, kind: TrackKind, local: &LocalTracks) {
    if let Some(track) = local.of(kind) {
        connection.add_track_0(&track, local.stream());
    }
}

/// Sends the track that there is now; returns whether the connection has a transceiver for it.
pub(crate) fn replace(
    connection: &RtcPeerConnection,
    kind: TrackKind,
    local: &LocalTracks,
) -> bool {
    let transceiver = first_of(connection, kind);
    if let Some(transceiver) = &transceiver {
        send(transceiver, local.of(kind).as_ref());
    }
    transceiver.is_some()
}

/// Makes the transceiver of the peer's offer send as well.
pub(crate) fn answer(connection: &RtcPeerConnection, kind: TrackKind, local: &LocalTracks) {
    if let Some(transceiver) = first_of(connection, kind) {
        set_property(&transceiver, "direction", &"sendrecv".into());
        // https://www.w3.org/TR/webrtc/#dom-rtcrtpsender-setstreams
        call_method(&sender_of(&transceiver), "setStreams", local.stream());
        send(&transceiver, local.of(kind).as_ref());
    }
}

fn add(connection: &RtcPeerConnection, kind: TrackKind, local: &LocalTracks) {
    let init = object(&[(
        "streams",
        [local.stream()].into_iter().collect::<Array>().into(),
    )]);
    let transceiver =
        connection.add_transceiver_with_str_and_init(kind.as_str(), init.unchecked_ref());
    send(&transceiver, local.of(kind).as_ref());
}

fn send(transceiver: &RtcRtpTransceiver, track: Option<&MediaStreamTrack>) {
    let sender = sender_of(transceiver);
    if property(&sender, "track").is_object() || track.is_some() {
        ignore(&sender.replace_track(track));
    }
}

fn sender_of(transceiver: &RtcRtpTransceiver) -> RtcRtpSender {
    property(transceiver, "sender").unchecked_into()
}

fn first_of(connection: &RtcPeerConnection, kind: TrackKind) -> Option<RtcRtpTransceiver> {
    connection
        .get_transceivers()
        .iter()
        .map(JsCast::unchecked_into::<RtcRtpTransceiver>)
        .find(|transceiver| {
            let receiver = property(transceiver, "receiver");
            text(&property(&receiver, "track"), "kind") == kind.as_str()
        })
}
