use yew::{Callback, Html, html};

/// Draws the buttons of an ended call; calls back with whether to join again.
pub fn call_ended(on_end: &Callback<bool>) -> Html {
    html! {
        <div class="call-ended">
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
