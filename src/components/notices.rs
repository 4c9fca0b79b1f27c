use yew::{Callback, Html, html};

use super::{Sign, icon};
use crate::state::Complaint;

/// Draws what went wrong in a call that goes on, to be read and dismissed.
pub fn notices(notices: &[Complaint], on_dismiss: &Callback<&'static str>) -> Html {
    html! {
        for notice in notices.iter().map(|notice| notice.sentence) {
            <div key={notice} class="notice">
                <p>{ notice }</p>
                <button
                    class="button"
                    type="button"
                    aria-label="Dismiss"
                    title="Dismiss"
                    onclick={on_dismiss.reform(move |_| notice)}
                >
                    { icon(Sign::Dismiss) }
                </button>
            </div>
        }
    }
}
