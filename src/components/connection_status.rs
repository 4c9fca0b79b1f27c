use videocalls_client::{CallState, Snapshot};
use yew::{Html, html};

/// Draws the state of the connection, and for a person alone the link to send; nothing in a normal call.
pub fn connection_status(snapshot: &Snapshot, link: &str) -> Html {
    let is_alone = snapshot.participants.is_empty();
    let (text, link) = match snapshot.state {
        CallState::Connecting => ("Connecting…", None),
        CallState::Reconnecting => ("Connection lost. Reconnecting…", None),
        CallState::Connected if is_alone => (ALONE, Some(link)),
        _ => return Html::default(),
    };
    html! {
        <div class="connection-status">
            <p>{ text }</p>
            <p class="link-text">{ link }</p>
        </div>
    }
}

const ALONE: &str = "You are the only one here. Send this link to the people you want to meet:";
