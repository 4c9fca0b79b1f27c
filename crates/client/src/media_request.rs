use js_sys::{Object, Promise};
use videocalls_session::{Source, TrackKind};
use wasm_bindgen::JsValue;

/// Where the sound or the picture of a call comes from.
#[derive(Clone, Debug)]
pub enum MediaRequest {
    /// No track: no device is requested.
    Nothing,
    /// Any device.
    Any,
    /// A device that satisfies these `MediaTrackConstraints`
    /// (<https://www.w3.org/TR/mediacapture-streams/#media-track-constraints>).
    Like(Object),
    /// The page's own track: a promise of a `MediaStreamTrack` of this kind, or of null for none.
    /// The call mutes the track by its `enabled` and never stops it: the page does.
    Given(Promise),
}

/// What is requested for each kind of track.
#[derive(Debug)]
pub(crate) struct MediaRequests {
    pub(crate) audio: MediaRequest,
    pub(crate) video: MediaRequest,
}

impl MediaRequests {
    pub(crate) fn of(&self, kind: TrackKind) -> &MediaRequest {
        match kind {
            TrackKind::Audio => &self.audio,
            TrackKind::Video => &self.video,
        }
    }
}

impl MediaRequest {
    pub(crate) fn source(&self) -> Source {
        match self {
            Self::Nothing => Source::Nothing,
            Self::Any | Self::Like(_) => Source::Device,
            Self::Given(_) => Source::Page,
        }
    }

    /// The request as a member of `MediaStreamConstraints`.
    pub(crate) fn to_js(&self) -> JsValue {
        match self {
            Self::Nothing | Self::Given(_) => false.into(),
            Self::Any => true.into(),
            Self::Like(constraints) => constraints.clone().into(),
        }
    }
}
