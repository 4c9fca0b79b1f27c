//! Asking the browser for microphone and camera, or waiting for the page's own tracks, and making do
//! with what there is.

use std::future::pending;
use std::rc::Weak;

use gloo_events::EventListener;
use js_sys::{Array, Object, Promise, Reflect};
use videocalls_protocol::TrackState;
use videocalls_session::{Input, TrackKind};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{EventTarget, MediaDevices, MediaStream, Navigator};

use crate::browser::{
    IS_SECURE_CONTEXT, Permissions, exception_name, exception_text, object, property, set_property,
    set_timeout, track, untrack,
};
use crate::driver::Driver;
use crate::task::Task;
use crate::tracks::LocalTrack;
use crate::{CallError, ErrorCode, MediaRequest};

/// How long another program may take to let go of a device, in milliseconds.
const BUSY: i32 = 500;

/// What came of asking for one kind; the page may bring nothing.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) kind: TrackKind,
    pub(crate) outcome: Result<Option<LocalTrack>, CallError>,
}

/// What to ask for.
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

impl Answer {
    /// What the others may be told of it.
    pub(crate) fn state(&self) -> TrackState {
        match self.outcome.as_ref().map_err(|error| error.code) {
            Ok(Some(_)) => TrackState::Live,
            Ok(None) => TrackState::NotRequested,
            Err(ErrorCode::PermissionDenied) => TrackState::PermissionDenied,
            Err(ErrorCode::DeviceNotFound) => TrackState::DeviceNotFound,
            Err(ErrorCode::DeviceInUse) => TrackState::DeviceInUse,
            Err(_) => TrackState::Unavailable,
        }
    }
}

/// Asks for devices: for all at once, which is one question to the person, and for each alone when
/// that fails: a missing camera must not cost the sound, nor a slow one delay it.
///
/// Takes as long as the user takes to answer, which may be forever.
pub(crate) async fn ask(driver: Weak<Driver>, requests: Vec<(TrackKind, JsValue)>) {
    let all = Object::new();
    for (kind, constraints) in &requests {
        set_property(&all, kind.as_str(), constraints);
    }
    let first = match request(&all).await {
        Ok(answers) => return tell(&driver, answers),
        Err(error) => error,
    };
    let is_alone = requests.len() == 1;
    for (kind, constraints) in requests {
        let answers = make_do(kind, &constraints, is_alone, first.clone()).await;
        tell(&driver, answers);
    }
}

/// Waits for the page's own tracks, or for its word that there are none.
pub(crate) async fn await_given(driver: Weak<Driver>, promises: Vec<(TrackKind, JsValue)>) {
    let mut answers = Vec::new();
    for (kind, promise) in promises {
        let outcome = match JsFuture::from(Promise::from(promise)).await {
            Ok(track) if track.is_object() => {
                Ok(Some(LocalTrack::given(kind, track.unchecked_into())))
            }
            Ok(_) => Ok(None),
            Err(error) => Err(device_error(&error).about(kind)),
        };
        answers.push(Answer { kind, outcome });
    }
    tell(&driver, answers);
}

/// Nobody may be there to hear it any more; then devices are released by being dropped.
fn tell(driver: &Weak<Driver>, answers: Vec<Answer>) {
    if let Some(driver) = driver.upgrade() {
        driver.answered(answers);
    }
}

/// Tells of devices that come, and of those that are allowed, for as long as the task is held.
pub(crate) fn watch(feed: impl Fn(Input) + Clone + 'static) -> Task {
    Task::spawn(async move {
        let mut listeners = Vec::new();
        if let Ok(devices) = media_devices() {
            let (feed, mut looking) = (feed.clone(), None);
            listeners.push(EventListener::new(&devices, "devicechange", move |_| {
                drop(looking.replace(Task::spawn(look(feed.clone()))));
            }));
        }
        for kind in TrackKind::ALL {
            if let Some(status) = permission(kind).await {
                let feed = feed.clone();
                let target: EventTarget = status.clone().unchecked_into();
                listeners.push(EventListener::new(&target, "change", move |_| {
                    if is_granted(&status) {
                        feed(Input::PermissionGranted(kind));
                    }
                }));
            }
        }
        pending::<()>().await;
        drop(listeners);
    })
}

/// Tells which kinds of device there are.
async fn look(feed: impl Fn(Input)) {
    let listed = listed().await;
    for kind in TrackKind::ALL {
        if listed.iter().any(|device| is_of(&device, kind)) {
            feed(Input::DeviceAppeared(kind));
        }
    }
}

/// Tries what could help to get one device, after asking for it, or for all that are wanted, has
/// failed: the same alone, then what is left to try.
async fn make_do(
    kind: TrackKind,
    constraints: &JsValue,
    is_alone: bool,
    first: CallError,
) -> Vec<Answer> {
    let mut error = first;
    let mut tries = Array::new();
    if !is_alone && (error.code != ErrorCode::PermissionDenied || is_worth_asking(kind).await) {
        tries.push(constraints);
    }
    for is_last in [false, true] {
        for attempt in tries.iter() {
            match request(&object(&[(kind.as_str(), attempt)])).await {
                Ok(answers) => return answers,
                Err(again) => error = again,
            }
        }
        if !is_last {
            tries = remedies(kind, constraints, error.code).await;
        }
    }
    let outcome = Err(error.about(kind));
    vec![Answer { kind, outcome }]
}

/// The requests that may be granted where this one was not.
async fn remedies(kind: TrackKind, constraints: &JsValue, code: ErrorCode) -> Array {
    let remedies = Array::new();
    match code {
        ErrorCode::ConstraintsNotSatisfied => {
            remedies.push(&relaxed(constraints));
        }
        ErrorCode::DeviceInUse | ErrorCode::DeviceFailed => {
            pause(BUSY).await;
            for device in listed().await.iter().filter(|device| is_of(device, kind)) {
                // The browser's own choice is usually the first, and has just failed.
                remedies.unshift(&exactly(&device, constraints));
            }
            remedies.unshift(constraints);
        }
        _ => {}
    }
    remedies
}

/// The same constraints, with nothing in it that must be: what can be had of it, the browser gives.
fn relaxed(constraints: &JsValue) -> JsValue {
    let relaxed = Object::new();
    for name in Object::keys(constraints.unchecked_ref::<Object>()).iter() {
        let value = Reflect::get(constraints, &name).unwrap_or_default();
        let bounds = ["ideal", "exact", "min", "max"].into_iter();
        let mut bounds = bounds.map(|bound| property(&value, bound));
        let bound = bounds.find(|bound| !bound.is_undefined());
        // A bare value is no more than an ideal.
        let _ = Reflect::set(&relaxed, &name, &bound.unwrap_or(value));
    }
    relaxed.into()
}

/// The same constraints, of this device.
fn exactly(device: &JsValue, constraints: &JsValue) -> JsValue {
    let exact = object(&[("exact", property(device, "deviceId"))]);
    let own = object(&[("deviceId", exact.into())]);
    Object::assign(
        &Object::assign(&Object::new(), constraints.unchecked_ref()),
        &own,
    )
    .into()
}

/// All devices, as far as the browser tells.
async fn listed() -> Array {
    let listed = media_devices().map(|devices| devices.enumerate_devices());
    match listed {
        Ok(Ok(listed)) => JsFuture::from(listed).await.unwrap_or_default().into(),
        _ => Array::new(),
    }
}

fn is_of(device: &JsValue, kind: TrackKind) -> bool {
    let kind = match kind {
        TrackKind::Audio => "audioinput",
        TrackKind::Video => "videoinput",
    };
    property(device, "kind") == *kind
}

async fn pause(milliseconds: i32) {
    let over = Promise::new(&mut |resolve, _| set_timeout(&resolve, milliseconds));
    let _ = JsFuture::from(over).await;
}

async fn request(constraints: &Object) -> Result<Vec<Answer>, CallError> {
    let asked = media_devices()?.get_user_media_with_constraints(constraints.unchecked_ref());
    let given = match asked {
        Ok(asked) => {
            track(&asked);
            let given = JsFuture::from(asked.clone()).await;
            untrack(&asked);
            given
        }
        Err(error) => Err(error),
    };
    match given {
        Ok(stream) => Ok(LocalTrack::all_of(stream.unchecked_ref::<MediaStream>())),
        Err(error) => Err(device_error(&error)),
    }
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
async fn is_worth_asking(kind: TrackKind) -> bool {
    permission(kind)
        .await
        .is_none_or(|status| is_granted(&status))
}

fn is_granted(status: &JsValue) -> bool {
    property(status, "state") == *"granted"
}

/// The `PermissionStatus` of a kind of device, where the browser tells it.
async fn permission(kind: TrackKind) -> Option<JsValue> {
    let name = match kind {
        TrackKind::Audio => "microphone",
        TrackKind::Video => "camera",
    };
    let permissions = property(&navigator()?.into(), "permissions");
    let status = permissions
        .is_object()
        .then(|| permissions.unchecked_into::<Permissions>())?
        .query(&object(&[("name", name.into())]))
        .ok()?;
    JsFuture::from(status).await.ok()
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
