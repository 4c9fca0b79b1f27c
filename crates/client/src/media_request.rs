use js_sys::{Object, Promise};
use videocalls_protocol::Source;
use videocalls_session::Supply;
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

/// What is requested for the sources that a call begins with.
#[derive(Debug)]
pub(crate) struct MediaRequests {
    pub(crate) microphone: MediaRequest,
    pub(crate) camera: MediaRequest,
}

impl MediaRequests {
    pub(crate) fn of(&self, source: Source) -> &MediaRequest {
        match source {
            Source::Microphone => &self.microphone,
            Source::Camera => &self.camera,
            _ => &MediaRequest::Nothing,
        }
    }
}

impl MediaRequest {
    pub(crate) fn supply(&self) -> Supply {
        match self {
            Self::Nothing => Supply::Nothing,
            Self::Any | Self::Like(_) => Supply::Device,
            Self::Given(_) => Supply::Page,
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
