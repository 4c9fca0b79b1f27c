use yew::{Html, Properties, component, html, use_context};

use crate::hooks::CallHandle;

/// What [`Notices`] take.
#[derive(PartialEq, Properties)]
pub struct NoticesProps {
    /// The sentences that were not dismissed.
    pub notices: Vec<&'static str>,
}

/// What went wrong in a call that goes on, to be read and dismissed.
#[component]
pub fn Notices(props: &NoticesProps) -> Html {
    let call = use_context::<CallHandle>();
    let dismiss = |notice: &'static str| {
        let call = call.clone();
        move |_| call.iter().for_each(|call| call.dismiss(notice))
    };
    html! {
        for &notice in &props.notices {
            <div key={notice} class="notice">
                <p>{ notice }</p>
                <button class="button" type="button" onclick={dismiss(notice)}>
                    { "Dismiss" }
                </button>
            </div>
        }
    }
}
