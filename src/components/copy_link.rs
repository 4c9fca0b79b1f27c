use videocalls_client::Task;
use yew::{Component, Context, Html, Properties, html};

use super::{Icon, icon};
use crate::browser;

/// What a [`CopyLink`] takes.
#[derive(PartialEq, Properties)]
pub struct CopyLinkProps {
    /// The link.
    pub link: String,
}

/// A button that copies a link, with the outcome beside it until the button loses the focus.
#[derive(Debug, Default)]
pub struct CopyLink {
    status: &'static str,
    copying: Option<Task>,
}

/// The messages of a [`CopyLink`].
#[derive(Debug)]
pub enum CopyLinkMessage {
    /// Copies the link.
    Copy,
    /// Shows a status; empty for none.
    ShowStatus(&'static str),
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
                    let status = if copied { COPIED } else { REFUSED };
                    scope.send_message(CopyLinkMessage::ShowStatus(status));
                }));
                false
            }
            CopyLinkMessage::ShowStatus(status) => {
                self.status = status;
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
                    onblur={link.callback(|_| CopyLinkMessage::ShowStatus(""))}
                >
                    { icon(Icon::Link) }
                    { "Copy link" }
                </button>
                <span class="quiet" role="status">{ self.status }</span>
            </div>
        }
    }
}

const COPIED: &str = "Link copied";
const REFUSED: &str = "The browser did not allow copying. Copy the address of this page instead.";
