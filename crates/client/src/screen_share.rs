use js_sys::{Date, Object, Promise};
use videocalls_protocol::Source;
use wasm_bindgen::JsValue;

use crate::browser::{call_method, exception_name, exception_text, object, set_property};
use crate::devices::Answered;
use crate::local_tracks::Answer;
use crate::media_devices::{Sources, device_error, media_devices, tracks_of};
use crate::{CallError, ErrorCode};

/// A person needs longer than this, in milliseconds, to cancel the browser's choice of screens.
const FASTEST_ANSWER: f64 = 200.0;

const SCREEN: Sources = [Source::ScreenAudio, Source::Screen];

/// How a screen is shared.
#[derive(Clone, Debug, Default)]
pub struct ScreenShare {
    options: Option<Object>,
    hint: ContentHint,
    replaces_camera: bool,
}

/// What matters in the picture of a shared screen
/// (<https://www.w3.org/TR/mst-content-hint/#video-content-hints>).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ContentHint {
    /// Sharp details, as of text. Frames may be left out.
    #[default]
    Detail,
    /// Smooth motion, as of a film. Details may be lost.
    Motion,
}

impl ScreenShare {
    /// Sets the browser's own options, which replace ours where both are set
    /// (<https://www.w3.org/TR/screen-capture/#displaymediastreamoptions>): `audio`, `video`,
    /// `systemAudio`, `surfaceSwitching`, `selfBrowserSurface`, `preferCurrentTab` and others.
    pub fn options(self, options: &Object) -> Self {
        Self {
            options: Some(options.clone()),
            ..self
        }
    }

    /// Sets what matters in the picture; by default sharp details.
    pub fn content_hint(self, hint: ContentHint) -> Self {
        Self { hint, ..self }
    }

    /// Sets whether the screen takes the place of the camera, without its sound, for peers that receive one
    /// video track only. Where the server tells the room what each track shows, this changes nothing.
    pub fn replace_camera(self, replaces_camera: bool) -> Self {
        Self {
            replaces_camera,
            ..self
        }
    }

    pub(crate) fn replaces_camera(&self) -> bool {
        self.replaces_camera
    }

    /// Asks the person for a screen. The browser is asked at once, since it wants a gesture.
    pub(crate) async fn request(self, answered: Answered) {
        let asked_at = Date::now();
        let answers = match self.ask() {
            Ok(promise) => match tracks_of(Ok(promise), SCREEN).await {
                Ok(tracks) => self.shared(tracks),
                Err(error) => {
                    let was_instant = Date::now() - asked_at < FASTEST_ANSWER;
                    refused(share_error(&error, was_instant))
                }
            },
            Err(error) => refused(error),
        };
        answered(answers);
    }

    fn ask(&self) -> Result<Promise, CallError> {
        let devices = media_devices()?;
        let asked = call_method(&devices, "getDisplayMedia", &self.all_options());
        asked.map(Promise::from).ok_or_else(unsupported)
    }

    /// By default with sound, and without this tab, which would show itself endlessly.
    fn all_options(&self) -> Object {
        let options = object(&[
            ("audio", true.into()),
            ("video", true.into()),
            ("selfBrowserSurface", "exclude".into()),
            ("surfaceSwitching", "include".into()),
            ("systemAudio", "include".into()),
        ]);
        if let Some(given) = &self.options {
            Object::assign(&options, given);
        }
        options
    }

    fn shared(&self, tracks: Vec<Answer>) -> Vec<Answer> {
        let hint = match self.hint {
            ContentHint::Detail => "detail",
            ContentHint::Motion => "motion",
        };
        let mut answers = tracks;
        for answer in &answers {
            if let (Source::Screen, Ok(Some(track))) = (answer.source, &answer.outcome) {
                set_property(track.media(), "contentHint", &hint.into());
            }
        }
        if answers.iter().all(|it| it.source != Source::ScreenAudio) {
            answers.push(no_sound());
        }
        answers
    }
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
