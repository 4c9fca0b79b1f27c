use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DomException, HtmlVideoElement, MediaStream};
use yew::Callback;

use crate::task::Task;

/// A stream that plays in a `<video>`.
#[derive(Debug)]
#[must_use = "the video lets go of the stream when this is dropped"]
pub(crate) struct Playback {
    video: HtmlVideoElement,
    /// Told whether the browser plays only once the person asks for it.
    on_blocked: Callback<bool>,
    starting: Option<Task>,
}

impl Playback {
    /// Plays a stream, with its sound or without.
    pub(crate) fn start(
        video: HtmlVideoElement,
        stream: &MediaStream,
        muted: bool,
        on_blocked: Callback<bool>,
    ) -> Self {
        // Yew would set the attribute, which says what a video begins with, not what it is.
        video.set_muted(muted);
        video.set_src_object(Some(stream));
        let mut playback = Self {
            video,
            on_blocked,
            starting: None,
        };
        playback.play();
        playback
    }

    /// Plays on; from within a click the browser can't refuse.
    pub(crate) fn play(&mut self) {
        let (video, on_blocked) = (self.video.clone(), self.on_blocked.clone());
        self.starting = Some(Task::spawn(async move {
            let Ok(started) = video.play() else { return };
            match JsFuture::from(started).await {
                Ok(_) => on_blocked.emit(false),
                Err(error) if is_not_allowed(&error) => on_blocked.emit(true),
                // Another stream came in between.
                Err(_) => {}
            }
        }));
    }
}

impl Drop for Playback {
    fn drop(&mut self) {
        self.video.set_src_object(None);
    }
}

fn is_not_allowed(error: &JsValue) -> bool {
    let exception = error.dyn_ref::<DomException>();
    exception.is_some_and(|exception| exception.name() == "NotAllowedError")
}
