use js_sys::{Date, Object, Promise};
use videocalls_protocol::Source;
use wasm_bindgen::JsValue;

use crate::browser::{call_method, exception_name, exception_text, object, property, set_property};
use crate::devices::Answered;
use crate::local_tracks::Answer;
use crate::media_devices::{Sources, device_error, media_devices, tracks_of};
use crate::{CallError, ErrorCode};

/// A person needs longer than this, in milliseconds, to cancel the browser's choice of screens.
const FASTEST_ANSWER: f64 = 200.0;

const SCREEN: Sources = [Source::ScreenAudio, Source::Screen];

/// Asks the person for a screen. The browser is asked at once, since it wants a gesture.
pub(crate) async fn request(given: Object, answered: Answered) {
    let asked_at = Date::now();
    let options = with_defaults(&given);
    let answers = match ask(&options) {
        Ok(promise) => match tracks_of(Ok(promise), SCREEN).await {
            Ok(tracks) => shared(tracks, &property(&options, "contentHint")),
            Err(error) => {
                let was_instant = Date::now() - asked_at < FASTEST_ANSWER;
                refused(share_error(&error, was_instant))
            }
        },
        Err(error) => refused(error),
    };
    answered(answers);
}

/// Whether the screen is to be sent in the camera's place.
pub(crate) fn replaces_camera(options: &Object) -> bool {
    property(options, "replaceCamera").is_truthy()
}

/// By default with sound, with sharp details, and without this tab, which would show itself endlessly.
/// The browser ignores the members that are not its own.
fn with_defaults(given: &Object) -> Object {
    let defaults = object(&[
        ("audio", true.into()),
        ("video", true.into()),
        ("contentHint", "detail".into()),
        ("selfBrowserSurface", "exclude".into()),
        ("surfaceSwitching", "include".into()),
        ("systemAudio", "include".into()),
    ]);
    Object::assign(&defaults, given)
}

fn ask(options: &Object) -> Result<Promise, CallError> {
    let devices = media_devices()?;
    let asked = call_method(&devices, "getDisplayMedia", options);
    asked.map(Promise::from).ok_or_else(unsupported)
}

fn shared(mut answers: Vec<Answer>, content_hint: &JsValue) -> Vec<Answer> {
    for answer in &answers {
        if let (Source::Screen, Ok(Some(track))) = (answer.source, &answer.outcome) {
            set_property(track.media(), "contentHint", content_hint);
        }
    }
    if answers.iter().all(|it| it.source != Source::ScreenAudio) {
        answers.push(no_sound());
    }
    answers
}

fn refused(error: CallError) -> Vec<Answer> {
    let outcome = Err(error.about(Source::Screen));
    let source = Source::Screen;
    vec![Answer { source, outcome }, no_sound()]
}

fn no_sound() -> Answer {
    Answer {
        source: Source::ScreenAudio,
        outcome: Ok(None),
    }
}

/// Browsers throw the same exception if the person cancels and if they may not share at all
/// (<https://github.com/w3c/mediacapture-screen-share/issues/281>). Chromium's text names the system or a
/// policy that forbids it; no browser's text names the person. A refusal without a question comes at
/// once.
fn share_error(error: &JsValue, was_instant: bool) -> CallError {
    let text = exception_text(error);
    // The search of the standard library would add 2 kB to each download.
    let names = |by: &str| {
        text.as_bytes()
            .windows(by.len())
            .any(|it| it == by.as_bytes())
    };
    let is_forbidden = names("system") || names("policy");
    let (code, message) = match exception_name(error).as_str() {
        "NotAllowedError" if is_forbidden || was_instant => (ErrorCode::PermissionDenied, text),
        "NotAllowedError" | "AbortError" => (ErrorCode::Aborted, text),
        "InvalidStateError" => (ErrorCode::PermissionDenied, text),
        _ => return device_error(error),
    };
    CallError {
        cause: Some(error.clone()),
        ..CallError::new(code, message)
    }
}

fn unsupported() -> CallError {
    let message = "the browser has no getDisplayMedia";
    CallError::new(ErrorCode::UnsupportedBrowser, message)
}
