use yew::{Callback, Html, html};

use super::{Icon, icon};
use crate::state::Toast;

/// Draws the problems of an active call; each can be dismissed.
pub fn toasts(toasts: &[Toast], on_dismiss: &Callback<&'static str>) -> Html {
    html! {
        for toast in toasts.iter().map(|toast| toast.sentence) {
            <div key={toast} class="toast">
                <p>{ toast }</p>
                <button
                    class="button"
                    type="button"
                    aria-label="Dismiss"
                    title="Dismiss"
                    onclick={on_dismiss.reform(move |_| toast)}
                >
                    { icon(Icon::Dismiss) }
                </button>
            </div>
        }
    }
}
