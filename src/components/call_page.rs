use yew::{Callback, Component, Context, Html, NodeRef, Properties, html};

use super::{CopyLink, controls, farewell, notices, standing, tiles};
use crate::browser;
use crate::call::{Call, CallMessage};
use crate::guards::{Resizes, Shortcuts, Title};
use crate::state::{CallAction, CallView, Course, Entry};

/// What a [`CallPage`] takes.
#[derive(PartialEq, Properties)]
pub struct CallPageProps {
    /// The room, and the name to join it with.
    pub entry: Entry,
    /// Called when the person goes on from a call that is over, with whether to join it again.
    pub on_end: Callback<bool>,
}

/// A call, from joining to its end.
#[derive(Debug)]
pub struct CallPage {
    /// What could not be joined is not there.
    call: Option<Call>,
    view: CallView,
    list: NodeRef,
    /// How many tiles were drawn last, and what keeps them in size.
    tiles: (usize, Option<Resizes>),
    /// One for all drawings: a new one would draw each tile anew.
    on_held: Callback<bool>,
    _shortcuts: Shortcuts,
    _title: Title,
}

impl Component for CallPage {
    type Message = CallMessage;
    type Properties = CallPageProps;

    fn create(context: &Context<Self>) -> Self {
        let entry = &context.props().entry;
        let joined = Call::join(entry, context.link().callback(|message| message));
        let first = match &joined {
            Ok(call) => CallAction::Seen(call.snapshot()),
            Err(error) => CallAction::Refused(error.help()),
        };
        Self {
            call: joined.ok(),
            view: CallView::default().after(first),
            list: NodeRef::default(),
            tiles: (0, None),
            on_held: context.link().callback(CallMessage::Held),
            _shortcuts: Shortcuts::listen(context.link().callback(CallMessage::Toggle)),
            _title: Title::of(entry.room.as_str()),
        }
    }

    fn update(&mut self, _: &Context<Self>, message: CallMessage) -> bool {
        let action = self.call.as_ref().and_then(|call| call.take(message));
        let Some(action) = action else { return false };
        self.view = std::mem::take(&mut self.view).after(action);
        true
    }

    fn rendered(&mut self, _: &Context<Self>, first: bool) {
        let (before, count) = (self.tiles.0, self.view.tiles());
        if before != count {
            let list = self.list.cast();
            self.tiles = (count, list.and_then(|list| Resizes::observe(list, count)));
        }
        match count {
            0 if first || before > 0 => browser::focus("rejoin"),
            _ if first => browser::focus("call"),
            _ => {}
        }
    }

    fn view(&self, context: &Context<Self>) -> Html {
        let link = context.link();
        let CallPageProps {
            entry: Entry { room, name },
            on_end,
        } = context.props();
        let view = &self.view;
        let invitation = browser::invitation(room);
        let (alerts, page) = match &view.course {
            Course::Going(snapshot) => {
                let on_dismiss = link.callback(CallMessage::Dismiss);
                let on_toggle = link.callback(CallMessage::Toggle);
                let on_leave = link.callback(|()| CallMessage::Leave);
                let page = html! {
                    <>
                        { standing(snapshot, &invitation) }
                        { tiles(snapshot, name.as_str(), self.call.as_ref(), &self.list, &self.on_held) }
                        { controls(view, on_toggle, on_leave) }
                    </>
                };
                let alerts = html! {
                    <>
                        if view.is_held() {
                            // Any click and any key will do; this one can be found.
                            <button id="hear" class="button button-primary" type="button">
                                { "Tap to hear the others" }
                            </button>
                        }
                        { notices(&view.notices, &on_dismiss) }
                    </>
                };
                (alerts, page)
            }
            Course::Over { sentence, failed } => {
                let why = html! { <p id="ending" class="ending">{ *sentence }</p> };
                let ways = farewell(on_end);
                if *failed {
                    (why, ways)
                } else {
                    (Html::default(), html! { <>{ why }{ ways }</> })
                }
            }
        };
        html! {
            <main id="call" class="call" tabindex="-1" data-call-state={view.state()}>
                <header class="call-header">
                    <h1>{ room.as_str() }</h1>
                    <CopyLink link={invitation} />
                </header>
                // Here from the start: what is put in is read out.
                <div class="alerts" role="alert">{ alerts }</div>
                <div class="news" role="status">
                    <p key={view.news.serial} class="toast">{ &view.news.text }</p>
                </div>
                { page }
            </main>
        }
    }
}
