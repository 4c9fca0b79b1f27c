use videocalls_client::{CallState, Connection, Snapshot};
use yew::{AttrValue, Callback, Html, NodeRef, html};

use super::Tile;
use crate::call::Call;
use crate::messages;

/// Draws the participants in the order in which they joined, and the self-view last.
pub(crate) fn tiles(
    snapshot: &Snapshot,
    name: &str,
    call: Option<&Call>,
    list: &NodeRef,
    on_autoplay_blocked: &Callback<bool>,
) -> Html {
    let media = snapshot.local.clone();
    let connection = match snapshot.state {
        CallState::Connected | CallState::Reconnecting => Connection::Connected,
        _ => Connection::Connecting,
    };
    let text = |text: &str| AttrValue::from(text.to_owned());
    html! {
        <ul ref={list} class="tiles" aria-label="Participants">
            for participant in &snapshot.participants {
                <Tile
                    key={participant.id.as_str()}
                    id={text(participant.id.as_str())}
                    name={text(messages::name(participant))}
                    connection={participant.connection}
                    media={participant.tracks.clone()}
                    stream={call.and_then(|call| call.stream_of(&participant.id))}
                    {on_autoplay_blocked}
                />
            }
            <Tile
                key="self"
                id="self"
                name={text(name)}
                is_own=true
                {connection}
                {media}
                stream={call.map(Call::own_stream)}
                {on_autoplay_blocked}
            />
        </ul>
    }
}
