use yew::{Callback, Component, Context, Html, html};

use super::{CallPage, Lobby};
use crate::browser;
use crate::state::Entry;

/// Where the person is.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// In the lobby.
    Lobby,
    /// In the call of this number; joining again is another call.
    Call(Entry, u32),
}

/// The app: the lobby, a call, and the ways between them.
#[derive(Debug)]
pub struct App(Place);

impl Component for App {
    type Message = Place;
    type Properties = ();

    fn create(_: &Context<Self>) -> Self {
        Self(Place::Lobby)
    }

    fn update(&mut self, _: &Context<Self>, place: Place) -> bool {
        self.0 = place;
        true
    }

    fn view(&self, context: &Context<Self>) -> Html {
        let link = context.link();
        match &self.0 {
            Place::Lobby => {
                let on_join = link.callback(|entry: Entry| {
                    browser::remember_name(entry.name.as_str());
                    browser::show_invitation(&entry.room);
                    Place::Call(entry, 0)
                });
                html! { <Lobby {on_join} /> }
            }
            Place::Call(entry, number) => {
                let again = Place::Call(entry.clone(), number + 1);
                let on_end: Callback<bool> =
                    link.callback(move |rejoin| if rejoin { again.clone() } else { Place::Lobby });
                html! { <CallPage key={*number} entry={entry.clone()} {on_end} /> }
            }
        }
    }
}
