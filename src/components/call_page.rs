use videocalls_client::{CallState, Snapshot, TrackKind};
use yew::{
    AttrValue, Callback, ContextProvider, Html, Properties, component, html, use_effect_with,
};

use super::{Controls, CopyLink, Farewell, Notices, Tiles};
use crate::browser;
use crate::hooks::{CallHandle, use_call, use_shortcuts, use_title};
use crate::state::{CallView, Course, Entry};

/// What a [`CallPage`] takes.
#[derive(PartialEq, Properties)]
pub struct CallPageProps {
    /// The room, and the name to join it with.
    pub entry: Entry,
    /// Called to go back to the lobby.
    pub on_back: Callback<()>,
    /// Called to go into the same room again.
    pub on_rejoin: Callback<()>,
}

/// A call, from joining to its end.
#[component]
pub fn CallPage(props: &CallPageProps) -> Html {
    let Entry { room, name } = &props.entry;
    let (call, view) = use_call(&props.entry);
    use_shortcuts(&call);
    use_title([room.as_str(), " – videocalls"].concat());
    use_effect_with((), |()| browser::focus("call"));
    let link = AttrValue::from(browser::invitation(room));
    html! {
        <ContextProvider<CallHandle> context={call}>
            <main id="call" class="call" tabindex="-1" data-call-state={view.state()}>
                <header class="call-header">
                    <h1>{ room.as_str() }</h1>
                    if matches!(view.course, Course::Going(_)) {
                        <CopyLink link={&link} />
                    }
                </header>
                // Here from the start: what is put in is read out.
                <div class="alerts" role="alert">{ alerts(&view) }</div>
                <div class="news" role="status">
                    <p key={view.news.serial} class="toast">{ &view.news.text }</p>
                </div>
                {
                    match &view.course {
                        Course::Going(snapshot) => going(&view, snapshot, name.as_str(), link),
                        Course::Over { sentence, failed } => html! {
                            <div class="over">
                                if !failed {
                                    <p id="ending" class="ending">{ *sentence }</p>
                                }
                                <Farewell
                                    on_rejoin={&props.on_rejoin}
                                    on_back={&props.on_back}
                                />
                            </div>
                        },
                    }
                }
            </main>
        </ContextProvider<CallHandle>>
    }
}

fn alerts(view: &CallView) -> Html {
    match view.course {
        Course::Going(_) => html! { <Notices notices={view.notices.clone()} /> },
        Course::Over {
            sentence,
            failed: true,
        } => html! {
            <p id="ending" class="ending">{ sentence }</p>
        },
        Course::Over { .. } => Html::default(),
    }
}

fn going(view: &CallView, snapshot: &Snapshot, name: &str, link: AttrValue) -> Html {
    let is_alone = snapshot.state == CallState::Connected && snapshot.participants.is_empty();
    html! {
        <>
            if let Some(banner) = banner(snapshot.state) {
                <p class="banner">{ banner }</p>
            }
            if is_alone {
                <section class="alone" aria-label="Invitation">
                    <p>{ "You are the only one here. Send this link to whom you want to meet:" }</p>
                    <p class="link-text">{ link }</p>
                </section>
            }
            <Tiles snapshot={snapshot.clone()} name={AttrValue::from(name.to_owned())} />
            <Controls
                microphone={snapshot.microphone}
                camera={snapshot.camera}
                is_muted={view.is_off(TrackKind::Audio)}
                is_hidden={view.is_off(TrackKind::Video)}
            />
        </>
    }
}

fn banner(state: CallState) -> Option<&'static str> {
    match state {
        CallState::Connecting => Some("Connecting…"),
        CallState::Reconnecting => Some("The connection is lost. Trying to get back…"),
        _ => None,
    }
}
