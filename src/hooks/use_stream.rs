use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{DomException, HtmlVideoElement, MediaStream};
use yew::{Callback, NodeRef, UseStateSetter, hook, use_effect_with, use_mut_ref, use_state};

use crate::task::Task;

/// How the playing of a stream goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Playback {
    /// Whether the browser plays only once the person asks for it.
    pub is_blocked: bool,
    /// Plays; to be called from a click.
    pub play: Callback<()>,
}

/// Plays a stream in the `<video>` behind `node`, until there is another one or none.
#[hook]
pub fn use_stream(node: &NodeRef, stream: Option<MediaStream>, muted: bool) -> Playback {
    let blocked = use_state(|| false);
    let playing = use_mut_ref(|| None::<Task>);
    let play = {
        let (playing, node, blocked) = (playing.clone(), node.clone(), blocked.setter());
        Callback::from(move |()| {
            if let Some(video) = node.cast() {
                *playing.borrow_mut() = Some(Task::spawn(play(video, blocked.clone())));
            }
        })
    };
    let (video, start) = (node.clone(), play.clone());
    use_effect_with((stream, muted), move |(stream, muted)| {
        let video = video.cast::<HtmlVideoElement>();
        if let Some(video) = &video {
            // Yew would set the attribute, which says what a video begins with, not what it is.
            video.set_muted(*muted);
            video.set_src_object(stream.as_ref());
        }
        if stream.is_some() {
            start.emit(());
        }
        move || {
            playing.take();
            if let Some(video) = video {
                video.set_src_object(None);
            }
        }
    });
    Playback {
        is_blocked: *blocked,
        play,
    }
}

async fn play(video: HtmlVideoElement, blocked: UseStateSetter<bool>) {
    let Ok(started) = video.play() else { return };
    match JsFuture::from(started).await {
        Ok(_) => blocked.set(false),
        // Anything else means that another stream came in between.
        Err(error) if is_not_allowed(&error) => blocked.set(true),
        Err(_) => {}
    }
}

fn is_not_allowed(error: &wasm_bindgen::JsValue) -> bool {
    error
        .dyn_ref::<DomException>()
        .is_some_and(|error| error.name() == "NotAllowedError")
}
