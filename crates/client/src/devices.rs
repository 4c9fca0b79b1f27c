//! Asking the browser for microphone and camera, or waiting for the page's own tracks, and making do
//! with what there is.

use js_sys::Promise;
use videocalls_protocol::{MediaState, TrackState};
use videocalls_session::TrackKind;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MediaDevices, MediaStream, MediaStreamConstraints, Navigator};

use crate::browser::{
    IS_SECURE_CONTEXT, Permissions, exception_name, exception_text, property, set_property,
};
use crate::tracks::LocalTrack;
use crate::{CallError, ErrorCode, Wish};

/// What came of asking.
#[derive(Debug)]
pub(crate) struct Captured {
    pub(crate) tracks: Vec<LocalTrack>,
    /// One for each device that was wanted and is not there.
    pub(crate) errors: Vec<CallError>,
    pub(crate) state: MediaState,
}

/// What to ask for.
#[derive(Clone, Debug)]
pub(crate) struct Wishes {
    pub(crate) audio: Wish,
    pub(crate) video: Wish,
}

impl Wishes {
    pub(crate) fn of(&self, kind: TrackKind) -> &Wish {
        match kind {
            TrackKind::Audio => &self.audio,
            TrackKind::Video => &self.video,
        }
    }
}

/// Asks for the devices, and waits for what the page brings itself. What is refused is told in
/// [`Captured::errors`]; this never fails as a whole.
///
/// Takes as long as the user takes to answer, or the page, which may be forever.
pub(crate) async fn capture(wishes: &Wishes) -> Captured {
    let (mut tracks, mut errors) = ask(wishes).await;
    for kind in TrackKind::ALL {
        if let Wish::Given(promise) = wishes.of(kind) {
            match await_given(kind, promise).await {
                Ok(given) => tracks.extend(given),
                Err(error) => errors.push(error.about(kind)),
            }
        }
    }
    Captured::new(tracks, errors)
}

/// Waits for a track of the page's own, or for its word that there is none.
async fn await_given(kind: TrackKind, promise: &Promise) -> Result<Option<LocalTrack>, CallError> {
    let given = JsFuture::from(promise.clone()).await;
    let given = given.map_err(|error| device_error(&error))?;
    let track = given.is_object().then(|| given.unchecked_into());
    Ok(track.map(|track| LocalTrack::given(kind, track)))
}

/// Asks for both devices at once, and for each alone when that fails: a missing camera must not
/// cost the sound.
async fn ask(wishes: &Wishes) -> (Vec<LocalTrack>, Vec<CallError>) {
    let wanted: Vec<TrackKind> = TrackKind::ALL
        .into_iter()
        .filter(|&kind| wishes.of(kind).is_asked())
        .collect();
    if wanted.is_empty() {
        return Default::default();
    }
    let devices = match media_devices() {
        Ok(devices) => devices,
        Err(error) => {
            let about = wanted.iter().map(|&kind| error.clone().about(kind));
            return (Vec::new(), about.collect());
        }
    };
    match request(&devices, wishes, &wanted).await {
        Ok(tracks) => (tracks, Vec::new()),
        Err(error) => ask_each(&devices, wishes, &wanted, error).await,
    }
}

/// Tries the devices one by one, after asking for all of them has failed.
async fn ask_each(
    devices: &MediaDevices,
    wishes: &Wishes,
    wanted: &[TrackKind],
    first: CallError,
) -> (Vec<LocalTrack>, Vec<CallError>) {
    let (mut tracks, mut errors) = (Vec::new(), Vec::new());
    for &kind in wanted {
        let alone = wanted.len() == 1;
        let hopeless = first.code == ErrorCode::PermissionDenied && !is_granted(kind).await;
        let outcome = match (alone || hopeless, first.code) {
            (true, code) if code != ErrorCode::ConstraintsNotSatisfied => Err(first.clone()),
            _ => request_relaxed(devices, wishes, kind).await,
        };
        match outcome {
            Ok(more) => tracks.extend(more),
            Err(error) => errors.push(error.about(kind)),
        }
    }
    (tracks, errors)
}

/// Asks for one device as wished; if there is none like that, for any.
async fn request_relaxed(
    devices: &MediaDevices,
    wishes: &Wishes,
    kind: TrackKind,
) -> Result<Vec<LocalTrack>, CallError> {
    match request(devices, wishes, &[kind]).await {
        Err(error) if error.code == ErrorCode::ConstraintsNotSatisfied => {
            let any = Wishes {
                audio: Wish::Any,
                video: Wish::Any,
            };
            request(devices, &any, &[kind]).await.map_err(|_| error)
        }
        outcome => outcome,
    }
}

async fn request(
    devices: &MediaDevices,
    wishes: &Wishes,
    kinds: &[TrackKind],
) -> Result<Vec<LocalTrack>, CallError> {
    let constraints = MediaStreamConstraints::new();
    for kind in kinds {
        set_property(&constraints, kind.as_str(), &wishes.of(*kind).to_js());
    }
    let promise = devices
        .get_user_media_with_constraints(&constraints)
        .map_err(|error| device_error(&error))?;
    let stream = JsFuture::from(promise)
        .await
        .map_err(|error| device_error(&error))?;
    Ok(LocalTrack::all_of(&stream.unchecked_into::<MediaStream>()))
}

fn media_devices() -> Result<MediaDevices, CallError> {
    let devices = navigator().and_then(|navigator| navigator.media_devices().ok());
    devices
        .filter(|devices| devices.is_object())
        .ok_or_else(|| {
            if IS_SECURE_CONTEXT.with(|secure| *secure) == Some(false) {
                let message = "navigator.mediaDevices needs a secure context (https or localhost)";
                CallError::new(ErrorCode::InsecureContext, message)
            } else {
                CallError::new(
                    ErrorCode::UnsupportedBrowser,
                    "the browser has no getUserMedia",
                )
            }
        })
}

/// Whether asking for this device alone can succeed without a second question to someone who has
/// just said no. Where the browser does not tell, it is worth trying.
async fn is_granted(kind: TrackKind) -> bool {
    let name = match kind {
        TrackKind::Audio => "microphone",
        TrackKind::Video => "camera",
    };
    let permissions = navigator()
        .map(|n| property(&n, "permissions"))
        .filter(JsValue::is_object);
    let Some(permissions) = permissions else {
        return true;
    };
    let descriptor = js_sys::Object::new();
    set_property(&descriptor, "name", &name.into());
    let Ok(status) = permissions
        .unchecked_ref::<Permissions>()
        .query(&descriptor)
    else {
        return true;
    };
    match JsFuture::from(status).await {
        Ok(status) => property(&status, "state").as_string().as_deref() == Some("granted"),
        Err(_) => true,
    }
}

fn navigator() -> Option<Navigator> {
    web_sys::window().map(|window| window.navigator())
}

/// Puts the browser's exceptions (<https://www.w3.org/TR/mediacapture-streams/#dom-mediadevices-getusermedia>)
/// into our words.
fn device_error(error: &JsValue) -> CallError {
    let code = match exception_name(error).as_str() {
        "NotAllowedError" | "SecurityError" => ErrorCode::PermissionDenied,
        "NotFoundError" => ErrorCode::DeviceNotFound,
        "NotReadableError" => ErrorCode::DeviceInUse,
        "OverconstrainedError" => ErrorCode::ConstraintsNotSatisfied,
        "TypeError" => ErrorCode::InvalidOptions,
        _ => ErrorCode::DeviceFailed,
    };
    CallError {
        cause: Some(error.clone()),
        ..CallError::new(code, exception_text(error))
    }
}

impl Captured {
    fn new(tracks: Vec<LocalTrack>, errors: Vec<CallError>) -> Self {
        let state = |kind: TrackKind| {
            if tracks.iter().any(|track| track.kind == kind) {
                return TrackState::Live;
            }
            match errors
                .iter()
                .find(|error| error.device == Some(kind))
                .map(|e| e.code)
            {
                None => TrackState::NotRequested,
                Some(ErrorCode::PermissionDenied) => TrackState::PermissionDenied,
                Some(ErrorCode::DeviceNotFound) => TrackState::DeviceNotFound,
                Some(ErrorCode::DeviceInUse) => TrackState::DeviceInUse,
                _ => TrackState::Unavailable,
            }
        };
        let state = MediaState {
            audio: state(TrackKind::Audio),
            video: state(TrackKind::Video),
        };
        Self {
            tracks,
            errors,
            state,
        }
    }
}
