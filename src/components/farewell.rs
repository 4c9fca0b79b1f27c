use yew::{Callback, Html, html};

/// Draws the ways on from a call that is over; calls back with whether it is to be joined again.
pub fn farewell(on_end: &Callback<bool>) -> Html {
    html! {
        <div class="farewell">
            <button
                id="rejoin"
                class="button button-primary"
                type="button"
                aria-describedby="ending"
                onclick={on_end.reform(|_| true)}
            >
                { "Join again" }
            </button>
            <button id="back" class="button" type="button" onclick={on_end.reform(|_| false)}>
                { "Back" }
            </button>
        </div>
    }
}
