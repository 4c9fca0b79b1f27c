use yew::{Callback, Html, html};

use super::{Icon, icon};

/// A button with a pressed state.
#[derive(Clone, Debug)]
pub struct ToggleButton {
    /// The button's id.
    pub id: &'static str,
    /// What the pressed state means; it does not change with the state.
    pub label: &'static str,
    /// The visible text, which is part of the label.
    pub text: &'static str,
    /// The keyboard shortcut.
    pub shortcut: &'static str,
    /// The icon.
    pub icon: Icon,
    /// Whether it is pressed.
    pub is_pressed: bool,
    /// Why the device is missing, if it is; pressing the button retries.
    pub unavailable: Option<&'static str>,
}

/// Draws a toggle button; calls back when it is pressed.
pub fn toggle_button(button: ToggleButton, on_toggle: Callback<()>) -> Html {
    let ToggleButton {
        id,
        label,
        text,
        shortcut,
        icon: kind,
        is_pressed,
        unavailable,
    } = button;
    html! {
        <button
            {id}
            class="button control"
            data-missing={unavailable.map(|_| "")}
            type="button"
            aria-label={label}
            aria-pressed={if is_pressed { "true" } else { "false" }}
            aria-keyshortcuts={shortcut}
            title={unavailable.unwrap_or(label)}
            onclick={on_toggle.reform(|_| ())}
        >
            { icon(kind) }
            <span>{ text }</span>
        </button>
    }
}
