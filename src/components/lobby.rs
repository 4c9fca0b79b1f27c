use videocalls_client::{DisplayName, RoomName};
use web_sys::SubmitEvent;
use yew::{
    AttrValue, Callback, Html, Properties, component, html, use_callback, use_effect_with,
    use_state,
};

use super::{CopyLink, Field};
use crate::state::Entry;
use crate::{browser, rooms, words};

/// What a [`Lobby`] takes.
#[derive(PartialEq, Properties)]
pub struct LobbyProps {
    /// Called with a room and a name that can be joined with.
    pub on_join: Callback<Entry>,
}

/// Asks for a room and a name.
#[component]
pub fn Lobby(props: &LobbyProps) -> Html {
    let room = use_state(|| {
        let suggested = || rooms::suggestion(browser::random_bytes());
        browser::invited_room().unwrap_or_else(suggested)
    });
    let name = use_state(|| browser::remembered_name().unwrap_or_default());
    // Nobody is told of mistakes while still typing for the first time.
    let submitted = use_state(|| false);
    let on_room = use_callback(room.setter(), |text, room| room.set(text));
    let on_name = use_callback(name.setter(), |text, name| name.set(text));

    use_effect_with((), {
        let has_name = !name.is_empty();
        move |()| browser::focus(if has_name { "join" } else { "name" })
    });
    let valid_room = RoomName::new(&room);
    let valid_name = DisplayName::new(&name);
    let link = valid_room.as_ref().ok().map(browser::invitation);
    let room_complaint = valid_room
        .as_ref()
        .err()
        .copied()
        .map(words::room_complaint);
    let name_complaint = valid_name
        .as_ref()
        .err()
        .copied()
        .map(words::name_complaint);
    let shown = |complaint: Option<AttrValue>| complaint.filter(|_| *submitted);

    let on_submit = {
        let (submitted, on_join) = (submitted.setter(), props.on_join.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            match (valid_room.clone(), valid_name.clone()) {
                (Ok(room), Ok(name)) => return on_join.emit(Entry { room, name }),
                (Err(_), _) => browser::focus("room"),
                (_, Err(_)) => browser::focus("name"),
            }
            submitted.set(true);
        }
    };
    html! {
        <main class="lobby">
            <form class="lobby-form" novalidate=true onsubmit={on_submit}>
                <h1>{ "Join a video call" }</h1>
                <Field
                    id="room"
                    label="Room"
                    value={AttrValue::from((*room).clone())}
                    complaint={shown(room_complaint.map(AttrValue::from))}
                    on_input={on_room}
                    autocomplete="off"
                />
                <Field
                    id="name"
                    label="Your name"
                    value={AttrValue::from((*name).clone())}
                    complaint={shown(name_complaint.map(AttrValue::from))}
                    on_input={on_name}
                    autocomplete="name"
                />
                <button id="join" class="button button-primary" type="submit">{ "Join" }</button>
                <p class="quiet">
                    { "Your browser will ask for the camera and the microphone." }
                </p>
                if let Some(link) = link {
                    <section class="lobby-link" aria-label="Invitation">
                        <p>{ "Whoever opens this link comes into the same room:" }</p>
                        <p class="link-text">{ &link }</p>
                        <CopyLink {link} />
                    </section>
                }
            </form>
        </main>
    }
}
