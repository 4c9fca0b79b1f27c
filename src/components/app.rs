use yew::{Callback, Html, component, html, use_state};

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
    let go = place.setter();
    match &*place {
        Place::Lobby => {
            let on_join = Callback::from(move |entry: Entry| {
                browser::remember_name(entry.name.as_str());
                browser::show_invitation(&entry.room);
                go.set(Place::Call(entry, 0));
            });
            html! { <Lobby {on_join} /> }
        }
        Place::Call(entry, number) => {
            let again = Place::Call(entry.clone(), number + 1);
            let on_end = Callback::from(move |rejoin: bool| {
                go.set(if rejoin { again.clone() } else { Place::Lobby });
            });
            html! { <CallPage key={*number} entry={entry.clone()} {on_end} /> }
        }
    }
}
