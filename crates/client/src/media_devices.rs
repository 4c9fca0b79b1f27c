//! The browser's `navigator.mediaDevices` and `navigator.permissions`.

use js_sys::{Array, Object, Promise};
use videocalls_protocol::{Source, TrackKind};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MediaDevices, MediaStream};

use crate::browser::{
    call_method, exception_name, exception_text, global, object, property, text, track, untrack,
};
use crate::frame;
use crate::local_tracks::{Answer, LocalTrack};
use crate::{CallError, ErrorCode};

/// A kind of device's `PermissionState`
/// (<https://www.w3.org/TR/permissions/#dom-permissionstate>).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Permission {
    Denied,
    Granted,
    /// The browser will ask the person.
    Prompt,
}

/// Asks the browser for devices. The devices are released if this future is dropped before the
/// browser has answered.
///
/// # Errors
///
/// The browser's exception as our error, without its device.
pub(crate) async fn request(constraints: &Object) -> Result<Vec<Answer>, CallError> {
    let asked = media_devices()?.get_user_media_with_constraints(constraints.unchecked_ref());
    let given = tracks_of(asked, DEVICES).await;
    given.map_err(|error| device_error(&error))
}

/// The sources of the sound and of the picture that a request brings.
pub(crate) type Sources = [Source; 2];

pub(crate) const DEVICES: Sources = [Source::Microphone, Source::Camera];

/// Waits for the tracks of a request. They are released if this future is dropped before the browser
/// has answered.
///
/// # Errors
///
/// The browser's exception.
pub(crate) async fn tracks_of(
    asked: Result<Promise, JsValue>,
    sources: Sources,
) -> Result<Vec<Answer>, JsValue> {
    let stream = PendingMedia::new(asked?).wait().await?;
    Ok(own_tracks(stream.unchecked_ref(), sources))
}

/// Lists the devices that the browser reveals, as `MediaDeviceInfo`.
pub(crate) async fn list() -> Array {
    let devices = property(&global("navigator"), "mediaDevices");
    let Some(listed) = call_method(&devices, "enumerateDevices", &JsValue::UNDEFINED) else {
        return Array::new();
    };
    let listed = JsFuture::from(Promise::from(listed)).await;
    listed.map(JsCast::unchecked_into).unwrap_or_default()
}

/// Whether a `MediaDeviceInfo` is an input for this source.
pub(crate) fn is_for(device: &JsValue, source: Source) -> bool {
    let kind = match source {
        Source::Microphone => "audioinput",
        _ => "videoinput",
    };
    property(device, "kind") == *kind
}

/// # Errors
///
/// The page is not served by HTTPS, or the browser has no `navigator.mediaDevices`.
pub(crate) fn media_devices() -> Result<MediaDevices, CallError> {
    let devices = property(&global("navigator"), "mediaDevices");
    match devices.is_object() {
        true => Ok(devices.unchecked_into()),
        false => Err(no_media_devices()),
    }
}

/// The `PermissionStatus` of a kind of device, where the browser has it. Its name is that of the
/// source.
pub(crate) async fn permission_status(source: Source) -> Option<JsValue> {
    let permissions = property(&global("navigator"), "permissions");
    let status = call_method(
        &permissions,
        "query",
        &object(&[("name", source.as_str().into())]),
    )?;
    JsFuture::from(Promise::from(status)).await.ok()
}

/// Reads a `PermissionStatus`.
pub(crate) fn permission_in(status: &JsValue) -> Permission {
    match property(status, "state").as_string().as_deref() {
        Some("granted") => Permission::Granted,
        Some("denied") => Permission::Denied,
        _ => Permission::Prompt,
    }
}

/// Turns an exception of `getUserMedia`
/// (<https://www.w3.org/TR/mediacapture-streams/#dom-mediadevices-getusermedia>) into our error.
pub(crate) fn device_error(error: &JsValue) -> CallError {
    let code = match exception_name(error).as_str() {
        "NotAllowedError" | "SecurityError" => ErrorCode::PermissionDenied,
        "NotFoundError" => ErrorCode::DeviceNotFound,
        "NotReadableError" => ErrorCode::DeviceInUse,
        "OverconstrainedError" => ErrorCode::ConstraintsNotSatisfied,
        "TypeError" => ErrorCode::InvalidOptions,
        _ => ErrorCode::DeviceFailed,
    };
    let mut message = exception_text(error);
    if code == ErrorCode::PermissionDenied {
        message.push_str(frame::permission_hint());
    }
    CallError {
        cause: Some(error.clone()),
        ..CallError::new(code, message)
    }
}

/// A promise of `getUserMedia`. Dropped before it is settled, it releases the devices that it
/// brings later.
struct PendingMedia {
    promise: Promise,
    is_settled: bool,
}

impl PendingMedia {
    fn new(promise: Promise) -> Self {
        track(&promise);
        Self {
            promise,
            is_settled: false,
        }
    }

    async fn wait(mut self) -> Result<JsValue, JsValue> {
        let outcome = JsFuture::from(self.promise.clone()).await;
        self.is_settled = true;
        outcome
    }
}

impl Drop for PendingMedia {
    fn drop(&mut self) {
        untrack(&self.promise);
        if !self.is_settled {
            stop_when_given(&self.promise);
        }
    }
}

/// This task has no owner: it is what remains when the owner is gone. It ends with the browser's
/// answer, and does nothing but stop the tracks.
fn stop_when_given(promise: &Promise) {
    let given = JsFuture::from(promise.clone());
    wasm_bindgen_futures::spawn_local(async move {
        if let Ok(stream) = given.await {
            drop(own_tracks(stream.unchecked_ref(), DEVICES));
        }
    });
}

fn own_tracks(stream: &MediaStream, [sound, picture]: Sources) -> Vec<Answer> {
    let mut answers = Vec::new();
    for track in stream.get_tracks().iter() {
        let source = match text(&track, "kind") == *TrackKind::Audio.as_str() {
            true => sound,
            false => picture,
        };
        answers.push(LocalTrack::of_device(source, track.unchecked_into()).into());
    }
    answers
}

fn no_media_devices() -> CallError {
    if global("isSecureContext") == JsValue::FALSE {
        let message = "navigator.mediaDevices needs a secure context (https or localhost)";
        return CallError::new(ErrorCode::InsecureContext, message);
    }
    let message = "the browser has no navigator.mediaDevices";
    CallError::new(ErrorCode::UnsupportedBrowser, message)
}
