use videocalls_client::Task;
use yew::{Component, Context, Html, Properties, html};

use super::{Sign, icon};
use crate::browser;

/// What a [`CopyLink`] takes.
#[derive(PartialEq, Properties)]
pub struct CopyLinkProps {
    /// The link.
    pub link: String,
}

/// A button that copies a link, and says what came of it until the person goes on.
#[derive(Debug, Default)]
pub struct CopyLink {
    said: &'static str,
    copying: Option<Task>,
}

/// What a [`CopyLink`] hears.
#[derive(Debug)]
pub enum CopyLinkMessage {
    /// The person wants the link.
    Copy,
    /// There is something to say, or nothing any more.
    Say(&'static str),
}

impl Component for CopyLink {
    type Message = CopyLinkMessage;
    type Properties = CopyLinkProps;

    fn create(_: &Context<Self>) -> Self {
        Self::default()
    }

    fn update(&mut self, context: &Context<Self>, message: CopyLinkMessage) -> bool {
        match message {
            CopyLinkMessage::Copy => {
                let (scope, link) = (context.link().clone(), context.props().link.clone());
                self.copying = Some(Task::spawn(async move {
                    let copied = browser::copy(&link).await;
                    let words = if copied { COPIED } else { REFUSED };
                    scope.send_message(CopyLinkMessage::Say(words));
                }));
                false
            }
            CopyLinkMessage::Say(words) => {
                self.said = words;
                true
            }
        }
    }

    fn view(&self, context: &Context<Self>) -> Html {
        let link = context.link();
        html! {
            <div class="copy-link">
                <button
                    class="button"
                    type="button"
                    onclick={link.callback(|_| CopyLinkMessage::Copy)}
                    onblur={link.callback(|_| CopyLinkMessage::Say(""))}
                >
                    { icon(Sign::Link) }
                    { "Copy link" }
                </button>
                <span class="quiet" role="status">{ self.said }</span>
            </div>
        }
    }
}

const COPIED: &str = "Link copied";
const REFUSED: &str = "The browser would not copy it. Copy the page’s address.";
