use videocalls_client::{DisplayName, RoomName};
use web_sys::SubmitEvent;
use yew::{Callback, Component, Context, Html, Properties, html};

use super::{CopyLink, Field, field};
use crate::state::JoinOptions;
use crate::{browser, messages, rooms};

/// What a [`JoinPage`] takes.
#[derive(PartialEq, Properties)]
pub struct JoinPageProps {
    /// Called with a valid room and a valid name.
    pub on_join: Callback<JoinOptions>,
}

/// Asks for a room and a name.
#[derive(Debug)]
pub struct JoinPage {
    room: String,
    name: String,
    /// Errors are shown only after the first submission.
    submitted: bool,
}

/// The messages of a [`JoinPage`].
#[derive(Debug)]
pub enum JoinPageMessage {
    /// The name was edited.
    Name(String),
    /// The room was edited.
    Room(String),
    /// The form was submitted.
    Submit,
}

impl Component for JoinPage {
    type Message = JoinPageMessage;
    type Properties = JoinPageProps;

    fn create(_: &Context<Self>) -> Self {
        let suggested = || rooms::suggestion(browser::random_bytes());
        Self {
            room: browser::room_in_address().unwrap_or_else(suggested),
            name: browser::stored_name().unwrap_or_default(),
            submitted: false,
        }
    }

    fn update(&mut self, context: &Context<Self>, message: JoinPageMessage) -> bool {
        match message {
            JoinPageMessage::Room(room) => self.room = room,
            JoinPageMessage::Name(name) => self.name = name,
            JoinPageMessage::Submit => {
                self.submitted = true;
                match (RoomName::new(&self.room), DisplayName::new(&self.name)) {
                    (Ok(room), Ok(name)) => {
                        context.props().on_join.emit(JoinOptions { room, name })
                    }
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
        let room_link = room.as_ref().ok().map(browser::room_link);
        let shown = |error: Option<String>| error.filter(|_| self.submitted);
        let on_submit = link.callback(|event: SubmitEvent| {
            event.prevent_default();
            JoinPageMessage::Submit
        });
        html! {
            <main class="join-page">
                <form class="join-page-form" novalidate=true onsubmit={on_submit}>
                    <h1>{ "Join a video call" }</h1>
                    { field(Field {
                        id: "room",
                        label: "Room",
                        autocomplete: "off",
                        text: &self.room,
                        error: shown(room.err().map(messages::room_error)),
                    }, link.callback(JoinPageMessage::Room)) }
                    { field(Field {
                        id: "name",
                        label: "Your name",
                        autocomplete: "name",
                        text: &self.name,
                        error: shown(name.err().map(|e| messages::name_error(e).to_owned())),
                    }, link.callback(JoinPageMessage::Name)) }
                    <button id="join" class="button button-primary">{ "Join" }</button>
                    <p class="quiet">
                        { "Your browser will ask for the camera and the microphone." }
                    </p>
                    if let Some(link) = room_link {
                        <section class="join-page-link" aria-label="Invitation">
                            <p>{ "Anyone who opens this link joins the same room:" }</p>
                            <p class="link-text">{ &link }</p>
                            <CopyLink {link} />
                        </section>
                    }
                </form>
            </main>
        }
    }
}
