use videocalls_client::{CallState, Snapshot};
use yew::{Callback, Html, Properties, component, html, use_node_ref};

use super::{CopyLink, controls, farewell, notices, tiles};
use crate::browser;
use crate::hooks::{use_call, use_focus, use_shortcuts, use_tile_size, use_title};
use crate::state::{Course, Entry};

/// What a [`CallPage`] takes.
#[derive(PartialEq, Properties)]
pub struct CallPageProps {
    /// The room, and the name to join it with.
    pub entry: Entry,
    /// Called when the person goes on from a call that is over, with whether to join it again.
    pub on_end: Callback<bool>,
}

/// A call, from joining to its end.
#[component]
pub fn CallPage(props: &CallPageProps) -> Html {
    let Entry { room, name } = &props.entry;
    let (call, view) = use_call(&props.entry);
    let list = use_node_ref();
    use_title(room.as_str());
    use_shortcuts(&call);
    use_tile_size(&list, view.tiles());
    let link = browser::invitation(room);
    let (alerts, page, focus) = match &view.course {
        Course::Going(snapshot) => {
            let (toggling, leaving, dismissing) = (call.clone(), call.clone(), call.clone());
            let on_toggle = Callback::from(move |kind| toggling.toggle(kind));
            let on_leave = Callback::from(move |()| leaving.leave());
            let on_dismiss = Callback::from(move |notice| dismissing.dismiss(notice));
            let page = html! {
                <>
                    { standing(snapshot, &link) }
                    { tiles(snapshot, name.as_str(), &call, &list) }
                    { controls(&view, on_toggle, on_leave) }
                </>
            };
            (notices(&view.notices, &on_dismiss), page, "call")
        }
        Course::Over { sentence, failed } => {
            let why = html! { <p id="ending" class="ending">{ *sentence }</p> };
            let ways = farewell(&props.on_end);
            if *failed {
                (why, ways, "rejoin")
            } else {
                (Html::default(), html! { <>{ why }{ ways }</> }, "rejoin")
            }
        }
    };
    use_focus(focus);
    html! {
        <main id="call" class="call" tabindex="-1" data-call-state={view.state()}>
            <header class="call-header">
                <h1>{ room.as_str() }</h1>
                <CopyLink {link} />
            </header>
            // Here from the start: what is put in is read out.
            <div class="alerts" role="alert">{ alerts }</div>
            <div class="news" role="status">
                <p key={view.news.serial} class="toast">{ &view.news.text }</p>
            </div>
            { page }
        </main>
    }
}

/// Where the call stands, if there is more to say than that it goes on.
fn standing(snapshot: &Snapshot, link: &str) -> Html {
    let is_alone = snapshot.participants.is_empty();
    let (words, link) = match snapshot.state {
        CallState::Connecting => ("Connecting…", None),
        CallState::Reconnecting => ("The connection is lost. Trying to get back…", None),
        CallState::Connected if is_alone => (
            "You are the only one here. Send this link to whom you want to meet:",
            Some(link),
        ),
        _ => return Html::default(),
    };
    html! {
        <div class="standing">
            <p>{ words }</p>
            <p class="link-text">{ link }</p>
        </div>
    }
}
