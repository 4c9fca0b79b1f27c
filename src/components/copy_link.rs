use yew::{Callback, Html, Properties, component, html, use_mut_ref, use_state};

use super::{Sign, icon};
use crate::browser;
use crate::task::Task;

/// What a [`CopyLink`] takes.
#[derive(PartialEq, Properties)]
pub struct CopyLinkProps {
    /// The link.
    pub link: String,
}

/// A button that copies a link, and says what came of it until the person goes on.
#[component]
pub fn CopyLink(props: &CopyLinkProps) -> Html {
    let said = use_state(|| "");
    let copying = use_mut_ref(|| None::<Task>);
    let on_click = {
        let (link, said) = (props.link.clone(), said.setter());
        Callback::from(move |_| {
            let (link, said) = (link.clone(), said.clone());
            let task = Task::spawn(async move {
                said.set(if browser::copy(&link).await {
                    COPIED
                } else {
                    REFUSED
                });
            });
            *copying.borrow_mut() = Some(task);
        })
    };
    let forget = {
        let said = said.setter();
        move |_| said.set("")
    };
    html! {
        <div class="copy-link">
            <button class="button" type="button" onclick={on_click} onblur={forget}>
                { icon(Sign::Link) }
                { "Copy link" }
            </button>
            <span class="quiet" role="status">{ *said }</span>
        </div>
    }
}

const COPIED: &str = "Link copied";
const REFUSED: &str = "The browser would not copy it. Copy the page’s address.";
