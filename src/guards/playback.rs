use std::cell::RefCell;
use std::rc::Rc;

use gloo_events::EventListener;
use videocalls_client::Task;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DomException, HtmlVideoElement, MediaStream};
use yew::Callback;

use crate::browser;

/// A stream that plays in a `<video>`.
#[derive(Debug)]
#[must_use = "the video lets go of the stream when this is dropped"]
pub(crate) struct Playback(Rc<Player>);

#[derive(Debug)]
struct Player {
    video: HtmlVideoElement,
    /// Told when the browser holds the video back, and when it no longer does.
    on_held: Callback<bool>,
    held: RefCell<Option<Held>>,
    starting: RefCell<Option<Task>>,
}

/// A video that the browser plays once there is a click or a key, which this waits for.
#[derive(Debug)]
struct Held {
    on_held: Callback<bool>,
    _gestures: Vec<EventListener>,
}

impl Playback {
    /// Plays a stream, with its sound or without, if need be with the next click or key.
    pub(crate) fn start(
        video: HtmlVideoElement,
        stream: &MediaStream,
        muted: bool,
        on_held: Callback<bool>,
    ) -> Self {
        // Yew would set the attribute, which says what a video begins with, not what it is.
        video.set_muted(muted);
        video.set_src_object(Some(stream));
        let player = Rc::new(Player {
            video,
            on_held,
            held: RefCell::default(),
            starting: RefCell::default(),
        });
        player.play();
        Self(player)
    }
}

impl Player {
    /// Asks at once and not in a task: from within a click the browser can't refuse.
    fn play(self: &Rc<Self>) {
        let Ok(started) = self.video.play() else {
            return;
        };
        let me = self.clone();
        let task = Task::spawn(async move {
            match JsFuture::from(started).await {
                Ok(_) => drop(me.held.take()),
                Err(error) if is_not_allowed(&error) => me.track(),
                // Another stream came in between.
                Err(_) => {}
            }
        });
        *self.starting.borrow_mut() = Some(task);
    }

    fn track(self: &Rc<Self>) {
        if self.held.borrow().is_some() {
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
        let held = Held {
            _gestures: gestures.collect(),
            on_held: self.on_held.clone(),
        };
        *self.held.borrow_mut() = Some(held);
        self.on_held.emit(true);
    }
}

impl Drop for Playback {
    fn drop(&mut self) {
        self.0.video.set_src_object(None);
        self.0.held.take();
        self.0.starting.take();
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.on_held.emit(false);
    }
}

fn is_not_allowed(error: &JsValue) -> bool {
    let exception = error.dyn_ref::<DomException>();
    exception.is_some_and(|exception| exception.name() == "NotAllowedError")
}
