use videocalls_client::{DisplayName, RoomName};
use web_sys::SubmitEvent;
use yew::{Callback, Component, Context, Html, Properties, html};

use super::{CopyLink, Field, field};
use crate::state::Entry;
use crate::{browser, rooms, words};

/// What a [`Lobby`] takes.
#[derive(PartialEq, Properties)]
pub struct LobbyProps {
    /// Called with a room and a name that can be joined with.
    pub on_join: Callback<Entry>,
}

/// Asks for a room and a name.
#[derive(Debug)]
pub struct Lobby {
    room: String,
    name: String,
    /// Nobody is told of mistakes while still typing for the first time.
    submitted: bool,
}

/// What a [`Lobby`] hears.
#[derive(Debug)]
pub enum LobbyMessage {
    /// The person gives their name.
    Name(String),
    /// The person names the room.
    Room(String),
    /// The person wants to go in.
    Submit,
}

impl Component for Lobby {
    type Message = LobbyMessage;
    type Properties = LobbyProps;

    fn create(_: &Context<Self>) -> Self {
        let suggested = || rooms::suggestion(browser::random_bytes());
        Self {
            room: browser::invited_room().unwrap_or_else(suggested),
            name: browser::remembered_name().unwrap_or_default(),
            submitted: false,
        }
    }

    fn update(&mut self, context: &Context<Self>, message: LobbyMessage) -> bool {
        match message {
            LobbyMessage::Room(room) => self.room = room,
            LobbyMessage::Name(name) => self.name = name,
            LobbyMessage::Submit => {
                self.submitted = true;
                match (RoomName::new(&self.room), DisplayName::new(&self.name)) {
                    (Ok(room), Ok(name)) => context.props().on_join.emit(Entry { room, name }),
                    (Err(_), _) => browser::focus("room"),
                    (_, Err(_)) => browser::focus("name"),
                }
            }
        }
        true
    }

    fn rendered(&mut self, _: &Context<Self>, first: bool) {
        if first {
            browser::focus(if self.name.is_empty() { "name" } else { "join" });
        }
    }

    fn view(&self, context: &Context<Self>) -> Html {
        let link = context.link();
        let room = RoomName::new(&self.room);
        let name = DisplayName::new(&self.name);
        let invitation = room.as_ref().ok().map(browser::invitation);
        let shown = |complaint: Option<String>| complaint.filter(|_| self.submitted);
        let on_submit = link.callback(|event: SubmitEvent| {
            event.prevent_default();
            LobbyMessage::Submit
        });
        html! {
            <main class="lobby">
                <form class="lobby-form" novalidate=true onsubmit={on_submit}>
                    <h1>{ "Join a video call" }</h1>
                    { field(Field {
                        id: "room",
                        label: "Room",
                        autocomplete: "off",
                        text: &self.room,
                        complaint: shown(room.err().map(words::room_complaint)),
                    }, link.callback(LobbyMessage::Room)) }
                    { field(Field {
                        id: "name",
                        label: "Your name",
                        autocomplete: "name",
                        text: &self.name,
                        complaint: shown(name.err().map(|e| words::name_complaint(e).to_owned())),
                    }, link.callback(LobbyMessage::Name)) }
                    <button id="join" class="button button-primary">{ "Join" }</button>
                    <p class="quiet">
                        { "Your browser will ask for the camera and the microphone." }
                    </p>
                    if let Some(link) = invitation {
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
}
