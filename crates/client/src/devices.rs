//! Gets tracks for a call: asks the browser for microphone and camera and tries what can help when
//! it refuses, or waits for the page's own tracks.

use std::rc::Rc;

use js_sys::{Object, Promise, Reflect};
use videocalls_protocol::Source;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::browser::{delay, object, property, set_property};
use crate::local_tracks::{Answer, LocalTrack};
use crate::media_devices::{
    Permission, device_error, is_for, list, permission_in, permission_status, request,
};
use crate::{CallError, ErrorCode};

/// How long another program may take to release a device, in milliseconds.
const RELEASE_TIME: i32 = 500;

pub(crate) type Answered = Rc<dyn Fn(Vec<Answer>)>;

/// Asks for devices: for all at once, which is one question to the person, and for each alone if
/// that fails, because a missing camera must neither cost nor delay the sound.
///
/// Takes as long as the person takes to answer, which may be forever.
pub(crate) async fn acquire(requests: Vec<(Source, JsValue)>, answered: Answered) {
    let all = Object::new();
    for (source, constraints) in &requests {
        set_property(&all, member(*source), constraints);
    }
    let error = match request(&all).await {
        Ok(answers) => return answered(answers),
        Err(error) => error,
    };
    let refused = Refusal::of(&requests, error).await;
    for (source, constraints) in requests {
        answered(acquire_alone(source, &constraints, &refused).await);
    }
}

/// Waits for the page's own tracks.
pub(crate) async fn await_given(promises: Vec<(Source, Promise)>, answered: Answered) {
    let mut answers = Vec::new();
    for (source, promise) in promises {
        let outcome = match JsFuture::from(promise).await {
            Ok(track) if track.is_object() => {
                Ok(Some(LocalTrack::given(source, track.unchecked_into())))
            }
            Ok(_) => Ok(None),
            Err(error) => Err(device_error(&error).about(source)),
        };
        answers.push(Answer { source, outcome });
    }
    answered(answers);
}

/// A request for devices that failed.
struct Refusal {
    error: CallError,
    /// The requested sources, each with its permission where the browser reveals it.
    permissions: Vec<(Source, Option<Permission>)>,
}

impl Refusal {
    async fn of(requests: &[(Source, JsValue)], error: CallError) -> Self {
        let mut permissions = Vec::new();
        for (source, _) in requests {
            let status = permission_status(*source).await;
            permissions.push((*source, status.as_ref().map(permission_in)));
        }
        Self { error, permissions }
    }

    /// Whether to ask for this device alone: the request was for more than it, and the person has not
    /// refused this device.
    ///
    /// A device at "ask" was not refused if the other one is blocked: then the browser refuses both
    /// without a question. If neither is blocked, the person has closed the question for both.
    fn allows_asking_for(&self, source: Source) -> bool {
        let has_other = self.permissions.len() > 1;
        if !has_other || self.error.code != ErrorCode::PermissionDenied {
            return has_other;
        }
        let is_blocked = |(_, permission): &(_, _)| *permission == Some(Permission::Denied);
        let own = self.permissions.iter().find(|(of, _)| *of == source);
        match own.and_then(|(_, permission)| *permission) {
            Some(Permission::Denied) => false,
            // The other device is blocked, since this one is not.
            Some(Permission::Prompt) => self.permissions.iter().any(is_blocked),
            Some(Permission::Granted) | None => true,
        }
    }
}

/// Tries to get one device after a request has failed.
async fn acquire_alone(source: Source, constraints: &JsValue, refused: &Refusal) -> Vec<Answer> {
    let mut error = refused.error.clone();
    if refused.allows_asking_for(source) {
        match request_one(source, constraints).await {
            Ok(answers) => return answers,
            Err(alone) => error = alone,
        }
    }
    for attempt in remedies(source, constraints, error.code).await {
        match request_one(source, &attempt).await {
            Ok(answers) => return answers,
            Err(again) => error = again,
        }
    }
    let outcome = Err(error.about(source));
    vec![Answer { source, outcome }]
}

async fn request_one(source: Source, constraints: &JsValue) -> Result<Vec<Answer>, CallError> {
    request(&object(&[(member(source), constraints.clone())])).await
}

/// The member of `MediaStreamConstraints` for a device.
fn member(source: Source) -> &'static str {
    source.kind().as_str()
}

/// The requests that may be granted after one has failed for this reason.
async fn remedies(source: Source, constraints: &JsValue, code: ErrorCode) -> Vec<JsValue> {
    match code {
        ErrorCode::ConstraintsNotSatisfied => vec![relaxed(constraints)],
        ErrorCode::DeviceInUse | ErrorCode::DeviceFailed => {
            delay(RELEASE_TIME).await;
            let mut remedies = vec![constraints.clone()];
            // The browser's own choice is usually the first, and has just failed.
            for device in list().await.iter().rev() {
                if is_for(&device, source) {
                    remedies.push(exactly(&device, constraints));
                }
            }
            remedies
        }
        _ => Vec::new(),
    }
}

/// The same constraints as wishes: the browser comes as close to them as it can.
fn relaxed(constraints: &JsValue) -> JsValue {
    let relaxed = Object::new();
    for name in Object::keys(constraints.unchecked_ref::<Object>()).iter() {
        let value = Reflect::get(constraints, &name).unwrap_or_default();
        let bounds = ["ideal", "exact", "min", "max"].into_iter();
        let mut bounds = bounds.map(|bound| property(&value, bound));
        let bound = bounds.find(|bound| !bound.is_undefined());
        // A bare value means `ideal`.
        let _ = Reflect::set(&relaxed, &name, &bound.unwrap_or(value));
    }
    relaxed.into()
}

/// The same constraints for exactly this device.
fn exactly(device: &JsValue, constraints: &JsValue) -> JsValue {
    let exact = object(&[("exact", property(device, "deviceId"))]);
    let device_id = object(&[("deviceId", exact.into())]);
    let copy = Object::assign(&Object::new(), constraints.unchecked_ref());
    Object::assign(&copy, &device_id).into()
}
