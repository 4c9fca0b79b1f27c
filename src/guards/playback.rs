use std::cell::RefCell;
use std::rc::Rc;

use gloo_events::EventListener;
use videocalls_client::Task;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DomException, HtmlVideoElement, MediaStream};
use yew::Callback;

use crate::browser;

/// Plays a stream in a `<video>`.
#[derive(Debug)]
#[must_use = "playback ends when this is dropped"]
pub(crate) struct Playback(Rc<Player>);

#[derive(Debug)]
struct Player {
    video: HtmlVideoElement,
    /// Called with whether the browser blocks playback.
    on_autoplay_blocked: Callback<bool>,
    blocked: RefCell<Option<Blocked>>,
    play_request: RefCell<Option<Task>>,
}

/// Waits for the click or key press that allows playback.
#[derive(Debug)]
struct Blocked {
    on_autoplay_blocked: Callback<bool>,
    _gestures: Vec<EventListener>,
}

impl Playback {
    /// Plays a stream, muted or not; if the browser blocks that, on the next click or key press.
    pub(crate) fn start(
        video: HtmlVideoElement,
        stream: &MediaStream,
        muted: bool,
        on_autoplay_blocked: Callback<bool>,
    ) -> Self {
        // Yew sets the `muted` attribute, which is only the default; this is the property.
        video.set_muted(muted);
        video.set_src_object(Some(stream));
        let player = Rc::new(Player {
            video,
            on_autoplay_blocked,
            blocked: RefCell::default(),
            play_request: RefCell::default(),
        });
        player.play();
        Self(player)
    }
}

impl Player {
    /// Calls `play()` synchronously: within a click handler the browser allows it.
    fn play(self: &Rc<Self>) {
        let Ok(started) = self.video.play() else {
            return;
        };
        let me = self.clone();
        let task = Task::spawn(async move {
            match JsFuture::from(started).await {
                Ok(_) => drop(me.blocked.take()),
                Err(error) if is_not_allowed(&error) => me.wait_for_gesture(),
                // Interrupted by a new stream.
                Err(_) => {}
            }
        });
        *self.play_request.borrow_mut() = Some(task);
    }

    fn wait_for_gesture(self: &Rc<Self>) {
        if self.blocked.borrow().is_some() {
            return;
        }
        let gestures = ["click", "keydown"].into_iter().filter_map(|gesture| {
            let document = browser::document()?;
            let me = Rc::downgrade(self);
            let play = move |_: &_| {
                if let Some(player) = me.upgrade() {
                    player.play();
                }
            };
            Some(EventListener::new(&document, gesture, play))
        });
        let blocked = Blocked {
            _gestures: gestures.collect(),
            on_autoplay_blocked: self.on_autoplay_blocked.clone(),
        };
        *self.blocked.borrow_mut() = Some(blocked);
        self.on_autoplay_blocked.emit(true);
    }
}

impl Drop for Playback {
    fn drop(&mut self) {
        self.0.video.set_src_object(None);
        self.0.blocked.take();
        self.0.play_request.take();
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        self.on_autoplay_blocked.emit(false);
    }
}

fn is_not_allowed(error: &JsValue) -> bool {
    let exception = error.dyn_ref::<DomException>();
    exception.is_some_and(|exception| exception.name() == "NotAllowedError")
}
