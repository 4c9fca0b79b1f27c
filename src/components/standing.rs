use videocalls_client::{CallState, Snapshot};
use yew::{Html, html};

/// Draws where the call stands, if there is more to say than that it goes on.
pub fn standing(snapshot: &Snapshot, link: &str) -> Html {
    let is_alone = snapshot.participants.is_empty();
    let (words, link) = match snapshot.state {
        CallState::Connecting => ("Connecting…", None),
        CallState::Reconnecting => ("The connection is lost. Trying to get back…", None),
        CallState::Connected if is_alone => (ALONE, Some(link)),
        _ => return Html::default(),
    };
    html! {
        <div class="standing">
            <p>{ words }</p>
            <p class="link-text">{ link }</p>
        </div>
    }
}

const ALONE: &str = "You are the only one here. Send this link to whom you want to meet:";
