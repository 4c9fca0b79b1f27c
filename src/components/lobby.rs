use videocalls_client::{DisplayName, RoomName};
use web_sys::SubmitEvent;
use yew::{Callback, Html, Properties, component, html, use_state};

use super::{CopyLink, Field, field};
use crate::hooks::use_focus;
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
    let remembered = use_state(|| browser::remembered_name().unwrap_or_default());
    let name = use_state(|| String::clone(&remembered));
    use_focus(if remembered.is_empty() {
        "name"
    } else {
        "join"
    });
    // Nobody is told of mistakes while still typing for the first time.
    let submitted = use_state(|| false);

    let valid_room = RoomName::new(&room);
    let valid_name = DisplayName::new(&name);
    let link = valid_room.as_ref().ok().map(browser::invitation);
    let shown = |complaint: Option<String>| complaint.filter(|_| *submitted);
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
                { field(Field {
                    id: "room",
                    label: "Room",
                    autocomplete: "off",
                    text: &room,
                    complaint: shown(room_complaint),
                }) }
                { field(Field {
                    id: "name",
                    label: "Your name",
                    autocomplete: "name",
                    text: &name,
                    complaint: shown(name_complaint.map(str::to_owned)),
                }) }
                <button id="join" class="button button-primary">{ "Join" }</button>
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
