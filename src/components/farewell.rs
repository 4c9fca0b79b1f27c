use yew::{Callback, Html, Properties, component, html, use_effect_with};

use crate::browser;

/// What a [`Farewell`] takes.
#[derive(PartialEq, Properties)]
pub struct FarewellProps {
    /// Called to go into the same room again.
    pub on_rejoin: Callback<()>,
    /// Called to go back to the lobby.
    pub on_back: Callback<()>,
}

/// The ways on from a call that is over.
#[component]
pub fn Farewell(props: &FarewellProps) -> Html {
    use_effect_with((), |()| browser::focus("rejoin"));
    html! {
        <div class="farewell">
            <button
                id="rejoin"
                class="button button-primary"
                type="button"
                aria-describedby="ending"
                onclick={props.on_rejoin.reform(|_| ())}
            >
                { "Join again" }
            </button>
            <button id="back" class="button" type="button" onclick={props.on_back.reform(|_| ())}>
                { "Back" }
            </button>
        </div>
    }
}
