use videocalls_client::{Connection, MediaState};
use web_sys::MediaStream;
use yew::{AttrValue, Html, Properties, component, html, use_node_ref};

use super::{Sign, icon};
use crate::hooks::use_stream;
use crate::words;

/// What a [`Tile`] takes.
#[derive(PartialEq, Properties)]
pub struct TileProps {
    /// The participant's id, or `self`.
    pub id: AttrValue,
    /// The participant's name.
    pub name: AttrValue,
    /// Whether it shows the person who looks at it.
    #[prop_or_default]
    pub is_own: bool,
    /// How the participant is connected with us.
    pub connection: Connection,
    /// What the participant sends.
    pub media: MediaState,
    /// The participant's sound and picture.
    #[prop_or_default]
    pub stream: Option<MediaStream>,
}

/// A participant: picture and sound, name, and why one of them is missing.
#[component]
pub fn Tile(props: &TileProps) -> Html {
    let video = use_node_ref();
    let playback = use_stream(&video, props.stream.clone(), props.is_own);
    let no_picture = words::why_no_picture(props.connection, props.media.video);
    let no_sound = words::why_no_sound(props.media.audio);
    let play = playback.play.clone();
    html! {
        <li
            class={if props.is_own { "tile tile-own" } else { "tile" }}
            data-participant={props.id.clone()}
            data-connection={props.connection.as_str()}
            data-audio={props.media.audio.as_str()}
            data-video={props.media.video.as_str()}
        >
            <video ref={video} autoplay=true playsinline=true aria-label={props.name.clone()} />
            if let Some(why) = no_picture {
                <div class="tile-cover">
                    <span class="tile-initials" aria-hidden="true">
                        { words::initials(&props.name) }
                    </span>
                    <span class="tile-why">{ why }</span>
                </div>
            }
            if playback.is_blocked {
                <button class="button tile-play" type="button" onclick={move |_| play.emit(())}>
                    { "Tap to hear" }
                </button>
            }
            <p class="tile-name">
                if let Some(why) = no_sound {
                    <span class="tile-silent" title={why}>
                        { icon(Sign::MicrophoneOff) }
                        <span class="unseen">{ why }{ ": " }</span>
                    </span>
                }
                <span class="tile-name-text">
                    { &props.name }
                    if props.is_own {
                        { " (you)" }
                    }
                </span>
            </p>
        </li>
    }
}
