use videocalls_client::{CallState, Connection, MediaState, ParticipantView, Snapshot};
use yew::{AttrValue, Html, Properties, component, html, use_context, use_node_ref};

use super::Tile;
use crate::hooks::{CallHandle, use_tile_size};
use crate::words;

/// What [`Tiles`] take.
#[derive(PartialEq, Properties)]
pub struct TilesProps {
    /// The call.
    pub snapshot: Snapshot,
    /// The own name.
    pub name: AttrValue,
}

/// Everyone in the room in the order of their coming, and oneself last.
#[component]
pub fn Tiles(props: &TilesProps) -> Html {
    let call = use_context::<CallHandle>();
    let list = use_node_ref();
    let snapshot = &props.snapshot;
    use_tile_size(&list, snapshot.participants.len() + 1);
    let media = MediaState {
        audio: snapshot.microphone,
        video: snapshot.camera,
    };
    let connection = match snapshot.state {
        CallState::Connected | CallState::Reconnecting => Connection::Connected,
        _ => Connection::Connecting,
    };
    let stream_of =
        |participant: &ParticipantView| call.as_ref().and_then(|c| c.stream_of(&participant.id));
    html! {
        <ul ref={list} class="tiles" aria-label="Participants">
            for participant in &snapshot.participants {
                <Tile
                    key={participant.id.as_str()}
                    id={AttrValue::from(participant.id.as_str().to_owned())}
                    name={AttrValue::from(words::name(participant).to_owned())}
                    connection={participant.connection}
                    media={participant.media}
                    stream={stream_of(participant)}
                />
            }
            <Tile
                key="self"
                id="self"
                name={&props.name}
                is_own=true
                {connection}
                {media}
                stream={call.as_ref().and_then(CallHandle::own_stream)}
            />
        </ul>
    }
}
