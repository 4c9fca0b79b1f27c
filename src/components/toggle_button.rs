use yew::{AttrValue, Callback, Html, MouseEvent, Properties, component, html};

use super::{Icon, Sign};

/// What a [`ToggleButton`] takes.
#[derive(PartialEq, Properties)]
pub struct ToggleButtonProps {
    /// The button's id.
    pub id: AttrValue,
    /// What pressing it does; stays the same when it is pressed.
    pub label: AttrValue,
    /// The words on it, which are part of the label.
    pub text: AttrValue,
    /// The letter that presses it.
    pub shortcut: AttrValue,
    /// What it shows.
    pub sign: Sign,
    /// Whether it is pressed.
    pub is_pressed: bool,
    /// Why it can't be pressed, if it can't.
    #[prop_or_default]
    pub obstacle: Option<&'static str>,
    /// Called when it is pressed and can be.
    pub on_toggle: Callback<()>,
}

/// A button that stays pressed until it is pressed again.
///
/// One that can't be pressed stays within reach of the keyboard, to tell why.
#[component]
pub fn ToggleButton(props: &ToggleButtonProps) -> Html {
    let can_toggle = props.obstacle.is_none();
    let on_toggle = props.on_toggle.clone();
    let on_click = move |_: MouseEvent| {
        if can_toggle {
            on_toggle.emit(());
        }
    };
    let word = |yes: bool| if yes { "true" } else { "false" };
    html! {
        <button
            id={props.id.clone()}
            class="button control"
            type="button"
            aria-label={props.label.clone()}
            aria-pressed={word(props.is_pressed)}
            aria-disabled={word(!can_toggle)}
            aria-keyshortcuts={props.shortcut.clone()}
            title={props.obstacle.map_or_else(|| props.label.clone(), AttrValue::Static)}
            onclick={on_click}
        >
            <Icon sign={props.sign} />
            <span>{ &props.text }</span>
        </button>
    }
}
