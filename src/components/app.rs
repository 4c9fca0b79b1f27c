use yew::{Callback, Component, Context, Html, html};

use super::{CallPage, JoinPage};
use crate::browser;
use crate::state::JoinOptions;

/// Which page is shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Page {
    /// The page on which a call is joined.
    Join,
    /// A call; joining again increases the number, which makes it another call.
    Call(JoinOptions, u32),
}

/// The app: shows the join page or a call.
#[derive(Debug)]
pub struct App(Page);

impl Component for App {
    type Message = Page;
    type Properties = ();

    fn create(_: &Context<Self>) -> Self {
        Self(Page::Join)
    }

    fn update(&mut self, _: &Context<Self>, page: Page) -> bool {
        self.0 = page;
        true
    }

    fn view(&self, context: &Context<Self>) -> Html {
        let link = context.link();
        match &self.0 {
            Page::Join => {
                let on_join = link.callback(|entry: JoinOptions| {
                    browser::store_name(entry.name.as_str());
                    browser::show_room_link(&entry.room);
                    Page::Call(entry, 0)
                });
                html! { <JoinPage {on_join} /> }
            }
            Page::Call(entry, number) => {
                let again = Page::Call(entry.clone(), number + 1);
                let on_end: Callback<bool> =
                    link.callback(move |rejoin| if rejoin { again.clone() } else { Page::Join });
                html! { <CallPage key={*number} entry={entry.clone()} {on_end} /> }
            }
        }
    }
}
