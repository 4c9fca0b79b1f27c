use yew::{AttrValue, Callback, Html, Properties, component, html, use_mut_ref, use_state};

use super::{Icon, Sign};
use crate::browser;
use crate::task::Task;

/// What a [`CopyLink`] takes.
#[derive(PartialEq, Properties)]
pub struct CopyLinkProps {
    /// The link.
    pub link: AttrValue,
}

/// A button that copies a link, and says what came of it until the person goes on.
#[component]
pub fn CopyLink(props: &CopyLinkProps) -> Html {
    let outcome = use_state(|| None::<bool>);
    let copying = use_mut_ref(|| None::<Task>);
    let on_click = {
        let (link, outcome) = (props.link.clone(), outcome.setter());
        Callback::from(move |_| {
            let (link, outcome) = (link.clone(), outcome.clone());
            let task = Task::spawn(async move { outcome.set(Some(browser::copy(&link).await)) });
            *copying.borrow_mut() = Some(task);
        })
    };
    let forget = {
        let outcome = outcome.setter();
        move |_| outcome.set(None)
    };
    let said = match *outcome {
        None => "",
        Some(true) => "Link copied",
        Some(false) => "The browser would not copy it. Copy the page’s address.",
    };
    html! {
        <div class="copy-link">
            <button class="button" type="button" onclick={on_click} onblur={forget}>
                <Icon sign={Sign::Link} />
                { "Copy link" }
            </button>
            <span class="copy-link-said quiet" role="status">{ said }</span>
        </div>
    }
}
