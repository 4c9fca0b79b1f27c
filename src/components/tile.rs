use videocalls_client::{Connection, MediaState, Source};
use web_sys::MediaStream;
use yew::{AttrValue, Callback, Component, Context, Html, NodeRef, Properties, html};

use super::{Icon, icon};
use crate::guards::Playback;
use crate::messages;

/// What a [`Tile`] takes.
#[derive(PartialEq, Properties)]
pub struct TileProps {
    /// The participant's id, or `self`.
    pub id: AttrValue,
    /// The participant's name.
    pub name: AttrValue,
    /// Whether this is the self-view.
    #[prop_or_default]
    pub is_own: bool,
    /// The state of the connection to the participant.
    pub connection: Connection,
    /// What the participant sends.
    pub media: MediaState,
    /// The participant's stream.
    #[prop_or_default]
    pub stream: Option<MediaStream>,
    /// Called with `true` when the browser blocks playback until a click or a key press, with `false` when no longer.
    #[prop_or_default]
    pub on_autoplay_blocked: Callback<bool>,
}

/// A participant: picture, sound and name, and the reason if one is missing.
#[derive(Debug, Default)]
pub struct Tile {
    video: NodeRef,
    stream: Option<MediaStream>,
    playback: Option<Playback>,
}

impl Component for Tile {
    type Message = ();
    type Properties = TileProps;

    fn create(_: &Context<Self>) -> Self {
        Self::default()
    }

    fn rendered(&mut self, context: &Context<Self>, _: bool) {
        let props = context.props();
        if self.stream == props.stream {
            return;
        }
        self.stream.clone_from(&props.stream);
        // Drop the old playback first: both control the same `<video>`.
        self.playback = None;
        let video = self.video.cast().zip(self.stream.as_ref());
        self.playback = video.map(|(video, stream)| {
            Playback::start(
                video,
                stream,
                props.is_own,
                props.on_autoplay_blocked.clone(),
            )
        });
    }

    fn view(&self, context: &Context<Self>) -> Html {
        let props = context.props();
        let no_picture = messages::why_no_picture(props.connection, props.media.of(Source::Camera));
        let no_sound = messages::why_no_sound(props.media.of(Source::Microphone));
        html! {
            <li
                class="tile"
                data-own={props.is_own.then_some("")}
                data-participant={props.id.clone()}
                data-connection={props.connection.as_str()}
                data-audio={props.media.of(Source::Microphone).to_wire()}
                data-video={props.media.of(Source::Camera).to_wire()}
            >
                <video ref={&self.video} autoplay=true playsinline=true aria-label={props.name.clone()} />
                if let Some(why) = no_picture {
                    <div class="tile-cover">
                        <span class="tile-initials" aria-hidden="true">
                            { messages::initials(&props.name) }
                        </span>
                        <span class="tile-reason">{ why }</span>
                    </div>
                }
                <p class="tile-name">
                    if let Some(why) = no_sound {
                        <span class="tile-silent" title={why}>
                            { icon(Icon::MicrophoneOff) }
                            <span class="visually-hidden">{ why }{ ": " }</span>
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
}
