use yew::{Callback, Html, html};

use super::{Sign, icon};

/// A button that stays pressed until it is pressed again.
#[derive(Clone, Debug)]
pub struct ToggleButton {
    /// The button's id.
    pub id: &'static str,
    /// What pressing it does; stays the same when it is pressed.
    pub label: &'static str,
    /// The words on it, which are part of the label.
    pub text: &'static str,
    /// The letter that presses it.
    pub shortcut: &'static str,
    /// What it shows.
    pub sign: Sign,
    /// Whether it is pressed.
    pub is_pressed: bool,
    /// Why it can't be pressed, if it can't.
    pub obstacle: Option<&'static str>,
}

/// Draws a toggle button, and calls back when it is pressed and can be.
///
/// One that can't be pressed stays within reach of the keyboard, to tell why.
pub fn toggle_button(button: ToggleButton, on_toggle: Callback<()>) -> Html {
    let ToggleButton {
        id,
        label,
        text,
        shortcut,
        sign,
        is_pressed,
        obstacle,
    } = button;
    let can_toggle = obstacle.is_none();
    let on_click = Callback::from(move |_| {
        if can_toggle {
            on_toggle.emit(());
        }
    });
    let word = |yes: bool| if yes { "true" } else { "false" };
    html! {
        <button
            {id}
            class="button control"
            type="button"
            aria-label={label}
            aria-pressed={word(is_pressed)}
            aria-disabled={word(!can_toggle)}
            aria-keyshortcuts={shortcut}
            title={obstacle.unwrap_or(label)}
            onclick={on_click}
        >
            { icon(sign) }
            <span>{ text }</span>
        </button>
    }
}
