//! How a connection sends the local tracks: microphone and camera by its first transceiver of each kind,
//! which is always there, and what is shared beside them by transceivers of its own.

use std::cell::RefCell;

use js_sys::Array;
use videocalls_protocol::{Source, TrackKind, TrackSources};
use videocalls_session::LinkRole;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MediaStream, MediaStreamTrack, RtcPeerConnection, RtcRtpSender, RtcRtpTransceiver};

use crate::browser::{call_method, ignore, object, property, set_property, text};
use crate::local_tracks::LocalTracks;

/// The sources that every connection has a transceiver for.
const ALWAYS: [(Source, TrackKind); 2] = [
    (Source::Microphone, TrackKind::Audio),
    (Source::Camera, TrackKind::Video),
];
/// The sources that get a transceiver when they are shared first, which is used again later.
const SHARED: [Source; 2] = [Source::Screen, Source::ScreenAudio];
/// The limits of a screen's picture: text stays readable, and a film plays.
const SCREEN_FRAME_RATE: u32 = 30;
const SCREEN_BITRATE: u32 = 2_500_000;

pub(crate) struct Transceivers {
    connection: RtcPeerConnection,
    /// The transceivers of what is or was shared.
    shared: RefCell<Vec<(Source, RtcRtpTransceiver)>>,
}

impl Transceivers {
    pub(crate) fn new(connection: RtcPeerConnection) -> Self {
        Self {
            connection,
            shared: RefCell::default(),
        }
    }

    /// Adds the local tracks to a new connection.
    ///
    /// A connection that offers gets one transceiver for sound and one for picture, with or without a
    /// track, so that a track that comes later needs no negotiation. One that answers shares a screen
    /// after its answer: an offer brings sections for what its sender sends.
    pub(crate) fn prepare(&self, role: LinkRole, local: &LocalTracks) {
        for (source, kind) in ALWAYS {
            if role == LinkRole::Offerer {
                self.add(source, kind, local);
            } else {
                self.attach(source, local);
            }
        }
        if role == LinkRole::Offerer {
            self.share(local);
        }
    }

    /// Sends the tracks that there are now, or nothing in place of those that there are not. Before the
    /// first description nothing can be shared, and once the peer's offer is being accepted, which
    /// makes transceivers, none is attached.
    pub(crate) fn replace(&self, has_negotiated: bool, local: &LocalTracks) {
        for (source, kind) in ALWAYS {
            match self.first_of(kind) {
                Some(transceiver) => send(&transceiver, local.sent_as(source).as_ref()),
                None if has_negotiated => {}
                None => self.attach(source, local),
            }
        }
        if has_negotiated {
            self.share(local);
        }
    }

    /// Makes the transceivers of the peer's offer send as well.
    pub(crate) fn answer(&self, local: &LocalTracks) {
        for (source, kind) in ALWAYS {
            if let Some(transceiver) = self.first_of(kind) {
                set_property(&transceiver, "direction", &"sendrecv".into());
                set_streams(&transceiver, local.stream());
                send(&transceiver, local.sent_as(source).as_ref());
            }
        }
    }

    /// Sends what is shared now, and stops to send what is not shared any more. The browser asks for a
    /// negotiation if one is needed.
    pub(crate) fn share(&self, local: &LocalTracks) {
        for source in SHARED {
            let transceiver = self.shared_as(source);
            match (local.sent_as(source), transceiver) {
                (Some(track), None) => {
                    let added = self.add_shared(source, &track, local.screen());
                    self.shared.borrow_mut().push((source, added));
                }
                (Some(track), Some(transceiver)) => {
                    set_streams(&transceiver, local.screen());
                    send(&transceiver, Some(&track));
                    set_property(&transceiver, "direction", &"sendonly".into());
                }
                (None, Some(transceiver)) => {
                    send(&transceiver, None);
                    set_property(&transceiver, "direction", &"inactive".into());
                }
                (None, None) => {}
            }
        }
    }

    /// The sources of the tracks that the connection sends, once it has a local description.
    pub(crate) fn sources(&self) -> TrackSources {
        let always = ALWAYS.into_iter().filter_map(|(source, kind)| {
            let transceiver = self.first_of(kind)?;
            Some((mid(&transceiver)?, source))
        });
        let shared = self.shared.borrow();
        let shared = shared.iter().filter_map(|(source, transceiver)| {
            let is_sent = text(transceiver, "direction").starts_with("send");
            Some((mid(transceiver).filter(|_| is_sent)?, *source))
        });
        always.chain(shared).collect()
    }

    /// Adds a track before the peer's offer has come: an offer uses the transceivers that `addTrack` has
    /// made, and no others (RFC 9429 section 5.10).
    fn attach(&self, source: Source, local: &LocalTracks) {
        if let Some(track) = local.sent_as(source) {
            self.connection.add_track_0(&track, local.stream());
        }
    }

    fn add(&self, source: Source, kind: TrackKind, local: &LocalTracks) {
        let init = object(&[("streams", list(local.stream()))]);
        let transceiver = self
            .connection
            .add_transceiver_with_str_and_init(kind.as_str(), init.unchecked_ref());
        send(&transceiver, local.sent_as(source).as_ref());
    }

    fn add_shared(
        &self,
        source: Source,
        track: &MediaStreamTrack,
        stream: &MediaStream,
    ) -> RtcRtpTransceiver {
        let init = object(&[("direction", "sendonly".into()), ("streams", list(stream))]);
        if source == Source::Screen {
            let encoding = object(&[
                ("maxFramerate", SCREEN_FRAME_RATE.into()),
                ("maxBitrate", SCREEN_BITRATE.into()),
            ]);
            set_property(&init, "sendEncodings", &list(&encoding));
        }
        self.connection
            .add_transceiver_with_media_stream_track_and_init(track, init.unchecked_ref())
    }

    fn shared_as(&self, source: Source) -> Option<RtcRtpTransceiver> {
        let shared = self.shared.borrow();
        let known = shared.iter().find(|(known, _)| *known == source);
        known.map(|(_, transceiver)| transceiver.clone())
    }

    fn first_of(&self, kind: TrackKind) -> Option<RtcRtpTransceiver> {
        let shared = self.shared.borrow();
        let transceivers = self.connection.get_transceivers();
        let mut transceivers = transceivers
            .iter()
            .map(JsCast::unchecked_into::<RtcRtpTransceiver>);
        transceivers.find(|transceiver| {
            let receiver = property(transceiver, "receiver");
            let is_shared = shared.iter().any(|(_, known)| known == transceiver);
            !is_shared && text(&property(&receiver, "track"), "kind") == kind.as_str()
        })
    }
}

fn send(transceiver: &RtcRtpTransceiver, track: Option<&MediaStreamTrack>) {
    let sender = sender_of(transceiver);
    if property(&sender, "track").is_object() || track.is_some() {
        ignore(&sender.replace_track(track));
    }
}

/// <https://www.w3.org/TR/webrtc/#dom-rtcrtpsender-setstreams>
fn set_streams(transceiver: &RtcRtpTransceiver, stream: &MediaStream) {
    call_method(&sender_of(transceiver), "setStreams", stream);
}

fn sender_of(transceiver: &RtcRtpTransceiver) -> RtcRtpSender {
    property(transceiver, "sender").unchecked_into()
}

fn mid(transceiver: &RtcRtpTransceiver) -> Option<String> {
    property(transceiver, "mid").as_string()
}

fn list(item: &JsValue) -> JsValue {
    [item].into_iter().collect::<Array>().into()
}
