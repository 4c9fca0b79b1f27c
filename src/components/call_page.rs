use yew::{Callback, Component, Context, Html, NodeRef, Properties, html};

use super::{CopyLink, call_ended, connection_status, controls, tiles, toasts};
use crate::browser;
use crate::call::{Call, CallMessage};
use crate::guards::{Resizes, Shortcuts, Title};
use crate::state::{CallAction, CallPhase, CallView, JoinOptions};

/// What a [`CallPage`] takes.
#[derive(PartialEq, Properties)]
pub struct CallPageProps {
    /// The room and the display name.
    pub entry: JoinOptions,
    /// Called when the person leaves the page of an ended call, with whether to join again.
    pub on_end: Callback<bool>,
}

/// The page of a call, from joining to its end.
#[derive(Debug)]
pub struct CallPage {
    /// `None` if the call could not be started.
    call: Option<Call>,
    view: CallView,
    list: NodeRef,
    /// The number of tiles drawn last, and the guard that keeps their size.
    tiles: (usize, Option<Resizes>),
    /// Kept, since a new callback would redraw each tile.
    on_autoplay_blocked: Callback<bool>,
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
            Ok(call) => CallAction::SnapshotChanged(call.snapshot()),
            Err(error) => CallAction::JoinFailed(error.help()),
        };
        Self {
            call: joined.ok(),
            view: CallView::default().after(first),
            list: NodeRef::default(),
            tiles: (0, None),
            on_autoplay_blocked: context.link().callback(CallMessage::AutoplayBlocked),
            _shortcuts: Shortcuts::listen(context.link().callback(CallMessage::Toggle)),
            _title: Title::of(entry.room.as_str()),
        }
    }

    fn update(&mut self, _: &Context<Self>, message: CallMessage) -> bool {
        let action = self.call.as_ref().and_then(|call| call.handle(message));
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
            entry: JoinOptions { room, name },
            on_end,
        } = context.props();
        let view = &self.view;
        let room_link = browser::room_link(room);
        let (alerts, page) = match &view.phase {
            CallPhase::Active(snapshot) => {
                let on_dismiss = link.callback(CallMessage::Dismiss);
                let on_toggle = link.callback(CallMessage::Toggle);
                let on_leave = link.callback(|()| CallMessage::Leave);
                let page = html! {
                    <>
                        { connection_status(snapshot, &room_link) }
                        { tiles(snapshot, name.as_str(), self.call.as_ref(), &self.list, &self.on_autoplay_blocked) }
                        { controls(view, on_toggle, on_leave) }
                    </>
                };
                let alerts = html! {
                    <>
                        if view.is_autoplay_blocked() {
                            // Any click or key press starts the sound; the button makes that visible.
                            <button id="hear" class="button button-primary" type="button">
                                { "Tap to hear the others" }
                            </button>
                        }
                        { toasts(&view.toasts, &on_dismiss) }
                    </>
                };
                (alerts, page)
            }
            CallPhase::Ended { sentence, failed } => {
                let reason = html! { <p id="ending" class="ending">{ *sentence }</p> };
                let buttons = call_ended(on_end);
                if *failed {
                    (reason, buttons)
                } else {
                    (Html::default(), html! { <>{ reason }{ buttons }</> })
                }
            }
        };
        html! {
            <main id="call" class="call" tabindex="-1" data-call-state={view.state()}>
                <header class="call-header">
                    <h1>{ room.as_str() }</h1>
                    <CopyLink link={room_link} />
                </header>
                // Present from the start: screen readers announce what is added to a live region.
                <div class="alerts" role="alert">{ alerts }</div>
                <div class="announcements" role="status">
                    <p key={view.announcement.serial} class="announcement">{ &view.announcement.text }</p>
                </div>
                { page }
            </main>
        }
    }
}
