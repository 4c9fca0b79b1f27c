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
    /// Why there is nothing to press off, if there is not; it may be worth a try.
    pub obstacle: Option<&'static str>,
}

/// Draws a toggle button, and calls back when it is pressed.
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
    html! {
        <button
            {id}
            class="button control"
            data-missing={obstacle.map(|_| "")}
            type="button"
            aria-label={label}
            aria-pressed={if is_pressed { "true" } else { "false" }}
            aria-keyshortcuts={shortcut}
            title={obstacle.unwrap_or(label)}
            onclick={on_toggle.reform(|_| ())}
        >
            { icon(sign) }
            <span>{ text }</span>
        </button>
    }
}
