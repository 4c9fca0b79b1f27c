use yew::{Html, component, html, use_callback, use_state};

use super::{CallPage, Lobby};
use crate::browser;
use crate::state::Entry;

/// Where the person is.
#[derive(Clone, PartialEq)]
enum Place {
    Lobby,
    /// In the call of this number; joining again is another call.
    Call(Entry, u32),
}

/// The app: the lobby, a call, and the ways between them.
#[component]
pub fn App() -> Html {
    let place = use_state(|| Place::Lobby);
    let on_join = use_callback(place.setter(), |entry: Entry, place| {
        browser::remember_name(entry.name.as_str());
        browser::show_invitation(&entry.room);
        place.set(Place::Call(entry, 0));
    });
    let on_back = use_callback(place.setter(), |(), place| place.set(Place::Lobby));
    let on_rejoin = use_callback(place.clone(), |(), place| {
        if let Place::Call(entry, number) = &**place {
            place.set(Place::Call(entry.clone(), number + 1));
        }
    });
    match &*place {
        Place::Lobby => html! { <Lobby {on_join} /> },
        Place::Call(entry, number) => html! {
            <CallPage key={*number} entry={entry.clone()} {on_back} {on_rejoin} />
        },
    }
}
